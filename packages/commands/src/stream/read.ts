// XREAD: what came behind given ids.

import { type LargeStream, StreamId } from '@forgekv/datatypes';
import { TYPE_STREAM } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { WRONG_TYPE } from '../errors.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { EntriesReply, EntryRange, keyedHead, type ReplySection } from './entries-reply.ts';
import { ERR_STREAM_ID, readId } from './id-argument.ts';
import { readOptions } from './read-options.ts';
import { commandSaying } from './said-command.ts';
import { countOpened, openStreams, stream } from './stream-value.ts';

const ERR_NEW =
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> ' +
  'option.';

const MOST = new StreamId().setMost();

/** XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]. */
export function xRead(c: CommandContext): Outcome {
  const { request } = c;
  const problem = readOptions.read(c, false);
  if (problem !== '') return c.fail(problem);
  const { firstKey, keys, timeoutMs } = readOptions;
  const opened = openStreams(c, firstKey, keys);
  if (typeof opened === 'number') return c.refuse(opened);
  const sections: ReplySection[] = [];
  const said = new Map<number, string>();
  for (const [i, { entry, value }] of opened.entries()) {
    const idAt = firstKey + keys + i;
    const from = new StreamId();
    const given = request.text(idAt);
    let wrong = entry < 0 ? WRONG_TYPE : '';
    if (wrong === '' && given === '$') {
      if (value !== null) from.copy(value.lastId);
      said.set(idAt, from.toString());
    } else if (wrong === '' && given === '>') {
      wrong = ERR_NEW;
    } else if (wrong === '' && !readId(c, idAt, from)) {
      wrong = ERR_STREAM_ID;
    }
    if (wrong !== '') {
      countOpened(c, firstKey, opened.slice(0, i + 1));
      return c.fail(wrong);
    }
    if (value !== null) addSection(c, sections, firstKey + i, value, from);
  }
  if (sections.length === 0 && timeoutMs >= 0) {
    const command = said.size === 0 ? null : commandSaying(request, said);
    const wait = { first: firstKey, last: firstKey + keys - 1, target: 0, timeoutMs, command };
    const outcome = c.blocking.begin({ ...wait, type: TYPE_STREAM });
    if (outcome !== DONE) return outcome;
  }
  // Redis: it looks at each key twice.
  countOpened(c, firstKey, opened);
  countOpened(c, firstKey, opened);
  if (sections.length === 0) {
    c.reply.nullArray();
    return DONE;
  }
  const work = new EntriesReply(sections, keyedHead(sections.length));
  return c.perform(work, work.elements, 2 * opened.filter(({ entry }) => entry > 0).length);
}

function addSection(
  c: CommandContext,
  sections: ReplySection[],
  key: number,
  value: LargeStream,
  from: StreamId,
): void {
  if (!value.hasBehind(from)) return;
  from.increment();
  const count = value.countBetween(from, MOST, readOptions.count || Infinity);
  const entries = new EntryRange(value, from, MOST, false, count);
  sections.push({ entries, key: c.request.copy(key) });
}

/** True when the stream at an argument has something behind the id that is asked for. */
export function isReadReady(c: CommandContext, key: number): boolean {
  readOptions.read(c, false);
  const entry = stream.open(c, key);
  const from = new StreamId();
  return entry > 0 && readId(c, key + readOptions.keys, from) && stream.value.hasBehind(from);
}

/** Serves an XREAD that waited for the stream at an argument. */
export function serveRead(c: CommandContext, key: number): Outcome {
  readOptions.read(c, false);
  const entry = stream.open(c, key);
  if (entry <= 0) return c.refuse(entry || NOT_HERE);
  const sections: ReplySection[] = [];
  const from = new StreamId();
  readId(c, key + readOptions.keys, from);
  addSection(c, sections, key, stream.value, from);
  const work = new EntriesReply(sections, keyedHead(1));
  return sections.length === 0 ? NOT_HERE : c.perform(work, work.elements);
}
