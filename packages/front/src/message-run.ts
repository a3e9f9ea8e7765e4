// Messages that leave for a connection behind each other. Connections that get the same ones in the
// same order, as those do who listen to the same channels, share the run and the bytes of it.

import type { MessagePart } from './message-form.ts';

/** A run up to this size leaves as a string, which is cheaper. */
const STRING_BYTES = 16 * 1024;
/** Pieces that are shorter are joined. */
const JOINED_BYTES = 4096;

export class MessageRun {
  readonly #before: MessageRun | null;
  readonly #part: MessagePart | null;
  readonly length: number;
  #next: MessageRun | null = null;
  #chunks: readonly (Buffer | string)[] | null = null;

  private constructor(before: MessageRun | null, part: MessagePart | null) {
    this.#before = before;
    this.#part = part;
    this.length = before === null || part === null ? 0 : before.length + part.length;
  }

  static empty(): MessageRun {
    return new MessageRun(null, null);
  }

  /** Returns this run with one more message, the same one when it was asked for just before. */
  with(part: MessagePart): MessageRun {
    if (this.#next === null || this.#next.#part !== part) this.#next = new MessageRun(this, part);
    return this.#next;
  }

  /** What to write; a string is latin-1. */
  get chunks(): readonly (Buffer | string)[] {
    this.#chunks ??= this.#join();
    return this.#chunks;
  }

  #join(): (Buffer | string)[] {
    const pieces = this.#pieces();
    if (this.length <= STRING_BYTES) return [Buffer.concat(pieces).toString('latin1')];
    const chunks: Buffer[] = [];
    let small: Buffer[] = [];
    for (const piece of pieces) {
      if (piece.length < JOINED_BYTES) {
        small.push(piece);
        continue;
      }
      if (small.length > 0) chunks.push(Buffer.concat(small));
      small = [];
      chunks.push(piece);
    }
    if (small.length > 0) chunks.push(Buffer.concat(small));
    return chunks;
  }

  #pieces(): Buffer[] {
    const parts: MessagePart[] = [];
    for (let run: MessageRun | null = this; run !== null; run = run.#before) {
      if (run.#part !== null) parts.push(run.#part);
    }
    return parts.reverse().flatMap(({ pieces }) => pieces);
  }
}
