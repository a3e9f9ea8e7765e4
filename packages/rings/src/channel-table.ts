// Who listens to which channel, on which fronts: one table for all threads, so that a SUBSCRIBE is
// known everywhere when it is answered, and whoever publishes counts exactly.
//
//   line 0   lock
//   line 1   sequence of the patterns, first free chunk, chunks ever used, names per kind (4)
//   line 2   version, a double: raised by every join and leave, and by every message
//   then     sent counters: a row for each thread, a word for each front
//   then     buckets of channels of both kinds, then those of patterns: first entry, 0 = none
//   then     chunks, which hold the entries and their names: name-chunks.ts
//
//   entry  word 0 next entry of the bucket   1 hash   2 kind   4 listeners on all fronts
//               5, 6 fronts that have any
//
// All of it is read and changed under the lock, but for the sent counters.
//
// Exact counts: a message carries the version of the moment it was counted at, and a subscription
// is from one version until another; a front hands a message to those that were subscribed at its
// version, which are those that were counted, whenever it arrives. That needs a subscription to
// stay in the front's own books until no message can arrive any more that counted it: each thread
// notes, under the lock, how many messages it has counted for each front (`sent`), and the front
// knows how many it has taken.

import { invariant, type KeyHasher } from '@forgekv/base';
import { CHUNK_WORDS, NameChunks } from './name-chunks.ts';
import { PatternList } from './pattern-list.ts';
import { ShortLock } from './short-lock.ts';

export const CHANNEL = 0;
export const PATTERN = 1;
/** A channel of SSUBSCRIBE. */
export const SHARD_CHANNEL = 2;
/** Of one name: who listens gets the commands that are executed. */
export const MONITORED = 3;
/** CHANNEL, PATTERN, SHARD_CHANNEL or MONITORED. */
export type ChannelKind = 0 | 1 | 2 | 3;
/** Of what is listened to: what messages are published to. */
export type MessageKind = 0 | 2 | 3;

/** Redis: names of any length. */
export const MOST_CHANNEL_BYTES = 64 * 1024;
/** Redis: patterns of any length. */
export const MOST_PATTERN_BYTES = 4 * 1024;
/** For about a million names; what was never used costs no memory. */
const TABLE_BYTES = 64 * 1024 * 1024;
export const MOST_FRONTS = 64;

const LINE_WORDS = 16;
const LOCK = 0;
const PATTERN_SEQUENCE = LINE_WORDS;
/** Two words. */
const FREE = LINE_WORDS + 1;
const NAMES = LINE_WORDS + 3;
const VERSION_AT = LINE_WORDS;
const SENT = LINE_WORDS * 3;
const BUCKETS = 65536;
/** Fewer, since all of them are looked at when patterns have changed. */
const PATTERN_BUCKETS = 4096;
/** Buckets looked at while the lock is held once. */
const BUCKETS_AT_ONCE = 256;

// The words of an entry that are this file's; the others belong to NameChunks.
const NEXT = 0;
const HASH = 1;
const KIND = 2;
const LISTENERS = 4;
const FRONTS = 5;
/** Times a publisher matches patterns anew because they changed, before it holds the lock. */
const MOST_RETRIES = 3;

export interface ChannelTableShape {
  /** Threads that publish: fronts first. */
  readonly threads: number;
  readonly fronts: number;
}

/** Returns the memory of a table. */
export function createChannelMemory(
  shape: ChannelTableShape,
  bytes: number = TABLE_BYTES,
): SharedArrayBuffer {
  invariant(shape.fronts <= MOST_FRONTS, 'there are 64 fronts at most');
  return new SharedArrayBuffer((firstChunk(shape) + CHUNK_WORDS) * 4 + bytes);
}

function firstChunk({ threads, fronts }: ChannelTableShape): number {
  const words = SENT + threads * fronts + BUCKETS + PATTERN_BUCKETS;
  return (words + LINE_WORDS - 1) & ~(LINE_WORDS - 1);
}

/** One thread's view of the table. */
export class ChannelTable {
  readonly #words: Int32Array;
  readonly #version: Float64Array;
  readonly #shape: ChannelTableShape;
  readonly #self: number;
  readonly #hasher: KeyHasher;
  readonly #lock: ShortLock;
  readonly #buckets: number;
  readonly #chunks: NameChunks;
  readonly #patterns = new PatternList();
  #patternSequence = 0;
  /** What the last `count` found: fronts with listeners, a bit each; the message's own version. */
  low = 0;
  high = 0;
  version = 0;

