// The slow log, for all threads: the commands that took long, newest last, in shared memory. Who
// has executed one appends it; who is asked for them walks back from the newest. Bounded by their
// number, which the writer says, and by bytes. Says nothing of what is slow.
//
//   words     lock | count | head | tail | newest + 1
//   floats    the id of the next entry
//   entries   in a ring, the oldest goes first, none is cut by its end:
//             bytes | entry before it + 1 | id | Unix seconds | microseconds
//             | bytes of the address, of the name | address | name | arguments
//   arguments their number (16 bits), then the bytes of each (16 bits) and the bytes themselves
//
// Everything but `count` is read and written with the lock held, which is for as long as an entry
// is copied: some 5 KB at most. Nobody waits for anything else meanwhile.

import { ShortLock } from './short-lock.ts';

const LOCK = 0;
const COUNT = 1;
/** Where the next entry goes, and where the oldest one lies; bytes from the first entry. */
const HEAD = 2;
const TAIL = 3;
const NEWEST = 4;
const NEXT_ID_AT = 4;
const HEAD_BYTES = 64;
/** For the entries together: about a thousand of the longest. */
const DATA_BYTES = 4 * 1024 * 1024;

const BYTES = 0;
const BEFORE = 4;
const ID = 8;
const SECONDS = 16;
const MICROSECONDS = 24;
const ADDRESS_BYTES = 32;
const NAME_BYTES = 34;
const TEXT = 36;
const SEALED_BYTES = 16;
/** Instead of an entry: the ring goes on at its beginning. */
const WRAP = 0xffffffff;
/** Addresses and names are cut at this length. */
const MOST_TEXT_BYTES = 1024;

/** A command as the slow log shows it. */
export interface SlowEntry {
  /** Ascending, also behind a reset. */
  readonly id: number;
  readonly unixSeconds: number;
  readonly microseconds: number;
  /** Its arguments, cut where they are long or many. */
  readonly args: readonly Buffer[];
  /** Of its client, as CLIENT LIST shows it. */
  readonly address: string;
  readonly name: string;
}

/** @param dataBytes for the entries; whole words of eight bytes */
export function createSlowLogMemory(dataBytes = DATA_BYTES): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + dataBytes);
}

/**
 * Returns a slow command without its client, in one piece that crosses threads.
 * @param args at most 65535, each at most so many bytes
 */
export function sealSlowCommand(
  unixSeconds: number,
  microseconds: number,
  args: readonly Uint8Array[],
): Buffer {
  const bytes = args.reduce((sum, arg) => sum + 2 + arg.length, SEALED_BYTES + 2);
  const sealed = Buffer.allocUnsafe(bytes);
  sealed.writeDoubleLE(unixSeconds, 0);
  sealed.writeDoubleLE(microseconds, 8);
  let at = sealed.writeUInt16LE(args.length, SEALED_BYTES);
  for (const arg of args) {
    at = sealed.writeUInt16LE(arg.length, at);
    sealed.set(arg, at);
    at += arg.length;
  }
  return sealed;
}

/** Says how long a sealed command took, which was not known when it was sealed. */
export function timeSealed(sealed: Buffer, microseconds: number): void {
  sealed.writeDoubleLE(microseconds, 8);
}

