// Memory for packed values under test: it moves a value whenever it grows, as the hot table may,
// and notices bytes written outside of it. Not a test itself.

import { invariant, type Random } from '@forgekv/base';
import { ElementBytes } from '../src/index.ts';

const ARENA_BYTES = 256 * 1024;
const GUARD_BYTES = 16;
const GUARD = 0xa5;

/** What all forms have in common here. */
interface Movable {
  rebase(bytes: Buffer, view: DataView, offset: number): void;
}

export class PackedArena {
  readonly bytes: Buffer;
  readonly view: DataView;
  offset = 0;
  length = 0;
  readonly #random: Random;

  constructor(random: Random) {
    const memory = new SharedArrayBuffer(ARENA_BYTES);
    this.bytes = Buffer.from(memory);
    this.view = new DataView(memory);
    this.#random = random;
    this.#place(0);
  }

  /** Makes room, moves the value, applies the edit, gives back what is left over. */
  edit(value: Movable, newLength: number, apply: () => void): void {
    if (newLength > this.length) {
      const from = this.offset;
      const kept = this.length;
      const old = Buffer.from(this.bytes.subarray(from, from + kept));
      this.#place(newLength);
      old.copy(this.bytes, this.offset);
    }
    value.rebase(this.bytes, this.view, this.offset);
    apply();
    if (newLength < this.length) {
      this.bytes.fill(GUARD, this.offset + newLength, this.offset + this.length);
      this.length = newLength;
    }
    invariant(this.isGuarded(), 'bytes outside of the value were written');
  }

  /** A copy of the value's bytes. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(this.offset, this.offset + this.length));
  }

  /** Takes over a value made elsewhere. */
  take(value: Buffer): void {
    this.#place(value.length);
    value.copy(this.bytes, this.offset);
  }

  isGuarded(): boolean {
    const end = this.offset + this.length;
    for (let i = 1; i <= GUARD_BYTES; i++) {
      if (this.bytes[this.offset - i] !== GUARD || this.bytes[end + i - 1] !== GUARD) return false;
    }
    return true;
  }

  #place(length: number): void {
    this.offset = GUARD_BYTES + 4 * this.#random.below((ARENA_BYTES - length) / 4 - 8);
    this.length = length;
    const { bytes, offset } = this;
    bytes.fill(GUARD, offset - GUARD_BYTES, offset + length + GUARD_BYTES);
  }
}

/** Text of latin1 characters as an element, at an odd place of its buffer. */
export function element(text: string): ElementBytes {
  const bytes = Buffer.from(`-${text}-------`, 'latin1');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return new ElementBytes().set(bytes, view, 1, bytes.length - 8);
}

/** Random text: usually short and of few letters, sometimes around 128 bytes, rarely long. */
export function randomText(random: Random, letters: number = 3): string {
  const dice = random.below(100);
  let length = random.below(8);
  if (dice < 5) length = 120 + random.below(20);
  else if (dice < 6) length = 300 + random.below(200);
  else if (dice < 20) length = random.below(40);
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(random.below(letters) * 127 + 1);
  return text;
}

/** Texts around the borders between the sizes of integers, and some that are none. */
export function randomInteger(random: Random): string {
  const power = random.below(65);
  const near = BigInt(random.below(5)) - 2n;
  const value = 2n ** BigInt(power) + near;
  const dice = random.below(20);
  if (dice === 0) return `0${value}`;
  if (dice === 1) return `${value}x`;
  return String(dice < 11 ? value : -value);
}
