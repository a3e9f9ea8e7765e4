// Finds a command name in raw request bytes, ignoring case and allocating nothing. One instance
// holds the names of all scopes: scope 0 for commands, one more for each container.
//
//   slots:  [ -1 | 17 | 4 | -1 | ... ]   open addressing, linear probing, at most a quarter full
//                   |
//                   v ends[16]..ends[17]
//   bytes:  g e t s e t a p p e n d ...  the lower-case names one after another
//
// The hash looks at the length and four bytes only, so every hit is verified against all bytes.

/** Lower-case form of every byte; only A to Z change. */
const FOLD = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) FOLD[byte] = byte >= 65 && byte <= 90 ? byte + 32 : byte;

const SLOTS_PER_NAME = 4;

/** Names with the scope each of them is searched in. The id of a name is its position. */
export class NameIndex {
  readonly #slots: Int32Array;
  readonly #shift: number;
  readonly #scopes: Int32Array;
  /** Where name `id` ends in #bytes; it starts where the one before it ends. */
  readonly #ends: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #longest: number;

  /**
   * @param names lower-case latin-1, unique in their scope; '' for an id that nobody finds
   * @param scopes the scope of each name
   */
  constructor(names: readonly string[], scopes: Int32Array) {
    let bits = 4;
    while (1 << bits < names.length * SLOTS_PER_NAME) bits++;
    this.#shift = 32 - bits;
    this.#slots = new Int32Array(1 << bits).fill(-1);
    this.#scopes = scopes;
    this.#ends = new Int32Array(names.length);
    this.#bytes = Buffer.from(names.join(''), 'latin1');
    this.#longest = names.reduce((longest, name) => Math.max(longest, name.length), 0);
    let start = 0;
    names.forEach((name, id) => {
      this.#ends[id] = start + name.length;
      if (name === '') return;
      let slot = hash(scopes[id]!, this.#bytes, start, name.length) >>> this.#shift;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = id;
      start += name.length;
    });
  }

  /** The id of the name at `offset`, or -1. `offset + length` must not exceed the buffer. */
  find(scope: number, buf: Uint8Array, offset: number, length: number): number {
    if (length === 0 || length > this.#longest) return -1;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(scope, buf, offset, length) >>> this.#shift;
    for (;;) {
      const id = slots[slot]!;
      if (id === -1) return -1;
      if (this.#scopes[id] === scope && this.#isNamed(id, buf, offset, length)) return id;
      slot = (slot + 1) & mask;
    }
  }

  #isNamed(id: number, buf: Uint8Array, offset: number, length: number): boolean {
    const start = id === 0 ? 0 : this.#ends[id - 1]!;
    if (this.#ends[id]! - start !== length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) {
      if (FOLD[buf[offset + i]!] !== bytes[start + i]) return false;
    }
    return true;
  }
}

/** `| 32` folds letters and may merge other bytes, which costs a comparison and no more. */
function hash(scope: number, buf: Uint8Array, offset: number, length: number): number {
  const first = buf[offset]! | 32;
  const second = buf[offset + (length >> 2)]! | 32;
  const third = buf[offset + (length >> 1)]! | 32;
  const last = buf[offset + length - 1]! | 32;
  const mixed = (first << 8) ^ (second << 14) ^ (third << 20) ^ (last << 3) ^ length;
  return Math.imul(mixed + Math.imul(scope, 0x85ebca6b), 0x9e3779b1);
}
