// The notation of key positions in the family files, and what follows from it: the key specs of
// COMMAND INFO and the older first/last/step range. Finding keys in a request is elsewhere.
//
//   '1 RW insert'                     the argument at index 1 (the command's name is at 0)
//   '1..-1 RO access'                 from 1 to the last argument; '1..2' = both 1 and 2
//   '1..-1/2 OW update'               the same, every second one
//   '2:numkeys RO access'             index 2 holds the number of keys, which follow it
//   'STORE@6 OW update'               what follows the first STORE found from index 6 on; a
//                                     negative start searches backwards from the end
//   'STREAMS@1..half RO access'       what follows it to the end, but the first half only
//   '? RO access'                     cannot be told from the arguments alone
//
// Behind the place stand the access (RO, RW, OW = overwrites, RM = removes) and more flags, or
// not_key for a channel, which is routed like a key.
import type { KeyBegin, KeyFind, KeyFlag, KeySpec, LegacyRange } from './command-spec.ts';
import { KEY_FLAGS } from './command-spec.ts';

const PLACE = /^(?:(?<at>\d+)|(?<word>[A-Z]+)@(?<from>-?\d+))(?<find>:numkeys|\.\..+|\/.+)?$/;
const RANGE = /^(?:\.\.(?<last>-?\d+|half))?(?:\/(?<step>\d+))?$/;

/** Parses one key position; throws on a mistake in it, so that a broken catalog never starts. */
export function parseKeySpec(text: string): KeySpec {
  const [place = '', ...flags] = text.split(' ');
  for (const flag of flags) {
    if (!isKeyFlag(flag)) throw new Error(`key position '${text}': unknown flag '${flag}'`);
  }
  const keyFlags = KEY_FLAGS.filter((flag) => flags.includes(flag));
  if (place === '?') {
    return { begin: { kind: 'unknown' }, find: { kind: 'unknown' }, flags: keyFlags };
  }
  const parts = PLACE.exec(place)?.groups;
  if (parts === undefined) throw new Error(`key position '${text}' does not parse`);
  const begin: KeyBegin =
    parts.word === undefined
      ? { kind: 'index', at: Number(parts.at) }
      : { kind: 'keyword', word: parts.word, from: Number(parts.from) };
  return { begin, find: parseFind(parts.find ?? '', begin, text), flags: keyFlags };
}

/**
 * The plain range that covers as many keys as such a range can, and whether it names exactly the
 * keys of every call. Clients older than key specs know only this range.
 */
export function legacyRange(keys: readonly KeySpec[]): LegacyRange & { isExact: boolean } {
  const none = { first: 0, last: 0, step: 0 };
  let range: LegacyRange = none;
  let isExact = true;
  for (const key of keys) {
    const next = plainRange(key);
    if (key.flags.includes('not_key')) isExact = false;
    if (next === null) isExact = false;
    else if (range === none) range = next;
    else if (range.last + 1 === next.first && range.step === next.step) {
      range = { ...range, last: next.last };
    } else isExact = false;
  }
  return { ...range, isExact };
}

/** True when a plain range cannot describe the keys: the flag `movablekeys`. */
export function hasMovableKeys(keys: readonly KeySpec[]): boolean {
  return keys.some((key) => plainRange(key) === null || key.flags.includes('incomplete'));
}

function parseFind(find: string, begin: KeyBegin, text: string): KeyFind {
  if (find === ':numkeys') return { kind: 'keynum', numAt: 0, firstAt: 1, step: 1 };
  const parts = RANGE.exec(find)?.groups;
  if (parts === undefined) throw new Error(`key position '${text}' does not parse`);
  const step = Number(parts.step ?? 1);
  if (step < 1) throw new Error(`key position '${text}': a step is at least 1`);
  if (parts.last === undefined) return { kind: 'range', last: 0, step, limit: 0 };
  if (parts.last === 'half') return { kind: 'range', last: -1, step, limit: 2 };
  const last = Number(parts.last);
  if (last < 0) return { kind: 'range', last, step, limit: 0 };
  if (begin.kind !== 'index' || last < begin.at) {
    throw new Error(`key position '${text}' ends before it begins`);
  }
  return { kind: 'range', last: last - begin.at, step, limit: 0 };
}

function plainRange(key: KeySpec): LegacyRange | null {
  if (key.begin.kind !== 'index' || key.find.kind !== 'range' || key.find.limit > 1) return null;
  const { last, step } = key.find;
  return { first: key.begin.at, last: last < 0 ? last : key.begin.at + last, step };
}

function isKeyFlag(flag: string): flag is KeyFlag {
  return (KEY_FLAGS as readonly string[]).includes(flag);
}
