// XREADGROUP: hands entries out to a consumer of a group, or shows it again what it has.

import {
  EntryCursor,
  type LargeStream,
  type StreamConsumer,
  type StreamGroup,
  StreamId,
} from '@forgekv/datatypes';
import { TYPE_STREAM } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { WRONG_TYPE } from '../errors.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import {
  EntriesReply,
  type EntryList,
  EntryRange,
  keyedHead,
  ListedEntries,
  type ReplySection,
} from './entries-reply.ts';
import {
  Claims,
  logConsumer,
  logGroupId,
  makeConsumer,
  noGroup,
  refusalOfClaims,
} from './group-access.ts';
import { ERR_STREAM_ID, readId } from './id-argument.ts';
import { readOptions } from './read-options.ts';
import { countOpened, openStreams, stream } from './stream-value.ts';

const ERR_LAST =
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of ' +
  'this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would ' +
  'just return an empty result set.';

const MOST = new StreamId().setMost();
const cursor = new EntryCursor();

/** A key that has something for the consumer. */
interface Source {
  readonly key: number;
  /** Null: new entries. */
  readonly historyFrom: StreamId | null;
}

/**
 * XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...]
 * id [id ...].
 */
export function xReadGroup(c: CommandContext): Outcome {
  const problem = readOptions.read(c, true);
  if (problem !== '') return c.fail(problem);
  const { firstKey, keys, timeoutMs } = readOptions;
  const sources: Source[] = [];
  let logged = 0;
  const opened = openStreams(c, firstKey, keys);
  if (typeof opened === 'number') return c.refuse(opened);
  for (const [i, { entry, value }] of opened.entries()) {
    const key = firstKey + i;
    const group = value?.group(c.request.slice(readOptions.groupAt)) ?? null;
    const historyFrom = readFrom(c, key + keys);
    let wrong = entry < 0 ? WRONG_TYPE : '';
    if (wrong === '' && group === null) wrong = noGroupToRead(c, key);
    if (wrong === '' && typeof historyFrom === 'string') wrong = historyFrom;
    if (wrong !== '' || value === null || group === null || typeof historyFrom === 'string') {
      countOpened(c, firstKey, opened.slice(0, i + 1));
      return c.fail(wrong);
    }
    if (historyFrom === null && !value.hasBehind(group.lastId)) continue;
    logged += Math.min(readOptions.count || Infinity, mostGiven(c, value, group, historyFrom));
    sources.push({ key, historyFrom });
  }
  if (sources.length === 0) {
    if (timeoutMs >= 0) {
      const wait = { first: firstKey, last: firstKey + keys - 1, target: 0, timeoutMs };
      const outcome = c.blocking.begin({ ...wait, type: TYPE_STREAM });
      if (outcome !== DONE) return outcome;
    }
    countOpened(c, firstKey, opened);
    countOpened(c, firstKey, opened);
    c.reply.nullArray();
    return DONE;
  }
  const refusal = refusalOfClaims(c, logged);
  if (refusal !== '') return c.fail(refusal);
  // Redis: it looks at each key twice.
  countOpened(c, firstKey, opened);
  countOpened(c, firstKey, opened);
  return readAll(c, sources);
}

/** The group at a key; null: there is none such; or what `refuse` takes. */
function openGroup(c: CommandContext, key: number): StreamGroup | null | number {
  const entry = stream.open(c, key);
  if (entry < 0) return entry;
  return entry === 0 ? null : stream.value.group(c.request.slice(readOptions.groupAt));
}

function noGroupToRead(c: CommandContext, key: number): string {
  return `${noGroup(c, key, readOptions.groupAt)} in XREADGROUP with GROUP option`;
}

/** The id behind which a consumer's own entries are asked for; null: new ones; or an error. */
function readFrom(c: CommandContext, index: number): StreamId | null | string {
  const given = c.request.text(index);
  if (given === '>') return null;
  if (given === '$') return ERR_LAST;
  const from = new StreamId();
  if (!readId(c, index, from)) return ERR_STREAM_ID;
  // Redis: the greatest id stands for `>`.
  return from.isMost ? null : from;
}

