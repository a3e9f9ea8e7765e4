// Counters of one thread, published to shared memory at the end of each tick, so that INFO and
// metrics can add them up at any time. Only the owning thread writes; a reader may see a value
// one tick old.

import { ERROR_CODES } from './error-codes.ts';
import { systemThreadId } from './system-thread.ts';
import { ThreadWaits, WAIT_FIELDS, type WaitField } from './thread-waits.ts';
import { LATENCY_BUCKETS, latencyBucketOf } from './timing/latency-buckets.ts';

/** Scalar counters, in order of their slots. */
export const STAT_FIELDS = [
  'commands',
  'connections',
  'rejectedConnections',
  'currentConnections',
  'inputBytes',
  'outputBytes',
  'hits',
  'misses',
  'expiredKeys',
  'changes',
  'errorReplies',
  'hops',
  'lockMisses',
  'ringFull',
  'turns',
  'heapBytes',
  'largeBytes',
  'expiredFields',
  'evictedKeys',
  'listeningClients',
  'trackingClients',
  'trackedKeys',
  'trackedItems',
  'trackedPrefixes',
  'blockedClients',
  'luaBytes',
  'deniedCommands',
  'deniedKeys',
  'deniedChannels',
  'systemThread',
  'clientBytes',
  'largestClientBytes',
  'evictedClients',
  'watchingClients',
  'watchedKeys',
] as const;
export type StatField = (typeof STAT_FIELDS)[number];

/** Fields that say how things are, not what has happened. */
const GAUGES: readonly StatField[] = [
  'currentConnections',
  'heapBytes',
  'largeBytes',
  'listeningClients',
  'trackingClients',
  'trackedKeys',
  'trackedItems',
  'trackedPrefixes',
  'blockedClients',
  'luaBytes',
  'systemThread',
  'clientBytes',
  'largestClientBytes',
  'watchingClients',
  'watchedKeys',
];

/** What INFO commandstats shows of one command. */
export interface CommandFigures {
  calls: number;
  microseconds: number;
  rejected: number;
  failed: number;
}

/** Calls, microseconds, rejected, failed; then the calls by their time. */
export const TIMES_AT = 4;
export const PER_COMMAND = TIMES_AT + LATENCY_BUCKETS;
/** The first slot of the first command. */
export const COMMANDS_AT = STAT_FIELDS.length + ERROR_CODES.length;

/** Returns the bytes of one thread's block. */
export function statsBytes(commandCount: number): number {
  return (COMMANDS_AT + commandCount * PER_COMMAND + WAIT_FIELDS.length) * 8;
}

/** The owner's side: plain fields, written out by `publish`. */
export class ThreadStats {
  commands = 0;
  connections = 0;
  rejectedConnections = 0;
  currentConnections = 0;
  inputBytes = 0;
  outputBytes = 0;
  hits = 0;
  misses = 0;
  expiredKeys = 0;
  changes = 0;
  errorReplies = 0;
  hops = 0;
  lockMisses = 0;
  ringFull = 0;
  turns = 0;
  /** Used JavaScript heap and external memory of the thread, sampled. */
  heapBytes = 0;
  /** Large values the thread holds. */
  largeBytes = 0;
  /** Fields of hashes that have expired before their hash. */
  expiredFields = 0;
  evictedKeys = 0;
  /** Connections that listen to channels. */
  listeningClients = 0;
  /** Clients that cache, the keys they have read, each counted once or by client, and prefixes. */
  trackingClients = 0;
  trackedKeys = 0;
  trackedItems = 0;
  trackedPrefixes = 0;
  /** Published by itself. */
  readonly waits: ThreadWaits;
  /** Connections that wait in a blocking command. */
  blockedClients = 0;
  /** Memory of the engine for scripts. */
  luaBytes = 0;
  /** Refused for what their user may not do. */
  deniedCommands = 0;
  deniedKeys = 0;
  deniedChannels = 0;
  /** Number of the thread with the operating system, 0 = not known. */
  systemThread = systemThreadId();
  /** What connections have sent that waits here, and replies that wait for them. */
  clientBytes = 0;
  /** Of them those of the connection that has most and may be dropped. */
  largestClientBytes = 0;
  /** Closed because of `maxmemory-clients`. */
  evictedClients = 0;
  /** Connections that watch keys, and the keys of each. */
  watchingClients = 0;
  watchedKeys = 0;
  readonly #slots: Float64Array;

  /** @param memory of `statsBytes` bytes */
  constructor(memory: SharedArrayBuffer) {
    this.waits = new ThreadWaits(memory);
    this.#slots = new Float64Array(memory);
  }

  /** Writes the fields to shared memory. */
  publish(): void {
    const slots = this.#slots;
    slots[0] = this.commands;
    slots[1] = this.connections;
    slots[2] = this.rejectedConnections;
    slots[3] = this.currentConnections;
    slots[4] = this.inputBytes;
    slots[5] = this.outputBytes;
    slots[6] = this.hits;
    slots[7] = this.misses;
    slots[8] = this.expiredKeys;
    slots[9] = this.changes;
    slots[10] = this.errorReplies;
    slots[11] = this.hops;
    slots[12] = this.lockMisses;
    slots[13] = this.ringFull;
    slots[14] = this.turns;
    slots[15] = this.heapBytes;
    slots[16] = this.largeBytes;
    slots[17] = this.expiredFields;
    slots[18] = this.evictedKeys;
    slots[19] = this.listeningClients;
    slots[20] = this.trackingClients;
    slots[21] = this.trackedKeys;
    slots[22] = this.trackedItems;
    slots[23] = this.trackedPrefixes;
    slots[24] = this.blockedClients;
    slots[25] = this.luaBytes;
    slots[26] = this.deniedCommands;
    slots[27] = this.deniedKeys;
    slots[28] = this.deniedChannels;
    slots[29] = this.systemThread;
    slots[30] = this.clientBytes;
    slots[31] = this.largestClientBytes;
    slots[32] = this.evictedClients;
    slots[33] = this.watchingClients;
    slots[34] = this.watchedKeys;
  }

