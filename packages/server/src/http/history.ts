// The last quarter of an hour, a sample a second, so that the console shows it at once. Counters
// are read from shared memory: nobody is asked, nothing is locked. With two fronts and two workers
// that takes 0.03 % of a core.
//
// A ring of rows of numbers, made once. A row is, in this order: THREAD_FIELDS, each for all
// threads, then PROCESS_FIELDS. NaN is what the system does not tell, or what has not happened.

import { hotBytesUsed, RecentTimes, type StatField } from '@forgekv/commands';
import { dirtyEffects, type ServerView, threadNames } from './server-view.ts';
import { ThreadClock } from './thread-clock.ts';

export const SAMPLE_MS = 1000;
const SAMPLES = 900;

/** Per second commands and turns, share of a core, microseconds a command: mean, percentile. */
export const THREAD_FIELDS = ['commands', 'turns', 'busy', 'meanTime', 'slowTime'] as const;
/** Which percentile. */
const SLOW_PERCENT = 99;

/** Of the process. Names with `PerSecond` are counted since the sample before. */
export const PROCESS_FIELDS = [
  'mainBusy',
  /** Compaction, syncs, garbage collection: threads that are not ours. */
  'otherBusy',
  'hitsPerSecond',
  'missesPerSecond',
  'inputBytesPerSecond',
  'outputBytesPerSecond',
  'hopsPerSecond',
  'ringFullPerSecond',
  'lockMissesPerSecond',
  'walBytesPerSecond',
  'walSyncsPerSecond',
  'evictedPerSecond',
  'connections',
  'keys',
  'hotBytes',
  'largeBytes',
  'heapBytes',
  'residentBytes',
  'unsyncedBytes',
  'syncAgeMs',
  'unflushedChanges',
] as const;
export type ProcessField = (typeof PROCESS_FIELDS)[number];

const COUNTED: readonly (readonly [ProcessField, StatField])[] = [
  ['hitsPerSecond', 'hits'],
  ['missesPerSecond', 'misses'],
  ['inputBytesPerSecond', 'inputBytes'],
  ['outputBytesPerSecond', 'outputBytes'],
  ['hopsPerSecond', 'hops'],
  ['ringFullPerSecond', 'ringFull'],
  ['lockMissesPerSecond', 'lockMisses'],
  ['evictedPerSecond', 'evictedKeys'],
];

/** What the page gets; rows in order of time. */
export interface HistoryPart {
  /** Of the server: samples of another one are numbered anew. */
  readonly startedAtMs: number;
  readonly sampleMs: number;
  readonly samples: number;
  readonly threads: readonly string[];
  readonly threadFields: readonly string[];
  readonly processFields: readonly string[];
  /** Number of the last row, -1 = there is none. */
  readonly last: number;
  /** Unix milliseconds, then the numbers of a row; null is what is not known. */
  readonly rows: readonly (number | null)[][];
}

export class History {
  readonly #view: ServerView;
  readonly #threads: readonly string[];
  readonly #width: number;
  readonly #rows: Float64Array;
  readonly #times = new Float64Array(SAMPLES);
  /** Totals at the sample before: in the places of what is made of them. */
  readonly #before: Float64Array;
  #beforeMs = 0;
  #last = -1;
  readonly #recent: readonly RecentTimes[];
  #clocks: readonly ThreadClock[] = [];
  readonly #mainClock = new ThreadClock(process.pid);
  #timer: NodeJS.Timeout | undefined;

  constructor(view: ServerView) {
    this.#view = view;
    this.#threads = threadNames(view.facts);
    this.#width = this.#threads.length * THREAD_FIELDS.length + PROCESS_FIELDS.length;
    this.#recent = view.blocks.map((block) => new RecentTimes(block));
    this.#rows = new Float64Array(SAMPLES * this.#width);
    this.#before = new Float64Array(this.#width).fill(Number.NaN);
  }