  /** @param self index of the thread among those of the shape */
  constructor(
    memory: SharedArrayBuffer,
    shape: ChannelTableShape,
    self: number,
    hasher: KeyHasher,
  ) {
    this.#words = new Int32Array(memory);
    this.#version = new Float64Array(memory);
    this.#shape = shape;
    this.#self = self;
    this.#hasher = hasher;
    this.#lock = new ShortLock(this.#words, LOCK);
    this.#buckets = SENT + shape.threads * shape.fronts;
    this.#chunks = new NameChunks(memory, firstChunk(shape), FREE);
  }

  /**
   * Counts a listener of this front in.
   * @param isFirst the front has no other
   * @returns the version from which on it listens, or -1: the table is full
   */
  join(kind: ChannelKind, name: Uint8Array, isFirst: boolean): number {
    const hash = this.#hash(kind, name);
    const words = this.#words;
    this.#lock.lock();
    let entry = this.#find(kind, hash, name);
    if (entry === 0) entry = this.#add(kind, hash, name);
    let version = -1;
    if (entry !== 0) {
      words[entry + LISTENERS]!++;
      if (isFirst) words[entry + FRONTS + (this.#self >> 5)]! |= 1 << (this.#self & 31);
      version = ++this.#version[VERSION_AT]!;
    }
    this.#lock.unlock();
    return version;
  }

  /**
   * Counts a listener of this front out, which was counted in.
   * @param isLast the front has no other
   * @returns the version from which on it does not listen
   */
  leave(kind: ChannelKind, name: Uint8Array, isLast: boolean): number {
    const hash = this.#hash(kind, name);
    const words = this.#words;
    this.#lock.lock();
    const entry = this.#find(kind, hash, name);
    invariant(entry !== 0, 'a channel that has listeners is in the table');
    if (isLast) words[entry + FRONTS + (this.#self >> 5)]! &= ~(1 << (this.#self & 31));
    if (--words[entry + LISTENERS]! === 0) this.#remove(entry);
    const version = ++this.#version[VERSION_AT]!;
    this.#lock.unlock();
    return version;
  }

  /** Listeners of one name. */
  listeners(kind: ChannelKind, name: Uint8Array): number {
    if (this.names(kind) === 0) return 0;
    const hash = this.#hash(kind, name);
    this.#lock.lock();
    const entry = this.#find(kind, hash, name);
    const listeners = entry === 0 ? 0 : this.#words[entry + LISTENERS]!;
    this.#lock.unlock();
    return listeners;
  }

  /** Names of a kind that have listeners. */
  names(kind: ChannelKind): number {
    return Atomics.load(this.#words, NAMES + kind);
  }

  /** Calls back with a copy of every name of a kind; those that come and go meanwhile may miss. */
  eachName(kind: ChannelKind, visit: (name: Buffer) => void): void {
    if (this.names(kind) === 0) return;
    const buckets = kind === PATTERN ? PATTERN_BUCKETS : BUCKETS;
    for (let bucket = 0; bucket < buckets; bucket += BUCKETS_AT_ONCE) {
      const found: Buffer[] = [];
      this.#lock.lock();
      for (let i = 0; i < BUCKETS_AT_ONCE; i++) {
        this.#eachOfBucket(kind, bucket + i, (entry) => found.push(this.#chunks.nameOf(entry)));
      }
      this.#lock.unlock();
      found.forEach(visit);
    }
  }

  /**
   * Counts who gets a message, and notes that the other fronts will be sent it; `low`, `high` and
   * `version` say which fronts have listeners and as of when.
   * @returns subscriptions that it is for
   */
  count(name: Uint8Array, kind: MessageKind): number {
    const hasPatterns = kind === CHANNEL;
    this.low = 0;
    this.high = 0;
    if (this.names(kind) === 0 && (!hasPatterns || this.names(PATTERN) === 0)) return 0;
    const hash = this.#hash(kind, name);
    let matched: readonly number[] = [];
    for (let tries = 0; ; tries++) {
      // Matching may take long, and is not done with the lock held unless patterns come and go.
      if (hasPatterns) matched = this.#patterns.match(name);
      this.#lock.lock();
      if (!hasPatterns || this.#patternSequence === this.#words[PATTERN_SEQUENCE]) break;
      this.#readPatterns();
      if (tries === MOST_RETRIES) {
        matched = this.#patterns.match(name);
        break;
      }
      this.#lock.unlock();
    }
    let listeners = this.#take(this.#find(kind, hash, name));
    for (const entry of matched) listeners += this.#take(entry);
    if (listeners > 0) {
      this.version = ++this.#version[VERSION_AT]!;
      this.#noteSent();
    }
    this.#lock.unlock();
    return listeners;
  }

  /** True when the last `count` found listeners on a front. */
  isFor(front: number): boolean {
    return ((front < 32 ? this.low : this.high) & (1 << (front & 31))) !== 0;
  }

  /** Messages that a thread has counted for a front, modulo 2^32. */
  sent(thread: number, front: number): number {
    return Atomics.load(this.#words, SENT + thread * this.#shape.fronts + front);
  }

  #take(entry: number): number {
    if (entry === 0) return 0;
    const words = this.#words;
    this.low |= words[entry + FRONTS]!;
    this.high |= words[entry + FRONTS + 1]!;
    return words[entry + LISTENERS]!;
  }

  #noteSent(): void {
    const { fronts } = this.#shape;
    for (let front = 0; front < fronts; front++) {
      if (front === this.#self || !this.isFor(front)) continue;
      const word = SENT + this.#self * fronts + front;
      Atomics.store(this.#words, word, (this.#words[word]! + 1) | 0);
    }
  }

  /** Reads the patterns anew; the lock is held. */
  #readPatterns(): void {
    this.#patternSequence = this.#words[PATTERN_SEQUENCE]!;
    this.#patterns.clear();
    for (let bucket = 0; bucket < PATTERN_BUCKETS; bucket++) {
      this.#eachOfBucket(PATTERN, bucket, (entry) =>
        this.#patterns.add(this.#chunks.nameOf(entry), entry),
      );
    }
  }

  #hash(kind: ChannelKind, name: Uint8Array): number {
    return (this.#hasher.hash(name, 0, name.length) + kind) | 0;
  }

  /** Returns the word of the bucket for a hash. */
  #bucket(kind: ChannelKind, hash: number): number {
    if (kind === PATTERN) return this.#buckets + BUCKETS + (hash & (PATTERN_BUCKETS - 1));
    return this.#buckets + (hash & (BUCKETS - 1));
  }

  #eachOfBucket(kind: ChannelKind, bucket: number, visit: (entry: number) => void): void {
    const words = this.#words;
    let entry = words[this.#bucket(kind, bucket)]!;
    for (; entry !== 0; entry = words[entry + NEXT]!) {
      if (words[entry + KIND] === kind) visit(entry);
    }
  }

  /** Returns the word an entry begins at, 0: there is none. */
  #find(kind: ChannelKind, hash: number, name: Uint8Array): number {
    const words = this.#words;
    let entry = words[this.#bucket(kind, hash)]!;
    for (; entry !== 0; entry = words[entry + NEXT]!) {
      if (words[entry + HASH] !== hash || words[entry + KIND] !== kind) continue;
      if (this.#chunks.isNamed(entry, name)) return entry;
    }
    return 0;
  }

  /** Returns the new entry, 0: there is no room. */
  #add(kind: ChannelKind, hash: number, name: Uint8Array): number {
    const words = this.#words;
    const entry = this.#chunks.add(name);
    if (entry === 0) return 0;
    const bucket = this.#bucket(kind, hash);
    words[entry + NEXT] = words[bucket]!;
    words[entry + HASH] = hash;
    words[entry + KIND] = kind;
    words.fill(0, entry + LISTENERS, entry + FRONTS + 2);
    words[bucket] = entry;
    this.#changed(kind, 1);
    return entry;
  }

  #remove(entry: number): void {
    const words = this.#words;
    const kind = words[entry + KIND] as ChannelKind;
    let before = this.#bucket(kind, words[entry + HASH]!);
    while (words[before] !== entry) before = words[before]! + NEXT;
    words[before] = words[entry + NEXT]!;
    this.#changed(kind, -1);
    this.#chunks.remove(entry);
  }

  #changed(kind: ChannelKind, by: number): void {
    Atomics.add(this.#words, NAMES + kind, by);
    if (kind === PATTERN) this.#words[PATTERN_SEQUENCE]!++;
  }
}
