// Data larger than the hot table: how fast it is loaded, read cold and hot, what flushing costs
// others, what the disk is asked to write, how much memory all of it takes, and how long a start
// takes. ForgeKV alone: Redis keeps all of it in memory.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  formatFigure,
  type LoadResult,
  markdownTable,
  runRedisBenchmark,
  waitUntilIdle,
} from 'redis-benchmark-wrapper';
import { ask } from '../resp-probe.ts';
import { type RunningServer, type ServerSpec, startServer } from '../servers.ts';
import { MemoryWatch } from './process-memory.ts';
import { rawReadsPerSecond } from './raw-reads.ts';
import { RecordLoader } from './record-loader.ts';
import { countByScan } from './scan-walk.ts';

const READ_TIMEOUT_MS = 120_000;
const SETTLE_MS = 60_000;
const HOT_KEYS = 1_000;
const SCAN_COUNT = 1_000;
const OVERWRITE_MS = 10_000;
/** Sets whose latency is measured go to keys of their own, few and small. */
const PROBE = { test: 'set', valueBytes: 64, keyspace: 1_000, clients: 4, pipeline: 1 } as const;

export interface StorageOptions {
  readonly records: number;
  readonly valueBytes: number;
  /** Commands of each measured load. */
  readonly requests: number;
}

export interface Figure {
  readonly what: string;
  readonly value: string;
}

/**
 * Runs all of it; the server is stopped whatever happens.
 * @param spec with a hot table much smaller than the records
 */
export async function benchStorage(
  spec: ServerSpec,
  options: StorageOptions,
  directory: string,
  say: (line: string) => void,
): Promise<Figure[]> {
  const bench = new StorageBench(spec, options, directory, say);
  try {
    await bench.run();
  } finally {
    await bench.end();
  }
  return bench.figures;
}

/** The figures as a table. */
export function storageToMarkdown(figures: readonly Figure[]): string {
  return markdownTable(
    ['what', 'value:'],
    figures.map(({ what, value }) => [what, value]),
  );
}

class StorageBench {
  readonly figures: Figure[] = [];
  readonly #spec: ServerSpec;
  readonly #options: StorageOptions;
  readonly #directory: string;
  readonly #say: (line: string) => void;
  #server: RunningServer | null = null;
  readonly #memory = new MemoryWatch(() => this.#server?.pid ?? null);

  constructor(
    spec: ServerSpec,
    options: StorageOptions,
    directory: string,
    say: (line: string) => void,
  ) {
    this.#spec = spec;
    this.#options = options;
    this.#directory = directory;
    this.#say = say;
  }

  async run(): Promise<void> {
    await this.#start();
    const idle = await this.#probeSets();
    await this.#load();
    this.#noteMemory('the load');
    const cold = await this.#read(this.#options.records);
    await this.#read(HOT_KEYS); // brings them back
    const hot = await this.#read(HOT_KEYS);
    this.#noteMemory('random reads');
    await this.#scan();
    this.#noteMemory('a SCAN of everything');
    await this.#loadFor(OVERWRITE_MS);
    this.#noteMemory('overwrites');
    const busy = await this.#whileLoading();
    this.#note('GET of cold values, ops/s', cold.opsPerSecond, 0);
    this.#note('GET of hot values, ops/s', hot.opsPerSecond, 0);
    this.#note('GET of hot values while values are loaded and flushed, ops/s', busy.hot, 0);
    this.#note('SET p99 of an idle server, ms', idle.p99Ms, 3);
    this.#note('SET p99 while values are loaded, flushed and compacted, ms', busy.setP99Ms, 3);
    await waitUntilIdle(this.#pid, { maxMs: SETTLE_MS });
    await this.stop();
    const raw = await rawReadsPerSecond(join(this.#directory, this.#spec.name));
    this.#note('getSync of the engine alone, one thread, ops/s', raw, 0);
    this.#note('cold GETs as a part of that', cold.opsPerSecond / raw, 2);
    this.#note('start behind a clean stop, to the first value, ms', await this.#startTime(), 0);
    this.#noteMemory('the start');
    await this.#loadFor(3_000);
    process.kill(this.#pid, 'SIGKILL');
    await this.stop();
    this.#note(
      'start behind kill -9 under load, to the first value, ms',
      await this.#startTime(),
      0,
    );
  }

  end(): Promise<void> {
    this.#memory.stop();
    return this.stop();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }

  get #port(): number {
    return this.#server!.port;
  }

  get #pid(): number {
    return this.#server!.pid;
  }

  #note(what: string, value: number, digits: number): void {
    const figure = { what, value: formatFigure(value, digits) };
    this.figures.push(figure);
    this.#say(`${figure.what}: ${figure.value}`);
  }

