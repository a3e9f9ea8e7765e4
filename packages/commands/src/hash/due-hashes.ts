// Hashes in which fields have expired that nobody asks for: noted by the sweeper of a worker while
// it holds a shard's lock, and opened afterwards as a command would, which removes those fields.

import type { CommandContext } from '../context.ts';
import { DONE, NOT_HERE } from '../outcome.ts';
import { hash } from './hash-value.ts';

/** More are left to the next sweep. */
const MOST_NOTED = 10_000;
/** Offset and length of the key, which is the only argument. */
const ONE_ARGUMENT = new Int32Array(2);

interface DueHash {
  readonly db: number;
  readonly key: Buffer;
}

/** One per worker. */
export class DueHashes {
  readonly #c: CommandContext;
  #noted: DueHash[] = [];

  constructor(c: CommandContext) {
    this.#c = c;
  }

  /**
   * For the sweeper, with the shard's lock held: when the first field of an entry's value expires.
   * Notes the key when that is by `nowMs`.
   * @returns Unix milliseconds, 0 = never
   */
  look(db: number, entry: number, nowMs: number): number {
    const c = this.#c;
    const { table } = c;
    const earliestMs = hash.earliestOf(c, entry);
    if (earliestMs !== 0 && earliestMs <= nowMs && this.#noted.length < MOST_NOTED) {
      const at = table.keyWord(entry) * 4;
      const key = Buffer.from(table.bytes.subarray(at, at + table.keyLength(entry)));
      this.#noted.push({ db, key });
    }
    return earliestMs;
  }

  /**
   * Removes the fields that are due by `nowMs` from the hashes that were noted. Between two
   * commands: it replaces the context's request, database and time.
   */
  remove(nowMs: number): void {
    const noted = this.#noted;
    if (noted.length === 0) return;
    this.#noted = [];
    const c = this.#c;
    const { noTouch } = c;
    c.nowMs = nowMs;
    c.noTouch = true;
    for (const { db, key } of noted) this.#open(db, key);
    c.noTouch = noTouch;
  }

  #open(db: number, key: Buffer): void {
    const c = this.#c;
    const { request, table } = c;
    request.source(key, new DataView(key.buffer, key.byteOffset, key.length), ONE_ARGUMENT);
    ONE_ARGUMENT[1] = key.length;
    request.first = 0;
    request.argc = 1;
    c.db = db;
    const shard = c.prehash(0);
    table.locks.lock(shard);
    // Whatever it answers: what is not within reach now is met again.
    const entry = hash.open(c, 0);
    c.endNotes(entry < 0 ? NOT_HERE : DONE);
    c.log?.endGroup();
    table.locks.unlock(shard);
    c.clearPrehashed(0);
  }
}
