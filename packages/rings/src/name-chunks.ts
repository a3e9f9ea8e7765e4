// Where the names of channels are: chunks of 16 words, of which an entry takes as many as its name
// needs. Knows nothing of buckets; whoever calls holds the lock.
//
//   entry  word 3 bytes of the name   7 next chunk   8-15 the name's first 32 bytes
//               0-2, 4-6 are the table's
//   more   word 0 next chunk   1-15 60 bytes more of the name
//
// Free chunks are linked by their first words.

export const CHUNK_WORDS = 16;
const LENGTH = 3;
const MORE = 7;
const NAME = 8;
const NAME_BYTES = 32;
const MORE_BYTES = 60;

export class NameChunks {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #first: number;
  readonly #count: number;
  /** Word with the first free chunk; the next one has the number of chunks ever used. */
  readonly #free: number;
  readonly #used: number;

  /** @param first word the chunks begin at; the first one is not used @param free see above */
  constructor(memory: SharedArrayBuffer, first: number, free: number) {
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#first = first;
    this.#count = Math.floor((this.#words.length - first) / CHUNK_WORDS);
    this.#free = free;
    this.#used = free + 1;
  }

  /** Makes an entry with a name; returns its first word, 0: there is no room. */
  add(name: Uint8Array): number {
    const words = this.#words;
    const entry = this.#take(1 + Math.ceil(Math.max(0, name.length - NAME_BYTES) / MORE_BYTES));
    if (entry === 0) return 0;
    let chunk = words[entry]!;
    words[entry + LENGTH] = name.length;
    words[entry + MORE] = chunk;
    this.#bytes.set(name.subarray(0, NAME_BYTES), (entry + NAME) * 4);
    for (let done = NAME_BYTES; done < name.length; done += MORE_BYTES) {
      this.#bytes.set(name.subarray(done, done + MORE_BYTES), (chunk + 1) * 4);
      chunk = words[chunk]!;
    }
    return entry;
  }

  /** Gives the chunks of an entry back. */
  remove(entry: number): void {
    this.#words[entry] = this.#words[entry + MORE]!;
    this.#giveBack(entry);
  }

  isNamed(entry: number, name: Uint8Array): boolean {
    if (this.#words[entry + LENGTH] !== name.length) return false;
    const bytes = this.#bytes;
    let chunk = this.#words[entry + MORE]!;
    let at = (entry + NAME) * 4;
    let end = at + NAME_BYTES;
    for (let i = 0; i < name.length; i++, at++) {
      if (at === end) {
        at = (chunk + 1) * 4;
        end = at + MORE_BYTES;
        chunk = this.#words[chunk]!;
      }
      if (bytes[at] !== name[i]) return false;
    }
    return true;
  }

  /** Returns a copy of an entry's name. */
  nameOf(entry: number): Buffer {
    const name = Buffer.allocUnsafe(this.#words[entry + LENGTH]!);
    let chunk = this.#words[entry + MORE]!;
    this.#copy((entry + NAME) * 4, NAME_BYTES, name, 0);
    for (let done = NAME_BYTES; done < name.length; done += MORE_BYTES) {
      this.#copy((chunk + 1) * 4, MORE_BYTES, name, done);
      chunk = this.#words[chunk]!;
    }
    return name;
  }

  #copy(at: number, most: number, name: Buffer, done: number): void {
    name.set(this.#bytes.subarray(at, at + Math.min(most, name.length - done)), done);
  }

  /** Takes chunks, linked by their first words; returns the first, 0: there are not as many. */
  #take(count: number): number {
    const words = this.#words;
    let first = 0;
    for (let i = 0; i < count; i++) {
      let chunk = words[this.#free]!;
      if (chunk !== 0) {
        words[this.#free] = words[chunk]!;
      } else if (words[this.#used]! + 1 < this.#count) {
        chunk = this.#first + ++words[this.#used]! * CHUNK_WORDS;
      } else {
        if (first !== 0) this.#giveBack(first);
        return 0;
      }
      words[chunk] = first;
      first = chunk;
    }
    return first;
  }

  #giveBack(first: number): void {
    const words = this.#words;
    let last = first;
    while (words[last] !== 0) last = words[last]!;
    words[last] = words[this.#free]!;
    words[this.#free] = first;
  }
}
