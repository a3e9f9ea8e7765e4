// Transactions of four commands, several on their way per connection: on small values, which a
// server may execute where they arrive, or on large ones, which may lie on several of its threads.
// All replies to a transaction have the same length whatever it did, so bytes are counted. The
// connections are those of this process.

import { connect, type Socket } from 'node:net';
import { BenchmarkError, type LoadResult } from 'redis-benchmark-wrapper';

const KEYS = 1000;
const LARGE_KEYS = 64;
/** More than ForgeKV keeps in its hot table. */
const LARGE_BYTES = 20_000;
/** Batches that are made once, and sent in turn. */
const BATCHES = 64;
const OK = '+OK\r\n';
const QUEUED = '+QUEUED\r\n';

export interface TransactionLoad {
  readonly port: number;
  readonly connections: number;
  /** Transactions a connection has on their way. */
  readonly pipeline: number;
  readonly valueBytes: number;
  readonly isLarge: boolean;
  /** In all, rounded up to whole batches. */
  readonly transactions: number;
}

/** Runs the load; an operation is one transaction, a latency that of a batch. */
export async function runTransactions(load: TransactionLoad, limitMs: number): Promise<LoadResult> {
  const sockets: Socket[] = [];
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const timer = setTimeout(
    () => fail(new BenchmarkError('TIMEOUT', `transactions took longer than ${limitMs} ms`)),
    limitMs,
  );
  const open = (): Client => {
    const socket = connect(load.port, '127.0.0.1');
    sockets.push(socket);
    return new Client(socket, fail);
  };
  try {
    const clients = Array.from({ length: load.connections }, open);
    const [first] = clients;
    const fill = fillCommands(load);
    await Promise.race([failed, first!.exchange(fill.join(''), OK.length * fill.length)]);
    return await Promise.race([failed, runAll(load, clients)]);
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
  }
}

async function runAll(load: TransactionLoad, clients: readonly Client[]): Promise<LoadResult> {
  const { pipeline, transactions, connections } = load;
  const perClient = Math.ceil(transactions / pipeline / connections);
  const batches = Array.from({ length: BATCHES }, (_, i) => batch(load, i * pipeline));
  const replyBytes = pipeline * bytesOfReplies(load);
  const tookMs: number[] = [];
  const startedAtMs = performance.now();
  await Promise.all(
    clients.map(async (client, i) => {
      for (let n = 0; n < perClient; n++) {
        const sentAtMs = performance.now();
        await client.exchange(batches[(i * 7 + n) % BATCHES]!, replyBytes);
        tookMs.push(performance.now() - sentAtMs);
      }
    }),
  );
  const seconds = (performance.now() - startedAtMs) / 1000;
  tookMs.sort((a, b) => a - b);
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  const at = (share: number): number => rounded(tookMs[Math.ceil(tookMs.length * share) - 1] ?? 0);
  const operations = tookMs.length * pipeline;
  return {
    opsPerSecond: operations / seconds,
    operations,
    avgMs: rounded(tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length),
    ...{ p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) },
  };
}

class Client {
  readonly #socket: Socket;
  #left = 0;
  #done: () => void = () => {};

  constructor(socket: Socket, fail: (error: Error) => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (error) => fail(new BenchmarkError('CONNECTION', error.message)));
    socket.on('close', () => fail(new BenchmarkError('CONNECTION', 'the server hung up')));
    socket.on('data', (chunk: Buffer) => {
      this.#left -= chunk.length;
      if (this.#left === 0) this.#done();
      if (this.#left < 0) fail(new BenchmarkError('CONNECTION', 'replies of another length'));
    });
  }

  exchange(request: string, replyBytes: number): Promise<void> {
    this.#left += replyBytes;
    this.#socket.write(request);
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }
}

function fillCommands({ isLarge, valueBytes }: TransactionLoad): string[] {
  const value = 'x'.repeat(isLarge ? LARGE_BYTES : valueBytes);
  const count = isLarge ? LARGE_KEYS : KEYS;
  return Array.from({ length: count }, (_, i) => encode('SET', keyOf(isLarge, i), value));
}

/** Transactions on keys that are spread over the keyspace. */
function batch(load: TransactionLoad, first: number): string {
  const { isLarge, valueBytes, pipeline } = load;
  const value = 'y'.repeat(valueBytes);
  let text = '';
  for (let i = first; i < first + pipeline; i++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => keyOf(isLarge, (i * 37 + k * 13) % KEYS));
    text += encode('MULTI');
    text += isLarge ? encode('SETRANGE', a!, '0', value) : encode('SET', a!, value);
    text += isLarge ? encode('GETRANGE', b!, '0', String(valueBytes - 1)) : encode('GET', b!);
    text += isLarge ? encode('SETRANGE', c!, '0', value) : encode('SET', c!, value);
    text += isLarge ? encode('GETRANGE', d!, '0', String(valueBytes - 1)) : encode('GET', d!);
    text += encode('EXEC');
  }
  return text;
}

function bytesOfReplies({ isLarge, valueBytes }: TransactionLoad): number {
  const written = isLarge ? `:${LARGE_BYTES}\r\n` : OK;
  const read = `$${valueBytes}\r\n${'x'.repeat(valueBytes)}\r\n`;
  return `${OK}${QUEUED.repeat(4)}*4\r\n${written}${read}${written}${read}`.length;
}

function keyOf(isLarge: boolean, index: number): string {
  return isLarge ? `multi:large:${index % LARGE_KEYS}` : `multi:${index}`;
}

function encode(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
