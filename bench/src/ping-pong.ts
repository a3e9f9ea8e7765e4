// BLPOP ping-pong: one client waits on a list, another pushes to it, and the next one is pushed
// when the first has it and waits again. So what is measured is how long it takes to wake one up.
// Both are connections of this process.

import { connect, type Socket } from 'node:net';
import { BenchmarkError, type LoadResult } from 'redis-benchmark-wrapper';
import { bytesCome } from './bytes-come.ts';

const KEY = 'ping-pong';
const WAIT = Buffer.from(`*3\r\n$5\r\nBLPOP\r\n$${KEY.length}\r\n${KEY}\r\n$1\r\n0\r\n`);

export interface PingPong {
  readonly port: number;
  readonly valueBytes: number;
  readonly rounds: number;
}

/**
 * Runs the load; an operation is a BLPOP and the push that ends it, a latency is from the push
 * until the one that waits has the value.
 */
export async function runPingPong(load: PingPong, limitMs: number): Promise<LoadResult> {
  const sockets: Socket[] = [];
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const late = () => fail(new BenchmarkError('TIMEOUT', `it took longer than ${limitMs} ms`));
  const timer = setTimeout(late, limitMs);
  const open = async (): Promise<Socket> => {
    const socket = connect(load.port, '127.0.0.1');
    sockets.push(socket);
    socket.setNoDelay(true);
    socket.on('error', (error) => fail(new BenchmarkError('CONNECTION', error.message)));
    socket.on('close', () => fail(new BenchmarkError('CONNECTION', 'the server hung up')));
    await Promise.race([failed, new Promise<void>((done) => socket.once('connect', done))]);
    return socket;
  };
  try {
    return await play(load, await open(), await open(), failed);
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
  }
}

async function play(
  { rounds, valueBytes }: PingPong,
  waiting: Socket,
  pushing: Socket,
  failed: Promise<never>,
): Promise<LoadResult> {
  const value = `$${valueBytes}\r\n${'x'.repeat(valueBytes)}\r\n`;
  const push = Buffer.from(`*3\r\n$5\r\nRPUSH\r\n$${KEY.length}\r\n${KEY}\r\n${value}`);
  const replyBytes = `*2\r\n$${KEY.length}\r\n${KEY}\r\n${value}`.length;
  const pushReplyBytes = ':1\r\n'.length;
  /** Resolves when so many bytes have come. */
  const came = (socket: Socket, bytes: number): Promise<void> =>
    Promise.race([failed, bytesCome(socket, bytes)]);
  const tookMs: number[] = [];
  const startedAtMs = performance.now();
  for (let i = 0; i < rounds; i++) {
    const popped = came(waiting, replyBytes);
    waiting.write(WAIT);
    // Most of the time it waits by then; when not, the value is there for it.
    await new Promise<void>((resolve) => setImmediate(resolve));
    const pushed = came(pushing, pushReplyBytes);
    const sentAtMs = performance.now();
    pushing.write(push);
    await popped;
    tookMs.push(performance.now() - sentAtMs);
    await pushed;
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  tookMs.sort((a, b) => a - b);
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  const at = (share: number): number => rounded(tookMs[Math.ceil(tookMs.length * share) - 1] ?? 0);
  return {
    ...{ opsPerSecond: rounds / seconds, operations: rounds },
    avgMs: rounded(tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length),
    ...{ p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) },
  };
}