  /** Begins to sample, when all threads run. */
  start(): void {
    const { stats } = this.#view;
    this.#clocks = this.#threads.map((_, i) => new ThreadClock(stats.ofThread(i, 'systemThread')));
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
    this.#timer.unref();
    this.sample();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes a sample; the first only says from where the next one counts. */
  sample(): void {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#beforeMs) / 1000;
    const isFirst = this.#beforeMs === 0;
    this.#beforeMs = nowMs;
    const index = (this.#last + 1) % SAMPLES;
    const row = this.#rows.subarray(index * this.#width, (index + 1) * this.#width);
    this.#threadsInto(row, seconds);
    this.#processInto(row, seconds);
    if (isFirst) return;
    this.#times[index] = Date.now();
    this.#last++;
  }

  #threadsInto(row: Float64Array, seconds: number): void {
    const { stats } = this.#view;
    const count = this.#threads.length;
    for (let i = 0; i < count; i++) {
      const recent = this.#recent[i]!;
      recent.look();
      row[i] = this.#since(i, stats.ofThread(i, 'commands')) / seconds;
      row[count + i] = this.#since(count + i, stats.ofThread(i, 'turns')) / seconds;
      row[2 * count + i] = this.#since(2 * count + i, this.#clocks[i]!.seconds()) / seconds;
      row[3 * count + i] = recent.meanMicroseconds;
      row[4 * count + i] = recent.percentile(SLOW_PERCENT);
    }
  }

  #processInto(row: Float64Array, seconds: number): void {
    const { stats, table, databases, connections } = this.#view;
    const base = this.#threads.length * THREAD_FIELDS.length;
    const at = (field: ProcessField): number => base + PROCESS_FIELDS.indexOf(field);
    const set = (field: ProcessField, value: number): void => {
      row[at(field)] = value;
    };
    const rate = (field: ProcessField, total: number): void => {
      set(field, this.#since(at(field), total) / seconds);
    };
    for (const [field, counter] of COUNTED) rate(field, stats.get(counter));
    rate('mainBusy', this.#mainClock.seconds());
    const { user, system } = process.cpuUsage();
    rate('otherBusy', (user + system) / 1e6);
    const ours = row.subarray(2 * this.#threads.length, 3 * this.#threads.length);
    const others = ours.reduce((left, busy) => left - busy, row[at('otherBusy')]!);
    set('otherBusy', Math.max(0, others - row[at('mainBusy')]!));
    const durability = this.#view.durability();
    rate('walBytesPerSecond', durability.writtenBytes);
    rate('walSyncsPerSecond', durability.syncs);
    set('connections', connections);
    let keys = 0;
    for (let db = 0; db < databases.count; db++) keys += databases.keys(db);
    set('keys', keys);
    set('hotBytes', hotBytesUsed(table));
    set('largeBytes', stats.get('largeBytes'));
    set('heapBytes', process.memoryUsage().heapUsed + stats.get('heapBytes'));
    set('residentBytes', process.memoryUsage.rss());
    set('unsyncedBytes', durability.unsyncedBytes);
    set('syncAgeMs', durability.syncAgeMs);
    set('unflushedChanges', dirtyEffects(this.#view));
  }

  /** What came to a total since the sample before; counters never fall but by rounding. */
  #since(slot: number, total: number): number {
    const before = this.#before[slot]!;
    this.#before[slot] = total;
    return Math.max(0, total - before);
  }

  /** Returns the rows with a number above `after`, as many as there still are. */
  read(after: number): HistoryPart {
    const from = Math.max(after + 1, this.#last - SAMPLES + 1, 0);
    const rows: (number | null)[][] = [];
    for (let number = from; number <= this.#last; number++) rows.push(this.#row(number % SAMPLES));
    return {
      startedAtMs: this.#view.facts.startedAtMs,
      sampleMs: SAMPLE_MS,
      samples: SAMPLES,
      threads: this.#threads,
      threadFields: THREAD_FIELDS,
      processFields: PROCESS_FIELDS,
      last: this.#last,
      rows,
    };
  }

  #row(index: number): (number | null)[] {
    const numbers: (number | null)[] = [this.#times[index]!];
    for (const value of this.#rows.subarray(index * this.#width, (index + 1) * this.#width)) {
      numbers.push(Number.isNaN(value) ? null : rounded(value));
    }
    return numbers;
  }
}

/** Four digits are more than a chart shows. */
function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
