// The scripts that clients have sent, for all threads: what one worker has acknowledged every other
// one finds. In shared memory, bounded, and gone with the process, as in Redis. Compiles nothing.
//
//   words     lock | generation | count | bytes used | head | tail
//   buckets   by the first bytes of the digest, offset of the first record + 1
//   records   next + 1 | bytes of the body | digest (20) | body, in a ring: the oldest goes first
//
// Redis: keeps all scripts for ever. Here the oldest are forgotten when 64 MB are full, and their
// EVALSHA gets NOSCRIPT, which clients answer with EVAL.

import { ShortLock } from './short-lock.ts';

const LOCK = 0;
const GENERATION = 1;
const COUNT = 2;
const USED = 3;
/** Where the next record goes, and where the oldest one lies; bytes from the first record. */
const HEAD = 4;
const TAIL = 5;
const HEAD_WORDS = 16;
const BUCKETS = 16384;
const DATA_AT = (HEAD_WORDS + BUCKETS) * 4;
const DATA_BYTES = 64 * 1024 * 1024;

const DIGEST_BYTES = 20;
const NEXT = 0;
const LENGTH = 4;
const DIGEST = 8;
const RECORD_BYTES = 28;
/** Instead of a record: the ring goes on at its beginning. */
const WRAP = 0xffffffff;
/** A longer script is not kept. */
export const MOST_SCRIPT_BYTES = 16 * 1024 * 1024;

/** @param dataBytes for the scripts; whole words of eight bytes */
export function createScriptCacheMemory(dataBytes = DATA_BYTES): SharedArrayBuffer {
  return new SharedArrayBuffer(DATA_AT + dataBytes);
}

export class ScriptCache {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #lock: ShortLock;
  readonly #dataBytes: number;
  readonly #mostBytes: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, HEAD_WORDS + BUCKETS);
    this.#bytes = Buffer.from(memory, DATA_AT);
    this.#lock = new ShortLock(this.#words, LOCK);
    this.#dataBytes = this.#bytes.length;
    this.#mostBytes = Math.min(MOST_SCRIPT_BYTES, this.#dataBytes >> 2);
  }

  /** Changes with every `flush`. */
  get generation(): number {
    return Atomics.load(this.#words, GENERATION);
  }

  /** Scripts that are kept. */
  get count(): number {
    return Atomics.load(this.#words, COUNT);
  }

  /** Bytes of their bodies and what goes with them. */
  get usedBytes(): number {
    return Atomics.load(this.#words, USED);
  }

  /** Returns a copy of a script, or null. @param digest 20 bytes */
  get(digest: Uint8Array): Buffer | null {
    return this.#lock.within(() => {
      const at = this.#find(digest);
      if (at < 0) return null;
      const length = this.#bytes.readUInt32LE(at + LENGTH);
      return Buffer.from(this.#bytes.subarray(at + RECORD_BYTES, at + RECORD_BYTES + length));
    });
  }

  has(digest: Uint8Array): boolean {
    return this.#lock.within(() => this.#find(digest) >= 0);
  }

  /** Keeps a script; false: it is too long. @param digest 20 bytes */
  add(digest: Uint8Array, body: Uint8Array): boolean {
    if (body.length > this.#mostBytes) return false;
    this.#lock.within(() => {
      if (this.#find(digest) < 0) this.#append(digest, body);
    });
    return true;
  }

  /** Forgets all scripts. */
  flush(): void {
    this.#lock.within(() => {
      const words = this.#words;
      words.fill(0, HEAD_WORDS);
      for (const word of [COUNT, USED, HEAD, TAIL]) words[word] = 0;
      words[GENERATION] = (words[GENERATION]! + 1) | 0;
    });
  }

  #find(digest: Uint8Array): number {
    let next = this.#words[bucketOf(digest)]!;
    while (next !== 0) {
      const at = next - 1;
      if (this.#bytes.compare(digest, 0, DIGEST_BYTES, at + DIGEST, at + RECORD_BYTES) === 0)
        return at;
      next = this.#bytes.readUInt32LE(at + NEXT);
    }
    return -1;
  }

  #append(digest: Uint8Array, body: Uint8Array): void {
    const words = this.#words;
    const bytes = this.#bytes;
    const needed = recordBytes(body.length);
    while (!this.#hasRoom(needed)) this.#dropOldest();
    if (words[HEAD]! + needed > this.#dataBytes) {
      if (words[HEAD]! < this.#dataBytes) bytes.writeUInt32LE(WRAP, words[HEAD]!);
      words[HEAD] = 0;
    }
    const at = words[HEAD]!;
    const bucket = bucketOf(digest);
    bytes.writeUInt32LE(words[bucket]!, at + NEXT);
    bytes.writeUInt32LE(body.length, at + LENGTH);
    bytes.set(digest, at + DIGEST);
    bytes.set(body, at + RECORD_BYTES);
    words[bucket] = at + 1;
    words[HEAD] = at + needed;
    words[COUNT] = words[COUNT]! + 1;
    words[USED] = words[USED]! + needed;
  }

  /** True when a record can go behind the newest one, or to the beginning of the ring. */
  #hasRoom(needed: number): boolean {
    const words = this.#words;
    const head = words[HEAD]!;
    const tail = words[TAIL]!;
    if (words[COUNT] === 0) {
      words[HEAD] = 0;
      words[TAIL] = 0;
      return true;
    }
    // Never equal while there are records, so that full and empty differ.
    if (head > tail) return head + needed <= this.#dataBytes || needed < tail;
    return head + needed < tail;
  }

  #dropOldest(): void {
    const words = this.#words;
    const bytes = this.#bytes;
    let at = words[TAIL]!;
    if (at >= this.#dataBytes || bytes.readUInt32LE(at) === WRAP) at = 0;
    const next = bytes.readUInt32LE(at + NEXT);
    const needed = recordBytes(bytes.readUInt32LE(at + LENGTH));
    const bucket = bucketOf(bytes.subarray(at + DIGEST, at + RECORD_BYTES));
    if (words[bucket] === at + 1) {
      words[bucket] = next;
    } else {
      let before = words[bucket]! - 1;
      while (bytes.readUInt32LE(before + NEXT) !== at + 1) {
        before = bytes.readUInt32LE(before + NEXT) - 1;
      }
      bytes.writeUInt32LE(next, before + NEXT);
    }
    words[TAIL] = at + needed;
    words[COUNT] = words[COUNT]! - 1;
    words[USED] = words[USED]! - needed;
  }

  /** Held for as long as a script is copied. */
}

function bucketOf(digest: Uint8Array): number {
  return HEAD_WORDS + (digest[0]! | ((digest[1]! & 63) << 8));
}

/** In whole words of eight bytes. */
function recordBytes(bodyBytes: number): number {
  return (RECORD_BYTES + bodyBytes + 7) & ~7;
}
