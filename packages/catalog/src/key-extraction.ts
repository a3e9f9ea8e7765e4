// Finds the arguments of a request that are keys. It is told only how many arguments there are
// and reads single ones when it must; numbers that a client claims are checked before use.
//
// Redis: `PFMERGE dest` and the like, where a range of keys may be empty, give the keys there are
// instead of an error, and a key count must be plain digits, where Redis takes what atoi makes of
// it (the command then fails either way).
import { type ArgReader, isWord, parseCount } from './argument-text.ts';
import type { CommandSpec, KeyBegin, KeyFind, KeyFlag } from './command-spec.ts';
import type { CommandTable } from './command-table.ts';
import { type IndexList, KEYS_INVALID, pushRange } from './key-list.ts';
import { SPECIAL_KEYS, VARIABLE_FLAGS } from './special-keys.ts';

/** A key among the arguments and what the command does to it. */
export interface KeyUse {
  readonly index: number;
  readonly flags: readonly KeyFlag[];
}

/**
 * Writes the indexes of all keys to `out` and returns how many there are: 0 for a command without
 * keys, KEYS_INVALID when a key count is wrong; the command itself will then report the error.
 * For a subcommand `argc` and the indexes count the container too. Channels are no keys here. Keys
 * that follow from data, as in SORT BY, are not found.
 * @param argc number of arguments with the name
 * @param argText called only for commands whose keys depend on the arguments' contents
 */
export function extractKeys(
  table: CommandTable,
  id: number,
  argc: number,
  argText: ArgReader,
  out: IndexList,
): number {
  if (table.isKeyRangeExact[id] === 0) {
    return collectKeys(table.specs[id]!, argc, argText, out, null);
  }
  const first = table.firstKey[id]!;
  if (first === 0) return 0;
  return pushRange(out, 0, first, lastIndex(table.lastKey[id]!, argc), table.keyStep[id]!);
}

/** The keys with their flags, or null when a key count is wrong. */
export function extractKeysAndFlags(
  table: CommandTable,
  id: number,
  argc: number,
  argText: ArgReader,
): KeyUse[] | null {
  const spec = table.specs[id]!;
  const indexes: number[] = [];
  const specIndexes: number[] = [];
  const count = collectKeys(spec, argc, argText, indexes, specIndexes);
  if (count === KEYS_INVALID) return null;
  return indexes.slice(0, count).map((index, i) => {
    const { flags } = spec.keys[specIndexes[i]!]!;
    if (!flags.includes('variable_flags')) return { index, flags };
    return { index, flags: VARIABLE_FLAGS.get(spec.upperName)?.(argc, argText) ?? flags };
  });
}

/** The general way. `specIndexes`, if given, gets the key spec each key was found by. */
function collectKeys(
  spec: CommandSpec,
  argc: number,
  argText: ArgReader,
  out: IndexList,
  specIndexes: number[] | null,
): number {
  const special = SPECIAL_KEYS.get(spec.upperName);
  if (special !== undefined) return special(argc, argText, out, specIndexes);
  let count = 0;
  for (let i = 0; i < spec.keys.length; i++) {
    const { begin, find, flags } = spec.keys[i]!;
    if (find.kind === 'unknown' || flags.includes('not_key')) continue;
    const start = findBegin(begin, argc, argText);
    if (start < 0) continue;
    const before = count;
    count = pushFound(find, start, argc, argText, out, count);
    if (count === KEYS_INVALID) return KEYS_INVALID;
    if (specIndexes !== null) for (let k = before; k < count; k++) specIndexes[k] = i;
  }
  return count;
}

/** The argument index where the search starts, -1 if there is none. */
function findBegin(begin: KeyBegin, argc: number, argText: ArgReader): number {
  if (begin.kind === 'index') return begin.at;
  if (begin.kind === 'unknown') return -1;
  const step = begin.from < 0 ? -1 : 1;
  for (let i = begin.from < 0 ? argc + begin.from : begin.from; i > 0 && i < argc; i += step) {
    if (isWord(argText(i), begin.word)) return i + 1;
  }
  return -1;
}

function pushFound(
  find: KeyFind,
  start: number,
  argc: number,
  argText: ArgReader,
  out: IndexList,
  count: number,
): number {
  if (find.kind === 'unknown' || start >= argc) return count;
  if (find.kind === 'range') {
    const { last, step, limit } = find;
    const stop = limit > 1 ? start + Math.floor((argc - start) / limit) - 1 : argc + last;
    return pushRange(out, count, start, last < 0 ? stop : Math.min(start + last, argc - 1), step);
  }
  const numAt = start + find.numAt;
  const keyCount = numAt < argc ? parseCount(argText(numAt)) : -1;
  const first = start + find.firstAt;
  const last = first + (keyCount - 1) * find.step;
  // The claimed count is compared with the arguments that are there before anything is written.
  if (keyCount < 0 || last >= argc) return KEYS_INVALID;
  // None may be meant (EVAL), but not beside another key (ZINTERSTORE): as Redis, no keys then.
  if (keyCount === 0 && count > 0) return KEYS_INVALID;
  return pushRange(out, count, first, last, find.step);
}

function lastIndex(last: number, argc: number): number {
  return last < 0 ? argc + last : Math.min(last, argc - 1);
}
