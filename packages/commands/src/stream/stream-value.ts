// The stream a command works on. Streams are always large values of their worker; fronts answer
// what needs none: wrong arguments, other types, keys that are missing.

import { invariant } from '@forgekv/base';
import { LargeStream } from '@forgekv/datatypes';
import { TYPE_STREAM } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { OTHER_TYPE } from '../outcome.ts';

/** One per thread. */
class OpenedStream {
  entry = 0;
  #stream: LargeStream | null = null;

  /** Opens a key; its entry, 0: there is none, or what `refuse` takes. */
  open(c: CommandContext, index: number): number {
    this.#stream = null;
    this.entry = c.openCollection(index, TYPE_STREAM);
    if (this.entry > 0) {
      invariant(c.collection instanceof LargeStream, 'a stream is a stream');
      this.#stream = c.collection;
    }
    return this.entry;
  }

  /** Of the key that was opened last, which has one. */
  get value(): LargeStream {
    return this.#stream!;
  }

  /**
   * Says that entries are about to be added to the stream that was opened last, or that a group
   * goes; false: not here, and nothing may have changed.
   */
  mayGrow(c: CommandContext): boolean {
    return c.blocking.mayTurn(c.table, TYPE_STREAM);
  }

  /** Makes a stream that nobody knows yet the value of the key that was opened last. */
  store(c: CommandContext, made: LargeStream): number {
    const stored = c.storeLarge(this.entry, TYPE_STREAM, made);
    if (stored > 0) {
      this.entry = stored;
      this.#stream = made;
    }
    return stored;
  }

  /** The stream was changed in place; `changed...` comes next. */
  touch(c: CommandContext): void {
    c.touchLarge(this.entry, this.value);
  }
}

export const stream = new OpenedStream();

/** A key as `openStreams` found it. */
export interface FoundStream {
  /** 0: there is none; OTHER_TYPE. */
  readonly entry: number;
  readonly value: LargeStream | null;
}

/** Opens so many keys from an argument on; what `refuse` takes where one is not within reach. */
export function openStreams(
  c: CommandContext,
  first: number,
  count: number,
): FoundStream[] | number {
  const found: FoundStream[] = [];
  for (let key = first; key < first + count; key++) {
    const entry = stream.open(c, key);
    if (entry < 0 && entry !== OTHER_TYPE) return entry;
    found.push({ entry, value: entry > 0 ? stream.value : null });
  }
  return found;
}

/** Counts reads of the keys from an argument on. */
export function countOpened(c: CommandContext, first: number, found: readonly FoundStream[]): void {
  for (const [i, { entry }] of found.entries()) c.countRead(entry, first + i);
}
