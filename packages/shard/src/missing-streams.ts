// Who waits with XREADGROUP for a stream that is gone is told so. A key can go in many ways (DEL,
// expiry, eviction, FLUSHALL, a value of another type), which all would have to look for those who
// wait; instead a few of those that wait are looked at ten times a second.

import type { CommandContext } from '@forgekv/commands';
import { TYPE_STREAM } from '@forgekv/keyspace';
import { databaseOf, type WaiterBook } from './waiter-book.ts';

const ROUND_MS = 100;
/** Those that wait that are looked at in a round. */
const MOST_LOOKS = 1000;

export interface MissingKey {
  readonly key: Buffer;
  readonly db: number;
  readonly shard: number;
}

export class MissingStreams {
  readonly #context: CommandContext;
  readonly #book: WaiterBook;
  /** The command that is told. */
  readonly #id: number;
  #nextMs = 0;
  #place = 0;

  constructor(context: CommandContext, book: WaiterBook, id: number) {
    this.#context = context;
    this.#book = book;
    this.#id = id;
  }

  /** Keys that somebody waits for who has to be told. */
  find(nowMs: number): MissingKey[] {
    if (nowMs < this.#nextMs) return [];
    this.#nextMs = nowMs + ROUND_MS;
    const missing: MissingKey[] = [];
    let passed = 0;
    let looks = 0;
    for (const [text, waiter] of this.#book.all()) {
      if (passed++ < this.#place) continue;
      if (++looks > MOST_LOOKS) {
        this.#place = passed - 1;
        return missing;
      }
      if (waiter.id !== this.#id) continue;
      const shard = this.#shardIfMissing(text, databaseOf(waiter), nowMs);
      if (shard < 0) continue;
      missing.push({ key: Buffer.from(text, 'latin1'), db: databaseOf(waiter), shard });
    }
    this.#place = 0;
    return missing;
  }

  /** The shard of a key that is no stream now; -1: it is, or that is not known. */
  #shardIfMissing(text: string, db: number, nowMs: number): number {
    const { table } = this.#context;
    const key = Buffer.from(text, 'latin1');
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    table.selectKey(key, view, 0, key.length, db);
    const { shard } = table;
    table.locks.lock(shard);
    const entry = table.find();
    let isMissing = entry === 0 && table.isComplete;
    if (entry !== 0) {
      const expireAtMs = table.expireAtMs(entry);
      const isExpired = expireAtMs !== 0 && expireAtMs <= nowMs;
      isMissing = isExpired || table.typeOf(entry) !== TYPE_STREAM;
    }
    if (table.gateOf(shard) !== 0) isMissing = false;
    table.locks.unlock(shard);
    return isMissing ? shard : -1;
  }
}