function mostGiven(
  c: CommandContext,
  value: LargeStream,
  group: StreamGroup,
  from: StreamId | null,
): number {
  if (from === null) return value.length;
  const consumer = group.consumer(c.request.slice(readOptions.groupAt + 1));
  return consumer === null ? 0 : consumer.pending.size;
}

/** Nothing can refuse it any more. */
function readAll(c: CommandContext, sources: readonly Source[]): Outcome {
  const sections: ReplySection[] = [];
  for (const { key, historyFrom } of sources) {
    const group = openGroup(c, key) as StreamGroup;
    // A key that is named twice has been read by now.
    if (historyFrom === null && !stream.value.hasBehind(group.lastId)) continue;
    const name = c.request.slice(readOptions.groupAt + 1);
    const known = group.consumer(name);
    const consumer = known ?? makeConsumer(c, group, name, key);
    const entries =
      historyFrom === null
        ? readNew(c, group, consumer, known === null)
        : readHistory(c, group, consumer, historyFrom, known === null);
    stream.touch(c);
    sections.push({ entries, key: c.request.copy(key) });
  }
  const work = new EntriesReply(sections, keyedHead(sections.length));
  return c.perform(work, work.elements);
}

/** Hands out what is behind the group's last id. */
function readNew(
  c: CommandContext,
  group: StreamGroup,
  consumer: StreamConsumer,
  isNew: boolean,
): EntryList {
  const { value } = stream;
  const { isNoAck, count: asked } = readOptions;
  const from = group.lastId.clone();
  from.increment();
  const count = value.countBetween(from, MOST, asked || Infinity);
  const entries = new EntryRange(value, from, MOST, false, count);
  if (isNew && isNoAck) logConsumer(c, group, consumer.name);
  const claims = new Claims(c, group, consumer, c.nowMs);
  const last = new StreamId();
  cursor.open(value, from, MOST, false);
  for (let i = 0; i < count && cursor.next(); i++) {
    group.entriesRead = value.readUpTo(group, cursor.id);
    group.lastId.copy(cursor.id);
    last.copy(cursor.id);
    if (isNoAck) continue;
    value.deliver(group, consumer, last, c.nowMs, 1);
    claims.add(last, 1);
  }
  value.seen(group, consumer, c.nowMs, true);
  value.setGroup(group, last, group.entriesRead);
  claims.flush();
  logGroupId(c, group);
  return entries;
}

/** Shows a consumer what it has behind an id: that counts as handed out once more. */
function readHistory(
  c: CommandContext,
  group: StreamGroup,
  consumer: StreamConsumer,
  after: StreamId,
  isNew: boolean,
): EntryList {
  const { value } = stream;
  const most = readOptions.count || Infinity;
  const from = after.clone();
  from.increment();
  const ids: StreamId[] = [];
  if (isNew) logConsumer(c, group, consumer.name);
  const claims = new Claims(c, group, consumer, c.nowMs);
  let entry = consumer.pending.from(from);
  for (; entry !== null && ids.length < most; entry = consumer.pending.next()) {
    ids.push(entry.clone());
    if (!value.has(entry)) continue;
    value.deliver(group, consumer, entry, c.nowMs, entry.deliveries + 1);
    claims.add(entry, entry.deliveries);
  }
  value.seen(group, consumer, c.nowMs, false);
  claims.flush();
  return new ListedEntries(value, ids);
}

/** True when the stream at an argument has something for the command, or an error. */
export function isReadGroupReady(c: CommandContext, key: number): boolean {
  readOptions.read(c, true);
  const group = openGroup(c, key);
  if (group === null || typeof group === 'number') return true;
  return stream.value.hasBehind(group.lastId);
}

/** Serves an XREADGROUP that waited for the stream at an argument. */
export function serveReadGroup(c: CommandContext, key: number): Outcome {
  readOptions.read(c, true);
  const group = openGroup(c, key);
  if (typeof group === 'number') return c.refuse(group);
  if (group === null) return c.fail(noGroupToRead(c, key));
  if (!stream.value.hasBehind(group.lastId)) return NOT_HERE;
  return readAll(c, [{ key, historyFrom: null }]);
}
