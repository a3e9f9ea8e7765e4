// SCAN: a walk over the keys of a database in pages.
//
// Keys lie in hash order inside a shard, and a cursor is a place in that order:
// shard * 2^32 + hash position. So it needs no state on the server, every key that is there
// during the whole walk is returned exactly once, however the table grows, and cursor 0 is both
// the start and the end, because no walk ever comes back to the first place of the first shard.

import { globMatch, SHARD_COUNT } from '@forgekv/base';
import { SHARD_END } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_INVALID_CURSOR, ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import type { KeyPage } from '../key-pages.ts';
import { DONE, NOT_HERE, type Outcome, PAGING } from '../outcome.ts';
import { readCursor } from '../scan-cursor.ts';
import {
  AWAY,
  asBuffer,
  FoundKeys,
  GATED,
  keyOf,
  PAGE_KEYS,
  SLICE_KEYS,
  walkSlice,
} from './key-walk.ts';
import { typeNamed } from './type-names.ts';

const DEFAULT_COUNT = 10;
/** Buckets and entries a call looks at in any case, where the database's keys are few. */
const MIN_STEPS = 16384;
/** The same per key asked for. */
const STEPS_PER_KEY = 10;

const found = new FoundKeys();

interface ScanOptions {
  readonly count: number;
  /** Null: every key. */
  readonly pattern: Buffer | null;
  /** Null: every type. */
  readonly type: number | null;
}

/** SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]. */
export function scan(c: CommandContext): Outcome {
  const cursor = readCursor(c, 1);
  if (cursor === null) return c.fail(ERR_INVALID_CURSOR);
  const options = parseOptions(c);
  if (typeof options === 'string') return c.fail(options);

  found.clear();
  const paged = c.pages.take<StoredPage>();
  if (paged !== null) {
    if ('problem' in paged) return c.fail(`ERR ${paged.problem}`);
    return replyPage(c, takePage(paged.value, options));
  }
  const next = walkPage(c, cursor, options);
  if (next === GATED) return c.refuse(NOT_HERE);
  if (next !== AWAY) return replyPage(c, next);
  const { shard, position } = away;
  const { pages, db, nowMs } = c;
  const wanted = Math.min(options.count, PAGE_KEYS);
  pages.begin(async () => ({ shard, page: await pages.read(shard, db, position, wanted, nowMs) }));
  return PAGING;
}

function replyPage(c: CommandContext, next: number): Outcome {
  c.reply.array(2);
  c.reply.text(String(next));
  found.reply(c);
  return DONE;
}

/** Keys of a shard that were read from its store, too. */
interface StoredPage {
  readonly shard: number;
  readonly page: KeyPage;
}

/** Collects the keys of a page in `found`; returns the next cursor. */
function takePage({ shard, page }: StoredPage, { pattern, type }: ScanOptions): number {
  for (const [i, key] of page.keys.entries()) {
    if (type !== null && page.types[i] !== type) continue;
    if (pattern === null || globMatch(pattern, asBuffer(key), false)) found.addKey(key);
  }
  return page.next < SHARD_END ? shard * SHARD_END + page.next : cursorAt(shard + 1, 0);
}

/** Where a walk cannot go on without a store: see AWAY. */
const away = { shard: 0, position: 0 };

function cursorAt(shard: number, position: number): number {
  return shard < SHARD_COUNT ? shard * SHARD_END + position : 0;
}

/**
 * Collects a page in `found`; returns the next cursor, GATED, or AWAY. A page ends before a shard
 * some of whose keys are only in its store, and then that shard's store is read for the next one.
 */
function walkPage(c: CommandContext, cursor: number, options: ScanOptions): number {
  const { count, pattern, type } = options;
  let visited = 0;
  const visit = (entry: number) => {
    visited++;
    if (type !== null && c.table.typeOf(entry) !== type) return;
    if (pattern === null || globMatch(pattern, keyOf(c, entry), false)) found.add(c, entry);
  };
  let steps = Math.max(MIN_STEPS, count * STEPS_PER_KEY);
  let shard = Math.floor(cursor / SHARD_END);
  let position = cursor % SHARD_END;
  while (shard < SHARD_COUNT && visited < count && steps > 0) {
    let next = SHARD_END;
    if (c.databases.keysOfShard(c.db, shard) > 0) {
      next = walkSlice(c, shard, position, Math.min(count - visited, SLICE_KEYS), visit);
      if (next === GATED) return GATED;
      steps -= c.scanner.steps;
    }
    if (next === AWAY) {
      if (visited > 0) break;
      away.shard = shard;
      away.position = position;
      return AWAY;
    }
    position = next;
    if (position >= SHARD_END) {
      shard++;
      position = 0;
    }
  }
  return cursorAt(shard, position);
}

/** Returns the options, or the text of an error. */
function parseOptions(c: CommandContext): ScanOptions | string {
  const { request } = c;
  let count = DEFAULT_COUNT;
  let pattern: Buffer | null = null;
  let type: number | null = null;
  for (let i = 2; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) return ERR_SYNTAX;
    if (request.is(i, 'count')) {
      const given = request.int64(i + 1);
      if (given === null) return ERR_NOT_INTEGER;
      if (given < 1n) return ERR_SYNTAX;
      count = Number(given);
    } else if (request.is(i, 'match')) {
      pattern = request.copy(i + 1);
      if (pattern.length === 1 && pattern[0] === 42) pattern = null;
    } else if (request.is(i, 'type')) {
      type = typeNamed(request.text(i + 1));
    } else {
      return ERR_SYNTAX;
    }
  }
  return { count, pattern, type };
}
