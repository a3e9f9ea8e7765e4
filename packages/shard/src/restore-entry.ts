// Makes entries of the hot table again from records of a store. Says nothing about where the
// records come from, or whether they are as the store has them now.

import {
  BIG_BYTES,
  COLD_BYTES,
  FLAG_COLD,
  FLAG_ENCODING_SHIFT,
  FLAG_STORED_LARGE,
  type HotTable,
  TYPE_HASH,
  TYPE_STRING,
} from '@forgekv/keyspace';
import { byteCountOf, decodeLarge, type RecordView } from '@forgekv/storage';

/**
 * Makes the entry of the selected key, which has none and is counted as being away.
 * @param mostBytes with its value when that is no longer; -1: without
 * @returns the entry, 0: there is no room
 */
export function restoreEntry(table: HotTable, record: RecordView, mostBytes: number): number {
  const { payload, type, expireAtMs, lsn } = record;
  const encoding = record.encoding << FLAG_ENCODING_SHIFT;
  if (!record.isLarge && payload.length <= mostBytes) {
    const entry = table.restore(type, payload.length, encoding, expireAtMs, lsn);
    if (entry !== 0) {
      table.bytes.set(payload, table.valueWord(entry) * 4);
      noteSize(table, entry, payload.length);
      // When fields of it expire, if any do, is for the sweeper to look up.
      if (type === TYPE_HASH) table.noteTimedParts(entry, 1);
      return entry;
    }
  }
  const flags = encoding | FLAG_COLD | (record.isLarge ? FLAG_STORED_LARGE : 0);
  const entry = table.restore(type, COLD_BYTES, flags, expireAtMs, lsn);
  if (entry === 0) return 0;
  const bytes = byteCountOf(record);
  table.words[table.valueWord(entry)] = bytes;
  noteSize(table, entry, bytes);
  if (record.isLarge && decodeLarge(payload) === null) table.miscount(table.shard);
  return entry;
}

/** The same where the record is damaged: the key stays, so that reading it says what is wrong. */
export function restoreDamaged(table: HotTable): number {
  const entry = table.restore(TYPE_STRING, COLD_BYTES, FLAG_COLD, 0, 0);
  if (entry === 0) return 0;
  table.words[table.valueWord(entry)] = 0;
  table.miscount(table.shard);
  return entry;
}

/** The biggest keys are those of stores, too. */
function noteSize(table: HotTable, entry: number, bytes: number): void {
  if (bytes < BIG_BYTES) return;
  table.big.note(table.shard, table.namespaceOf(entry), table.hashOf(entry), bytes);
}
