// The sparse form of a HyperLogLog: runs of equal registers, changed one register at a time. It
// splits and joins runs exactly as Redis does, so that the strings stay the same byte for byte.
//
//   00LLLLLL            L + 1 registers (1..64) are 0
//   01LLLLLL LLLLLLLL   L + 1 registers (1..16384) are 0
//   1VVVVVLL            L + 1 registers (1..4) are V + 1 (1..32)

import { HLL_HEAD_BYTES } from './hyperloglog.ts';
import { HLL_REGISTERS } from './hyperloglog-hash.ts';

/** Highest value of a register of the sparse form. */
export const HLL_SPARSE_MAX_RANK = 32;
/** A longer string cannot be sparse and whole: 2 bytes for each register at most. */
export const HLL_SPARSE_MOST_BYTES = HLL_HEAD_BYTES + 2 * HLL_REGISTERS;

const LONG_ZEROS = 0x40;
const VALUE = 0x80;
const MAX_SHORT_ZEROS = 64;
const MAX_VALUES = 4;
/** After a change so many runs are looked at for neighbours to join. */
const JOINED_RUNS = 5;

/** The register is at least that high already. */
export const HLL_UNCHANGED = 0;
export const HLL_CHANGED = 1;
/** The runs are damaged. */
export const HLL_DAMAGED = -1;
/** The sparse form cannot take the value, or would become too long; nothing has changed. */
export const HLL_FULL = -2;

/** Bytes of a run's code. */
export function sparseCodeBytes(code: number): number {
  return (code & 0xc0) === LONG_ZEROS ? 2 : 1;
}

/** Registers of the run whose code is `first`, and `second` where it has two bytes. */
export function sparseRunLength(first: number, second: number): number {
  if (first & VALUE) return (first & 3) + 1;
  return first & LONG_ZEROS ? (((first & 0x3f) << 8) | second) + 1 : first + 1;
}

/** The value of the registers of a run. */
export function sparseRank(code: number): number {
  return code & VALUE ? ((code >> 2) & 31) + 1 : 0;
}

/** The code of `length` (1..4) registers of a value (1..32). */
function valueCode(rank: number, length: number): number {
  return VALUE | ((rank - 1) << 2) | (length - 1);
}

/** Writes the runs of an empty HyperLogLog behind its head; returns its length in bytes. */
export function writeEmptySparse(bytes: Uint8Array, offset: number): number {
  writeZeros(bytes, offset + HLL_HEAD_BYTES, HLL_REGISTERS);
  return HLL_HEAD_BYTES + 2;
}

/** Writes the code of `length` zero registers; returns where it ends. */
function writeZeros(bytes: Uint8Array, at: number, length: number): number {
  if (length <= MAX_SHORT_ZEROS) {
    bytes[at] = length - 1;
    return at + 1;
  }
  bytes[at] = LONG_ZEROS | ((length - 1) >> 8);
  bytes[at + 1] = length - 1;
  return at + 2;
}

/** A sparse HyperLogLog of `length` bytes at the beginning of `bytes`, being changed. */
export class SparseHll {
  readonly bytes: Buffer;
  length = 0;
  // The run that covers a register, as `#find` leaves it.
  #at = 0;
  #previous = 0;
  #first = 0;
  #span = 0;
  readonly #codes = new Uint8Array(5);

  /** @param bytes with room for HLL_SPARSE_MOST_BYTES and four more */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /**
   * Raises a register to `rank` (1..51).
   * @param mostBytes the string must not grow beyond so many bytes
   * @returns HLL_UNCHANGED, HLL_CHANGED, HLL_DAMAGED or HLL_FULL
   */
  raise(register: number, rank: number, mostBytes: number): number {
    if (rank > HLL_SPARSE_MAX_RANK) return HLL_FULL;
    if (!this.#find(register)) return HLL_DAMAGED;
    const { bytes } = this;
    const at = this.#at;
    const code = bytes[at]!;
    const old = sparseRank(code);
    if (old >= rank) return HLL_UNCHANGED;
    if (this.#span === 1 && sparseCodeBytes(code) === 1) {
      bytes[at] = valueCode(rank, 1);
    } else {
      const added = this.#split(register, rank, old) - sparseCodeBytes(code);
      if (added > 0 && this.length + added > mostBytes) return HLL_FULL;
      if (this.length + added > HLL_SPARSE_MOST_BYTES) return HLL_DAMAGED;
      const behind = at + sparseCodeBytes(code);
      bytes.copyWithin(behind + added, behind, this.length);
      this.length += added;
      for (let i = 0; at + i < behind + added; i++) bytes[at + i] = this.#codes[i]!;
    }
    this.#join(this.#previous);
    return HLL_CHANGED;
  }

  /** Finds the run that covers a register; false: there is none. */
  #find(register: number): boolean {
    const { bytes, length } = this;
    let first = 0;
    let previous = HLL_HEAD_BYTES;
    let at = HLL_HEAD_BYTES;
    while (at < length) {
      const code = bytes[at]!;
      const codeBytes = sparseCodeBytes(code);
      if (at + codeBytes > length) return false;
      const span = sparseRunLength(code, bytes[at + 1]!);
      if (register < first + span) {
        this.#at = at;
        this.#previous = previous;
        this.#first = first;
        this.#span = span;
        return true;
      }
      previous = at;
      first += span;
      at += codeBytes;
    }
    return false;
  }

  /** Makes the codes of the run found with one register changed; returns how many bytes. */
  #split(register: number, rank: number, old: number): number {
    const codes = this.#codes;
    const before = register - this.#first;
    const behind = this.#span - before - 1;
    let end = 0;
    if (before > 0) end = this.#writeRun(end, old, before);
    codes[end++] = valueCode(rank, 1);
    if (behind > 0) end = this.#writeRun(end, old, behind);
    return end;
  }

  #writeRun(at: number, rank: number, length: number): number {
    if (rank === 0) return writeZeros(this.#codes, at, length);
    this.#codes[at] = valueCode(rank, length);
    return at + 1;
  }

  /** Joins neighbours of the same value, from the run before the changed one on. */
  #join(at: number): void {
    const { bytes } = this;
    for (let runs = 0; runs < JOINED_RUNS && at < this.length; runs++) {
      const code = bytes[at]!;
      const next = bytes[at + 1]!;
      const isPair = at + 1 < this.length && (code & next & VALUE) !== 0;
      if (isPair && sparseRank(code) === sparseRank(next)) {
        const length = (code & 3) + (next & 3) + 2;
        if (length <= MAX_VALUES) {
          bytes[at + 1] = valueCode(sparseRank(code), length);
          bytes.copyWithin(at, at + 1, this.length);
          this.length--;
          continue;
        }
      }
      at += sparseCodeBytes(code);
    }
  }
}
