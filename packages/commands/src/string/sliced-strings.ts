// Replies with large strings, in slices: the head of a bulk, then its bytes part by part, while the
// value is held. What changes a held string in place waits; who replaces or removes it need not.

import type { CommandContext } from '../context.ts';
import type { LargeValue } from '../large-values.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { bytesPerSlice, ELEMENT_BYTES, type SlicedWork } from '../sliced-work.ts';

/** Bytes of a value, null: the null reply. */
export interface StringPart {
  readonly bytes: Buffer | null;
  readonly offset: number;
  readonly length: number;
}

export const NO_STRING: StringPart = { bytes: null, offset: 0, length: 0 };

class SlicedStrings implements SlicedWork {
  readonly collections: readonly LargeValue[];
  readonly isPreparation = false;
  readonly #parts: readonly StringPart[];
  readonly #isArray: boolean;
  readonly #sliceBytes: number;
  #isBegun = false;
  #part = 0;
  /** Bytes of the part that are written; -1: not even its head. */
  #written = -1;

  /** @param held those of the parts' bytes that are large values */
  constructor(parts: readonly StringPart[], held: LargeValue[], isArray: boolean, slice: number) {
    this.collections = held;
    this.#parts = parts;
    this.#isArray = isArray;
    this.#sliceBytes = slice;
  }

  step(c: CommandContext): boolean {
    const { reply } = c;
    if (!this.#isBegun && this.#isArray) reply.array(this.#parts.length);
    this.#isBegun = true;
    const until = reply.position + this.#sliceBytes;
    while (this.#part < this.#parts.length && reply.position < until) {
      const { bytes, offset, length } = this.#parts[this.#part]!;
      if (bytes === null) {
        reply.null();
        this.#part++;
        continue;
      }
      if (this.#written < 0) {
        reply.bulkHead(length);
        this.#written = 0;
      }
      const count = Math.min(length - this.#written, Math.max(0, until - reply.position));
      reply.encoded(bytes, offset + this.#written, count);
      this.#written += count;
      if (this.#written < length) return false;
      reply.bulkEnd();
      this.#written = -1;
      this.#part++;
    }
    return this.#part === this.#parts.length;
  }

  detach(): void {}
}

/** True when a string is so long that its reply leaves in slices. */
export function isSliced(c: CommandContext, length: number): boolean {
  return length > c.sliceElements * ELEMENT_BYTES;
}

/**
 * Replies a large string that was opened last, or a part of it, at once or in slices.
 * @param counted reads that were counted already
 * @returns DONE, SLICED, or AWAITS: nothing was done, the command runs again
 */
export function replyLarge(
  c: CommandContext,
  offset: number,
  length: number,
  counted: number,
): Outcome {
  const bytes = c.valueBytes;
  if (!isSliced(c, length)) {
    c.reply.bulk(bytes, offset, length);
    return DONE;
  }
  return replyParts(c, [{ bytes, offset, length }], [bytes], false, counted);
}

/** The same for several, which may be no large ones: as an array, or the only one alone. */
export function replyParts(
  c: CommandContext,
  parts: readonly StringPart[],
  held: Buffer[],
  isArray: boolean,
  counted: number,
): Outcome {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (total > c.reply.mostBytes) {
    // Known before the first byte has left.
    c.reply.overflowed = true;
    return DONE;
  }
  const work = new SlicedStrings(parts, held, isArray, bytesPerSlice(c.sliceElements));
  return c.perform(work, Math.ceil(total / ELEMENT_BYTES), counted);
}
