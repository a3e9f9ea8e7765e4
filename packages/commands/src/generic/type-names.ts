// What the types of entries are called by TYPE and SCAN.

import {
  TYPE_BLOOM,
  TYPE_COUNT_MIN,
  TYPE_CUCKOO,
  TYPE_HASH,
  TYPE_JSON,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_T_DIGEST,
  TYPE_TOP_K,
  TYPE_ZSET,
} from '@forgekv/keyspace';

const NAMES: ReadonlyMap<number, string> = new Map([
  [TYPE_STRING, 'string'],
  [TYPE_LIST, 'list'],
  [TYPE_SET, 'set'],
  [TYPE_ZSET, 'zset'],
  [TYPE_HASH, 'hash'],
  [TYPE_STREAM, 'stream'],
  [TYPE_BLOOM, 'MBbloom--'],
  [TYPE_CUCKOO, 'MBbloomCF'],
  [TYPE_COUNT_MIN, 'CMSk-TYPE'],
  [TYPE_TOP_K, 'TopK-TYPE'],
  [TYPE_T_DIGEST, 'TDIS-TYPE'],
  [TYPE_JSON, 'ReJSON-RL'],
]);

/** No type has it. */
export const UNKNOWN_TYPE = -1;

/** Returns the name of the type of a live entry. */
export function typeName(type: number): string {
  return NAMES.get(type) ?? 'none';
}

/** Returns the type of a name in letters of either case, or UNKNOWN_TYPE. */
export function typeNamed(name: string): number {
  const lower = name.toLowerCase();
  for (const [type, known] of NAMES) if (known.toLowerCase() === lower) return type;
  return UNKNOWN_TYPE;
}
