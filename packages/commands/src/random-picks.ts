// Random picks with a count, as SRANDMEMBER, HRANDFIELD, ZRANDMEMBER and SPOP make them: the
// argument, and fair choices among the elements of a packed collection. Large ones pick for
// themselves.

import type { Random } from '@forgekv/base';
import type { CommandContext } from './context.ts';
import { ERR_NOT_INTEGER } from './errors.ts';

const MOST = 9223372036854775807n;
const ERR_COUNT = `ERR value is out of range, value must between -${MOST} and ${MOST}`;
/** Counts above this are refused where every pick is two elements: ERR_OUT_OF_RANGE. */
export const MOST_PAIRS = MOST / 2n;
/** Of a bulk string with nothing in it. */
const LEAST_BULK_BYTES = 6;

/**
 * Reads a count: so many distinct elements; below 0: as many picks, each among all elements.
 * @returns the count, -(2^63 - 1) to 2^63 - 1, or an error reply
 */
export function readPickCount(c: CommandContext, index: number): bigint | string {
  const count = c.request.int64(index);
  if (count === null) return ERR_NOT_INTEGER;
  return count < -MOST ? ERR_COUNT : count;
}

/**
 * True when a reply of so many picks is more than a client may get, whatever they are; then the
 * client is to be closed, as by any reply that is too long.
 */
export function overflowsReply(c: CommandContext, picks: number): boolean {
  const { reply } = c;
  if (picks * LEAST_BULK_BYTES <= reply.mostBytes) return false;
  reply.position = reply.floor;
  reply.overflowed = true;
  return true;
}

/**
 * Chooses some of the elements that are passed one after the other, every choice of so many with
 * the same probability: selection sampling (Knuth 3.4.2, algorithm S). One per thread, reused.
 */
export class PickWalk {
  /** Elements that are still to be chosen. */
  needed = 0;
  #left = 0;
  #random: Random | null = null;

  /**
   * Begins a walk over `count` elements.
   * @param wanted at most `count` are chosen
   */
  begin(random: Random, count: number, wanted: number): void {
    this.#random = random;
    this.#left = count;
    this.needed = Math.min(wanted, count);
  }

  /** Whether the next element is chosen; asked once for each of them, in any order. */
  takes(): boolean {
    if (this.needed === 0) return false;
    if (this.#random!.below(this.#left--) >= this.needed) return false;
    this.needed--;
    return true;
  }
}
