// What was slow, what is big and what is hot, as the console shows it: text for people, whatever
// bytes keys and arguments are made of.

import { typeName } from '@forgekv/commands';
import { biggestKeys } from '@forgekv/keyspace';
import type { ServerView } from './server-view.ts';

/** Of each what is shown at most. */
const MOST_ENTRIES = 20;
/** More of a key or argument is not shown. */
const MOST_CHARS = 64;

/** Slow commands newest first, biggest keys and hottest keys first. */
export function diagnostics(view: ServerView): object {
  const { slowLog, hotKeys } = view.diagnostics;
  return {
    // Arguments are cut and without secrets, as SLOWLOG GET has them.
    slowLog: slowLog.entries(MOST_ENTRIES).map((entry) => ({
      atMs: entry.unixSeconds * 1000,
      microseconds: entry.microseconds,
      command: entry.args.map(printable).join(' '),
      client: entry.name === '' ? entry.address : `${entry.address} ${entry.name}`,
    })),
    bigKeys: biggestKeys(view.table, view.databases, MOST_ENTRIES).map((found) => ({
      key: printable(found.key),
      db: found.db,
      type: typeName(found.type),
      bytes: found.bytes,
    })),
    hotKeys: hotKeys(MOST_ENTRIES).map(({ key, db, perSecond }) => ({
      ...{ key: printable(key), db, perSecond },
    })),
  };
}

/** Bytes as text: those that are none, and controls, as dots; long ones cut. */
export function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const shown = text.replace(/[\p{Cc}\p{Cf}\ufffd]/gu, '·');
  return shown.length > MOST_CHARS ? `${shown.slice(0, MOST_CHARS)}…` : shown;
}
