// Keys, and flags of keys, that no key spec can describe: one function for each such command.
import { type ArgReader, isWord } from './argument-text.ts';
import type { KeyFlag } from './command-spec.ts';
import { type IndexList, KEYS_INVALID, pushRange } from './key-list.ts';

/**
 * Writes the indexes of the keys to `out` and, if given, the key spec of each to `specIndexes`.
 * Returns their number or KEYS_INVALID.
 */
type SpecialKeys = (
  argc: number,
  argText: ArgReader,
  out: IndexList,
  specIndexes: number[] | null,
) => number;

/** Commands whose keys no key spec can describe. */
export const SPECIAL_KEYS: ReadonlyMap<string, SpecialKeys> = new Map([
  ['SORT', sortKeys],
  ['MIGRATE', migrateKeys],
]);

/** Commands whose use of the key depends on other arguments. */
export const VARIABLE_FLAGS: ReadonlyMap<string, (argc: number, argText: ArgReader) => KeyFlag[]> =
  new Map([
    ['SET', setFlags],
    ['BITFIELD', bitfieldFlags],
  ]);

/** SORT key ... STORE destination, where the last STORE counts and BY, GET, LIMIT take values. */
function sortKeys(
  argc: number,
  argText: ArgReader,
  out: IndexList,
  specIndexes: number[] | null,
): number {
  if (argc < 2) return 0;
  let destination = 0;
  for (let i = 2; i < argc; i++) {
    const arg = argText(i);
    if (isWord(arg, 'LIMIT')) i += 2;
    else if (isWord(arg, 'GET') || isWord(arg, 'BY')) i += 1;
    else if (isWord(arg, 'STORE') && i + 1 < argc) destination = ++i;
  }
  out[0] = 1;
  if (specIndexes !== null) specIndexes.push(0, 2);
  if (destination === 0) return 1;
  out[1] = destination;
  return 2;
}

/**
 * MIGRATE host port key ..., or an empty key and KEYS with all the keys behind it, which have the
 * flags of the first key spec.
 */
function migrateKeys(
  argc: number,
  argText: ArgReader,
  out: IndexList,
  specIndexes: number[] | null,
): number {
  if (argc < 4) return 0;
  for (let i = 6; i < argc; i++) {
    const arg = argText(i);
    if (isWord(arg, 'AUTH')) i += 1;
    else if (isWord(arg, 'AUTH2')) i += 2;
    else if (isWord(arg, 'KEYS')) {
      if (argText(3).length > 0) return KEYS_INVALID;
      const count = pushRange(out, 0, i + 1, argc - 1, 1);
      if (specIndexes !== null) for (let k = 0; k < count; k++) specIndexes[k] = 0;
      return count;
    }
  }
  out[0] = 3;
  if (specIndexes !== null) specIndexes.push(0);
  return 1;
}

function setFlags(argc: number, argText: ArgReader): KeyFlag[] {
  for (let i = 3; i < argc; i++) {
    if (isWord(argText(i), 'GET')) return ['RW', 'access', 'update'];
  }
  return ['OW', 'update'];
}

function bitfieldFlags(argc: number, argText: ArgReader): KeyFlag[] {
  for (let i = 2; i < argc; i++) {
    const arg = argText(i);
    if (isWord(arg, 'GET') && i + 2 < argc) i += 2;
    else if (isWord(arg, 'OVERFLOW') && i + 1 < argc) i += 1;
    else return ['RW', 'access', 'update'];
  }
  return ['RO', 'access'];
}
