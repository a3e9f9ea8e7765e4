// PUBLISH to many subscribers: a publisher sends a batch, and the next one when it has its replies
// and every subscriber has every message of it. So what is measured is delivery, and nothing piles
// up. Subscribers and publisher are connections of this process.

import { connect, type Socket } from 'node:net';
import { BenchmarkError, type LoadResult } from 'redis-benchmark-wrapper';

const CHANNEL = 'news';

export interface FanOut {
  readonly port: number;
  readonly subscribers: number;
  readonly pipeline: number;
  readonly valueBytes: number;
  /** Messages in all, rounded up to whole batches. */
  readonly messages: number;
}

/** Runs the load; an operation is one PUBLISH, a latency that of a batch until all have it. */
export async function runFanOut(load: FanOut, limitMs: number): Promise<LoadResult> {
  const sockets: Socket[] = [];
  let onData: (bytes: number) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const timer = setTimeout(
    () => fail(new BenchmarkError('TIMEOUT', `a fan-out took longer than ${limitMs} ms`)),
    limitMs,
  );
  const open = async (): Promise<Socket> => {
    const socket = connect(load.port, '127.0.0.1');
    sockets.push(socket);
    socket.setNoDelay(true);
    socket.on('error', (error) => fail(new BenchmarkError('CONNECTION', error.message)));
    socket.on('close', () => fail(new BenchmarkError('CONNECTION', 'the server hung up')));
    socket.on('data', (chunk: Buffer) => onData(chunk.length));
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return socket;
  };
  /** Resolves when so many bytes have come to all connections together. */
  const came = (bytes: number): Promise<void> =>
    Promise.race([
      failed,
      new Promise<void>((resolve) => {
        let left = bytes;
        onData = (length) => {
          left -= length;
          if (left === 0) resolve();
        };
      }),
    ]);
  try {
    const confirmation = `*3\r\n$9\r\nsubscribe\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n:1\r\n`;
    for (let i = 0; i < load.subscribers; i++) {
      const subscriber = await Promise.race([failed, open()]);
      const confirmed = came(confirmation.length);
      subscriber.write(`SUBSCRIBE ${CHANNEL}\r\n`);
      await confirmed;
    }
    const publisher = await Promise.race([failed, open()]);
    return await publish(load, publisher, came);
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
  }
}

async function publish(
  { messages, pipeline, valueBytes, subscribers }: FanOut,
  publisher: Socket,
  came: (bytes: number) => Promise<void>,
): Promise<LoadResult> {
  const value = `$${valueBytes}\r\n${'x'.repeat(valueBytes)}\r\n`;
  const channel = `$${CHANNEL.length}\r\n${CHANNEL}\r\n`;
  const batch = `*3\r\n$7\r\nPUBLISH\r\n${channel}${value}`.repeat(pipeline);
  const messageBytes = `*3\r\n$7\r\nmessage\r\n${channel}${value}`.length;
  const replyBytes = `:${subscribers}\r\n`.length;
  const tookMs: number[] = [];
  const batches = Math.ceil(messages / pipeline);
  const startedAtMs = performance.now();
  for (let i = 0; i < batches; i++) {
    const sentAtMs = performance.now();
    const done = came(pipeline * (messageBytes * subscribers + replyBytes));
    publisher.write(batch);
    await done;
    tookMs.push(performance.now() - sentAtMs);
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  tookMs.sort((a, b) => a - b);
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  const at = (share: number): number => rounded(tookMs[Math.ceil(tookMs.length * share) - 1] ?? 0);
  return {
    opsPerSecond: (batches * pipeline) / seconds,
    operations: batches * pipeline,
    avgMs: rounded(tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length),
    ...{ p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) },
  };
}