  /** Notes one call of a command and whether it answered an error. */
  called(id: number, failed: boolean): void {
    const at = COMMANDS_AT + id * PER_COMMAND;
    this.#slots[at] = this.#slots[at]! + 1;
    if (failed) this.#slots[at + 3] = this.#slots[at + 3]! + 1;
    this.commands++;
  }

  /** Notes that a call has failed that was counted before it was known. */
  failed(id: number, text: string): void {
    const at = COMMANDS_AT + id * PER_COMMAND + 3;
    this.#slots[at] = this.#slots[at]! + 1;
    this.errorReply(text);
  }

  /** Notes the time a call took, which stands for so many. */
  took(id: number, microseconds: number, calls = 1): void {
    const at = COMMANDS_AT + id * PER_COMMAND;
    this.#slots[at + 1] = this.#slots[at + 1]! + microseconds * calls;
    const bucket = at + TIMES_AT + latencyBucketOf(microseconds);
    this.#slots[bucket] = this.#slots[bucket]! + calls;
  }

  /** The same for calls of the first `count` of some commands, each of which took so long. */
  tookEach(ids: Int32Array, count: number, microseconds: number): void {
    const slots = this.#slots;
    const bucket = TIMES_AT + latencyBucketOf(microseconds);
    for (let i = 0; i < count; i++) {
      const at = COMMANDS_AT + ids[i]! * PER_COMMAND;
      slots[at + 1] = slots[at + 1]! + microseconds;
      slots[at + bucket] = slots[at + bucket]! + 1;
    }
  }

  /** Notes a command refused before it ran (arity, authentication ...). */
  rejected(id: number): void {
    const at = COMMANDS_AT + id * PER_COMMAND + 2;
    this.#slots[at] = this.#slots[at]! + 1;
  }

  /** Notes an error reply by its code, the text's first word. */
  errorReply(text: string): void {
    this.errorReplies++;
    const end = text.indexOf(' ');
    const code = ERROR_CODES.indexOf(end < 0 ? text : text.slice(0, end));
    const at = STAT_FIELDS.length + (code < 0 ? ERROR_CODES.length - 1 : code);
    this.#slots[at] = this.#slots[at]! + 1;
  }
}

/** Adds up the blocks of all threads. CONFIG RESETSTAT moves the zero, not the blocks. */
export class StatsReader {
  readonly #blocks: Float64Array[];
  readonly #waits: ThreadWaits[];
  #zero: Float64Array;

  constructor(blocks: readonly SharedArrayBuffer[]) {
    this.#blocks = blocks.map((memory) => new Float64Array(memory));
    this.#waits = blocks.map((memory) => new ThreadWaits(memory));
    this.#zero = new Float64Array(this.#blocks[0]?.length ?? 0);
  }

  /** Returns a counter summed over the threads, since the last reset. */
  get(field: StatField): number {
    return this.#sum(STAT_FIELDS.indexOf(field));
  }

  /** Returns the largest value of a counter that a thread has, without one by its block's index. */
  most(field: StatField, except: number): number {
    const slot = STAT_FIELDS.indexOf(field);
    return this.#blocks.reduce(
      (most, block, i) => (i === except ? most : Math.max(most, block[slot]!)),
      0,
    );
  }

  /** Returns what waits, summed over the threads. */
  waiting(field: WaitField): number {
    return this.#waits.reduce((sum, waits) => sum + waits.get(field), 0);
  }

  /** Returns the figures of a command by its id. */
  command(id: number): CommandFigures {
    const at = COMMANDS_AT + id * PER_COMMAND;
    return {
      calls: this.#sum(at),
      microseconds: this.#sum(at + 1),
      rejected: this.#sum(at + 2),
      failed: this.#sum(at + 3),
    };
  }

  /** Returns the calls of a command by the bucket of their time; see latency-buckets.ts. */
  times(id: number): number[] {
    const at = COMMANDS_AT + id * PER_COMMAND + TIMES_AT;
    return Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => this.#sum(at + bucket));
  }

  /** Returns the error replies per code, codes without any left out. */
  errors(): [code: string, count: number][] {
    return ERROR_CODES.map((code, i): [string, number] => [
      code,
      this.#sum(STAT_FIELDS.length + i),
    ]).filter(([, count]) => count > 0);
  }

  /** One thread's own value of a counter, by its block's index; not affected by resets. */
  ofThread(block: number, field: StatField): number {
    return this.#blocks[block]![STAT_FIELDS.indexOf(field)]!;
  }

  /** Microseconds that one thread's commands took, all of them; not affected by resets. */
  microsecondsOf(block: number): number {
    const slots = this.#blocks[block]!;
    const end = slots.length - WAIT_FIELDS.length;
    let sum = 0;
    for (let at = COMMANDS_AT + 1; at < end; at += PER_COMMAND) sum += slots[at]!;
    return sum;
  }

  /** Counts from now on; gauges such as the current connections go on. */
  reset(): void {
    const isGauge = (slot: number): boolean => GAUGES.includes(STAT_FIELDS[slot] ?? 'commands');
    this.#zero = this.#zero.map((_, slot) => (isGauge(slot) ? 0 : this.#total(slot)));
  }

  #sum(slot: number): number {
    return this.#total(slot) - this.#zero[slot]!;
  }

  #total(slot: number): number {
    let sum = 0;
    for (const block of this.#blocks) sum += block[slot]!;
    return sum;
  }
}
