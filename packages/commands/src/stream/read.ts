// XREAD: what came behind given ids.

import { StreamId } from '@forgekv/datatypes';
import { TYPE_STREAM } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { EntriesReply, EntryRange, keyedHead, type ReplySection } from './entries-reply.ts';
import { ERR_STREAM_ID, readId } from './id-argument.ts';
import { readOptions } from './read-options.ts';
import { commandSaying } from './said-command.ts';
import { stream } from './stream-value.ts';

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
  const sections: ReplySection[] = [];
  const said = new Map<number, string>();
  const found: number[] = [];
  for (let key = firstKey; key < firstKey + keys; key++) {
    const entry = stream.open(c, key);
    if (entry < 0) return c.refuse(entry);
    found.push(entry);
    const from = new StreamId();
    const given = request.text(key + keys);
    if (given === '$') {
      if (entry > 0) from.copy(stream.value.lastId);
      said.set(key + keys, from.toString());
    } else if (given === '>') {
      return c.fail(ERR_NEW);
    } else if (!readId(c, key + keys, from)) {
      return c.fail(ERR_STREAM_ID);
    }
    if (entry > 0) addSection(c, sections, key, from);
  }
  if (sections.length === 0 && timeoutMs >= 0) {
    const command = said.size === 0 ? null : commandSaying(request, said);
    const wait = { first: firstKey, last: firstKey + keys - 1, target: 0, timeoutMs, command };
    const outcome = c.blocking.begin({ ...wait, type: TYPE_STREAM });
    if (outcome !== DONE) return outcome;
  }
  for (const [i, entry] of found.entries()) c.countRead(entry, firstKey + i);
  if (sections.length === 0) {
    c.reply.nullArray();
    return DONE;
  }
  const work = new EntriesReply(sections, keyedHead(sections.length));
  return c.perform(work, work.elements, found.length);
}

function addSection(
  c: CommandContext,
  sections: ReplySection[],
  key: number,
  from: StreamId,
): void {
  const { value } = stream;
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
  addSection(c, sections, key, from);
  const work = new EntriesReply(sections, keyedHead(1));
  return sections.length === 0 ? NOT_HERE : c.perform(work, work.elements);
}
