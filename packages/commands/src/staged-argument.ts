// A large argument whose bytes are in the thread's log, and perhaps in a value, before its command
// is executed, and how its effect is written then. Who does that, part by part, is the worker.

import type { HotTable } from '@forgekv/keyspace';
import type { StagedBytes, WalStaging, WalWriter } from '@forgekv/storage';
import type { Request } from './request.ts';

const CRLF_BYTES = 2;

export interface StagedArgument {
  /** Where it lies in the request's bytes. */
  readonly offset: number;
  readonly length: number;
  /** A string of these bytes for whoever stores the argument as a whole, null: there is none. */
  readonly value: Buffer | null;
  readonly bytes: StagedBytes;
}

export const NOTHING_STAGED: readonly StagedArgument[] = [];

/**
 * Refers to arguments, in the order of the request, that lie in [from, end) of it; the effect of
 * that lsn comes next.
 * @param before bytes of the effect that come before those from `from` on
 * @returns those that the effect leaves out
 */
export function referWithin(
  staging: WalStaging,
  staged: readonly StagedArgument[],
  from: number,
  end: number,
  before: number,
  shard: number,
  lsn: number,
): readonly StagedArgument[] {
  const inside = staged.filter(
    ({ offset, length, bytes }) =>
      offset >= from && offset + length <= end && staging.isGood(bytes),
  );
  let at = before - from;
  for (const { offset, length, bytes } of inside) {
    staging.refer(bytes, shard, lsn, at + offset);
    at -= length;
  }
  return inside;
}

/** Writes the bytes of a request in [from, end) without some arguments, to the effect begun. */
export function writeWithout(
  writer: WalWriter,
  without: readonly StagedArgument[],
  { bytes, view }: Request,
  from: number,
  end: number,
): void {
  let at = from;
  for (const { offset, length } of without) {
    writer.writeRange(bytes, view, at, offset - at);
    at = offset + length;
  }
  writer.writeRange(bytes, view, at, end - at);
}

/** Length of the line before an argument of so many bytes. */
export function headBytes(length: number): number {
  return 1 + String(length).length + CRLF_BYTES;
}

/**
 * Refers to the argument that an entry's string was made of; false: it was made of none.
 * @param head bytes of the effect before its key
 */
export function referValue(
  staging: WalStaging,
  all: readonly StagedArgument[],
  table: HotTable,
  entry: number,
  shard: number,
  value: Buffer,
  length: number,
  head: number,
): boolean {
  const staged = all.find((one) => one.value === value && one.length === length);
  if (staged === undefined || !staging.isGood(staged.bytes)) return false;
  const key = table.keyLength(entry);
  const at = head + headBytes(key) + key + CRLF_BYTES + headBytes(length);
  staging.refer(staged.bytes, shard, table.lsnOf(entry), at);
  return true;
}
