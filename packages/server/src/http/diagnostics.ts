// What was slow, what is big and what is hot, as the console shows it: text for people, whatever
// bytes keys and arguments are made of.

import type { SlowLog } from '@forgekv/rings';

/** Each gives `most` at most, null where nobody keeps it. */
export interface Diagnostics {
  slowLog(most: number): readonly SlowCommand[] | null;
  bigKeys(most: number): readonly RankedKey[] | null;
  hotKeys(most: number): readonly RankedKey[] | null;
}

export interface SlowCommand {
  readonly atMs: number;
  readonly microseconds: number;
  /** With its arguments, cut and without secrets, as SLOWLOG GET has them. */
  readonly command: string;
  /** Its address, and its name when it has one. */
  readonly client: string;
}

/** A key with its bytes, or with how often it is used. */
export interface RankedKey {
  readonly db: number;
  readonly key: string;
  readonly value: number;
}

/** More of an argument is not shown. */
const MOST_CHARS = 64;

/** The newest entries, newest first. */
export function slowLogEntries(log: SlowLog, most: number): SlowCommand[] {
  return log.entries(most).map(({ unixSeconds, microseconds, args, address, name }) => ({
    atMs: unixSeconds * 1000,
    microseconds,
    command: args.map(printable).join(' '),
    client: name === '' ? address : `${address} ${name}`,
  }));
}

/** Bytes as text: those that are none, and controls, as dots; long ones cut. */
export function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const shown = text.replace(/[\p{Cc}\p{Cf}\ufffd]/gu, '·');
  return shown.length > MOST_CHARS ? `${shown.slice(0, MOST_CHARS)}…` : shown;
}
