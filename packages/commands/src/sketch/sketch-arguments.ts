// Arguments that the commands of sketches have in common.

import { itemHash, parseFloat64 } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

/** An argument as an integer of 64 bits, beyond 2^53 about; NaN when it is none. */
export function integerAt({ request }: CommandContext, index: number): number {
  const value = request.int64(index);
  return value === null ? Number.NaN : Number(value);
}

/** An argument as a double; NaN when it is none. */
export function doubleAt({ request }: CommandContext, index: number): number {
  return parseFloat64(request.bytes, request.offset(index), request.length(index));
}

/** Hashes an argument that is an item. */
export function hashItem({ request }: CommandContext, index: number): void {
  itemHash.of(request.bytes, request.offset(index), request.length(index));
}
