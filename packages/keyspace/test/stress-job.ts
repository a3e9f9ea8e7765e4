// What the main thread and the threads of a stress round say to each other, and the values they
// write: every value names its key and its version, so that anybody can tell whether it is whole.

import type { ArenaTransfer } from '../src/arena.ts';

/** A bug planted on purpose: now and then a lock is not taken, or is given up at once. */
export type Fault = 'skips-lock' | 'unlocks-early';

export interface StressJob {
  readonly arena: ArenaTransfer;
  /** 1..threads. */
  readonly threadId: number;
  readonly threads: number;
  readonly seed: number;
  /** Hash tags of the shards in use, with the shard of each. */
  readonly tags: readonly (readonly [tag: string, shard: number])[];
  /** Word 0: stop. Words 1...: steps of each thread. */
  readonly control: SharedArrayBuffer;
  /** A word per id of a large value: 1 while somebody needs it. */
  readonly ledger: SharedArrayBuffer;
  readonly fault: Fault | null;
}

/** What happened, in numbers; a run that did not reach a case has not tested it. */
export const FACTS = [
  'steps',
  'writes',
  'reads',
  'foreignReads',
  'increments',
  'deletes',
  'moved',
  'reused',
  'full',
  'flushes',
  'swaps',
  'scans',
  'expired',
  'multi',
  'gated',
  'gates',
  'gaveUp',
  'tombstones',
  'large',
] as const;
export type Facts = Record<(typeof FACTS)[number], number>;

export interface StressReport {
  readonly threadId: number;
  /** What went wrong, or ''. */
  readonly problem: string;
  /** Increments of each shared counter. */
  readonly increments: readonly number[];
  readonly facts: Facts;
}

export const SHARED_DB = 0;
/** Everybody writes, deletes and flushes here. */
export const CHAOS_DB = 1;
export const OWN_KEYS = 220;
export const CHAOS_KEYS = 60;
export const COUNTERS = 8;
export const LEDGER_IDS = 1 << 20;

/** The two databases that only this thread uses. */
export function privateDbs(threadId: number): [number, number] {
  return [threadId * 2, threadId * 2 + 1];
}

export function databasesFor(threads: number): number {
  return 2 + threads * 2;
}

export function noFacts(): Facts {
  return Object.fromEntries(FACTS.map((name) => [name, 0])) as Facts;
}

/** The bytes of a value: its version, then a sequence that depends on key, version and length. */
export function makeValue(key: string, version: number, length: number): Buffer {
  const value = Buffer.alloc(length);
  let state = Math.imul(hashText(key) ^ (length < 4 ? 0 : version), 0x9e3779b1) + length;
  for (let i = length < 4 ? 0 : 4; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    value[i] = state;
  }
  if (length >= 4) value.writeInt32LE(version);
  return value;
}

/** True when the bytes are a value that somebody once wrote to the key. */
export function isValueOf(key: string, value: Buffer): boolean {
  const version = value.length < 4 ? 0 : value.readInt32LE();
  return makeValue(key, version, value.length).equals(value);
}

/** A counter: the number, its complement, and a filling that gives the value some length. */
export function makeCounter(count: number, filling: number): Buffer {
  const value = Buffer.alloc(8 + filling, count & 255);
  value.writeInt32LE(count);
  value.writeInt32LE(~count, 4);
  return value;
}

/** The number in a counter, or -1 when the bytes are not a counter. */
export function readCounter(value: Buffer): number {
  if (value.length < 8) return -1;
  const count = value.readInt32LE();
  return makeCounter(count, value.length - 8).equals(value) ? count : -1;
}

export function counterKey(tags: StressJob['tags'], counter: number): string {
  return `{${tags[counter % tags.length]![0]}}c${counter}`;
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash;
}