export class SlowLog {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #bytes: Buffer;
  readonly #lock: ShortLock;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, HEAD_BYTES / 4);
    this.#floats = new Float64Array(memory, 0, HEAD_BYTES / 8);
    this.#bytes = Buffer.from(memory, HEAD_BYTES);
    this.#lock = new ShortLock(this.#words, LOCK);
  }

  /** Entries that are kept. */
  get count(): number {
    return Atomics.load(this.#words, COUNT);
  }

  /**
   * Appends a command of `sealSlowCommand`; the oldest entries go, so that there are `mostEntries`
   * at most and they have room. One that is larger than a quarter of the memory is left out.
   */
  add(sealed: Uint8Array, address: string, name: string, mostEntries: number): void {
    const texts = [cut(address), cut(name)] as const;
    const textBytes = texts[0].length + texts[1].length;
    const needed = (TEXT + textBytes + sealed.length - SEALED_BYTES + 7) & ~7;
    this.#lock.within(() => {
      if (needed <= this.#bytes.length >> 2) this.#append(sealed, texts, needed);
      this.#trim(mostEntries);
    });
  }

  /** Forgets the oldest entries until there are no more than so many. */
  trim(mostEntries: number): void {
    if (this.count <= mostEntries) return;
    this.#lock.within(() => this.#trim(mostEntries));
  }

  /** Forgets all entries; ids go on. */
  reset(): void {
    this.trim(0);
  }

  /** Returns the newest entries, newest first. @param most negative: all of them */
  entries(most: number): SlowEntry[] {
    const copies: Buffer[] = [];
    this.#lock.within(() => {
      const count = this.#words[COUNT]!;
      const wanted = most < 0 ? count : Math.min(most, count);
      let next = this.#words[NEWEST]!;
      for (let i = 0; i < wanted; i++) {
        const at = next - 1;
        copies.push(Buffer.from(this.#bytes.subarray(at, at + this.#bytes.readUInt32LE(at))));
        next = this.#bytes.readUInt32LE(at + BEFORE);
      }
    });
    return copies.map(entryOf);
  }

  #append(sealed: Uint8Array, [address, name]: readonly [Buffer, Buffer], needed: number): void {
    const words = this.#words;
    const bytes = this.#bytes;
    while (!this.#hasRoom(needed)) this.#dropOldest();
    if (words[HEAD]! + needed > bytes.length) {
      if (words[HEAD]! < bytes.length) bytes.writeUInt32LE(WRAP, words[HEAD]!);
      words[HEAD] = 0;
    }
    const at = words[HEAD]!;
    const id = this.#floats[NEXT_ID_AT]!;
    bytes.writeUInt32LE(needed, at + BYTES);
    bytes.writeUInt32LE(words[NEWEST]!, at + BEFORE);
    bytes.writeDoubleLE(id, at + ID);
    bytes.set(sealed.subarray(0, SEALED_BYTES), at + SECONDS);
    bytes.writeUInt16LE(address.length, at + ADDRESS_BYTES);
    bytes.writeUInt16LE(name.length, at + NAME_BYTES);
    bytes.set(address, at + TEXT);
    bytes.set(name, at + TEXT + address.length);
    bytes.set(sealed.subarray(SEALED_BYTES), at + TEXT + address.length + name.length);
    this.#floats[NEXT_ID_AT] = id + 1;
    words[NEWEST] = at + 1;
    words[HEAD] = at + needed;
    Atomics.add(words, COUNT, 1);
  }

  /** True when an entry can go behind the newest one, or to the beginning of the ring. */
  #hasRoom(needed: number): boolean {
    const words = this.#words;
    if (words[COUNT] === 0) {
      words[HEAD] = 0;
      words[TAIL] = 0;
      words[NEWEST] = 0;
      return true;
    }
    const head = words[HEAD]!;
    const tail = words[TAIL]!;
    // Never equal while there are entries, so that full and empty differ.
    if (head > tail) return head + needed <= this.#bytes.length || needed < tail;
    return head + needed < tail;
  }

  #trim(most: number): void {
    while (this.#words[COUNT]! > most) this.#dropOldest();
  }

  #dropOldest(): void {
    const words = this.#words;
    let at = words[TAIL]!;
    if (at >= this.#bytes.length || this.#bytes.readUInt32LE(at) === WRAP) at = 0;
    words[TAIL] = at + this.#bytes.readUInt32LE(at + BYTES);
    Atomics.sub(words, COUNT, 1);
  }
}

function cut(text: string): Buffer {
  return Buffer.from(text, 'latin1').subarray(0, MOST_TEXT_BYTES);
}

function entryOf(copy: Buffer): SlowEntry {
  const nameAt = TEXT + copy.readUInt16LE(ADDRESS_BYTES);
  let at = nameAt + copy.readUInt16LE(NAME_BYTES);
  const name = copy.toString('latin1', nameAt, at);
  const args: Buffer[] = [];
  const argc = copy.readUInt16LE(at);
  at += 2;
  for (let i = 0; i < argc; i++) {
    const end = at + 2 + copy.readUInt16LE(at);
    args.push(copy.subarray(at + 2, end));
    at = end;
  }
  return {
    ...{ id: copy.readDoubleLE(ID), unixSeconds: copy.readDoubleLE(SECONDS) },
    ...{ microseconds: copy.readDoubleLE(MICROSECONDS), args, name },
    address: copy.toString('latin1', TEXT, nameAt),
  };
}