  /** The most there was since the last such note. */
  #noteMemory(during: string): void {
    const peak = this.#memory.take();
    if (peak === null) return;
    const { residentMib, anonymousMib, mappedMib } = peak;
    this.#note(`most resident memory during ${during}, MiB`, residentMib, 0);
    this.#note('- of it anonymous, MiB', anonymousMib, 0);
    this.#note('- of it mapped files, MiB', mappedMib, 0);
  }

  async #scan(): Promise<void> {
    const startedAtMs = performance.now();
    const keys = await countByScan(this.#port, SCAN_COUNT);
    const seconds = (performance.now() - startedAtMs) / 1000;
    this.#note(`SCAN of everything, COUNT ${SCAN_COUNT}, keys/s`, keys / seconds, 0);
  }

  async #start(): Promise<void> {
    this.#server = await startServer(this.#spec, this.#directory);
  }

  /** Milliseconds from spawning to a value. */
  async #startTime(): Promise<number> {
    const startedAtMs = performance.now();
    await this.#start();
    await ask(this.#port, `GET key:${String(this.#options.records >> 1).padStart(12, '0')}`);
    return performance.now() - startedAtMs;
  }

  async #load(): Promise<void> {
    const { records, valueBytes } = this.#options;
    const before = writtenBytes(this.#pid);
    const { seconds } = await new RecordLoader(this.#port, records, valueBytes).load();
    this.#note(`${records} values of ${valueBytes} bytes loaded, records/s`, records / seconds, 0);
    await waitUntilIdle(this.#pid, { maxMs: SETTLE_MS });
    const written = writtenBytes(this.#pid) - before;
    this.#note('bytes written to disk per byte of values', written / (records * valueBytes), 2);
  }

  /** Loads over and over for a while. */
  #loadFor(forMs: number): Promise<unknown> {
    const untilMs = performance.now() + forMs;
    const { records, valueBytes } = this.#options;
    const loader = new RecordLoader(this.#port, records, valueBytes);
    return loader.load(() => performance.now() > untilMs);
  }

  async #whileLoading(): Promise<{ readonly hot: number; readonly setP99Ms: number }> {
    const { records, valueBytes } = this.#options;
    let isOver = false;
    const load = new RecordLoader(this.#port, records, valueBytes).load(() => isOver);
    try {
      const sets = await this.#probeSets();
      const hot = await this.#read(HOT_KEYS);
      return { hot: hot.opsPerSecond, setP99Ms: sets.p99Ms };
    } finally {
      isOver = true;
      await load;
    }
  }

  #probeSets(): Promise<LoadResult> {
    const { test, ...shape } = PROBE;
    const requests = Math.ceil(this.#options.requests / 4);
    const endpoint = { port: this.#port };
    return runRedisBenchmark({ work: { test }, endpoint, ...shape, requests }, READ_TIMEOUT_MS);
  }

  #read(keyspace: number): Promise<LoadResult> {
    const { requests, valueBytes } = this.#options;
    const endpoint = { port: this.#port };
    const shape = { processes: 2, clients: 20, pipeline: 16, valueBytes, keyspace };
    return runRedisBenchmark(
      { work: { test: 'get' }, endpoint, ...shape, requests },
      READ_TIMEOUT_MS,
    );
  }
}

/** What a process has had written to disk so far, in bytes. */
function writtenBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/io`, 'latin1');
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1]);
}
