// XREADGROUP+XACK: each connection has a stream and a group of its own, and in one write adds some
// entries, reads them as a consumer of the group, and acknowledges them. Ids are given, so every
// reply is as long as is known before. All are connections of this process.

import { connect, type Socket } from 'node:net';
import { BenchmarkError, type LoadResult } from 'redis-benchmark-wrapper';

/** Entries that a stream keeps. */
const KEPT = 1000;
const FIRST_ID = 100_000_000;

export interface StreamLoad {
  readonly port: number;
  readonly connections: number;
  /** Entries that are added, read and acknowledged at once. */
  readonly pipeline: number;
  readonly valueBytes: number;
  /** In all. */
  readonly entries: number;
}

/** Runs the load; an operation is an entry that was added, read and acknowledged. */
export async function runStreams(load: StreamLoad, limitMs: number): Promise<LoadResult> {
  const sockets: Socket[] = [];
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const late = () => fail(new BenchmarkError('TIMEOUT', `it took longer than ${limitMs} ms`));
  const timer = setTimeout(late, limitMs);
  try {
    const tookMs: number[] = [];
    const rounds = Math.ceil(load.entries / load.connections / load.pipeline);
    const clients = await Promise.all(
      Array.from({ length: load.connections }, async (_, i) => {
        const socket = connect(load.port, '127.0.0.1');
        sockets.push(socket);
        socket.setNoDelay(true);
        socket.on('error', (error) => fail(new BenchmarkError('CONNECTION', error.message)));
        await Promise.race([failed, new Promise<void>((done) => socket.once('connect', done))]);
        return new Client(socket, `bench:stream:${i}`, load);
      }),
    );
    await Promise.race([failed, Promise.all(clients.map((client) => client.begin()))]);
    const startedAtMs = performance.now();
    await Promise.race([failed, Promise.all(clients.map((c) => c.run(rounds, tookMs)))]);
    const seconds = (performance.now() - startedAtMs) / 1000;
    return summary(tookMs, rounds * load.connections * load.pipeline, seconds);
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
  }
}

class Client {
  readonly #socket: Socket;
  readonly #key: string;
  readonly #load: StreamLoad;
  #left = 0;
  #came: () => void = () => {};
  #next = FIRST_ID;

  constructor(socket: Socket, key: string, load: StreamLoad) {
    this.#socket = socket;
    this.#key = key;
    this.#load = load;
    socket.on('data', (chunk) => {
      this.#left -= chunk.length;
      if (this.#left <= 0) this.#came();
    });
  }

  /** Resolves when the replies have come, in so many bytes. */
  #say(commands: string, replyBytes: number): Promise<void> {
    this.#left = replyBytes;
    return new Promise((resolve) => {
      this.#came = resolve;
      this.#socket.write(commands);
    });
  }

  async begin(): Promise<void> {
    const key = this.#key;
    await this.#say(command(['DEL', key]), ':0\r\n'.length);
    await this.#say(command(['XGROUP', 'CREATE', key, 'g', '0', 'MKSTREAM']), '+OK\r\n'.length);
  }

  async run(rounds: number, tookMs: number[]): Promise<void> {
    const key = this.#key;
    const { pipeline, valueBytes } = this.#load;
    const value = 'x'.repeat(valueBytes);
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: pipeline }, () => `${this.#next++}-1`);
      const add = ids.map((id) => command(['XADD', key, 'MAXLEN', '~', `${KEPT}`, id, 'f', value]));
      const read = ['XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', `${pipeline}`, 'STREAMS', key, '>'];
      const said = [...add, command(read), command(['XACK', key, 'g', ...ids])].join('');
      const sentAtMs = performance.now();
      await this.#say(said, this.#replyBytes(ids, value));
      tookMs.push(performance.now() - sentAtMs);
    }
  }

  #replyBytes(ids: readonly string[], value: string): number {
    const added = ids.reduce((sum, id) => sum + bulk(id).length, 0);
    const entries = ids.map((id) => `*2\r\n${bulk(id)}*2\r\n${bulk('f')}${bulk(value)}`).join('');
    const head = `*1\r\n*2\r\n${bulk(this.#key)}*${ids.length}\r\n`;
    return added + head.length + entries.length + `:${ids.length}\r\n`.length;
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function command(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map(bulk).join('')}`;
}

function summary(tookMs: number[], operations: number, seconds: number): LoadResult {
  tookMs.sort((a, b) => a - b);
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  const at = (share: number): number => rounded(tookMs[Math.ceil(tookMs.length * share) - 1] ?? 0);
  return {
    ...{ opsPerSecond: operations / seconds, operations },
    avgMs: rounded(tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length),
    ...{ p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) },
  };
}
