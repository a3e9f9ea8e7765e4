// XINFO.

import {
  EntryCursor,
  type LargeStream,
  NEVER_MS,
  type PendingEntry,
  type StreamConsumer,
  type StreamGroup,
  StreamId,
  UNKNOWN_COUNT,
} from '@forgekv/datatypes';
import type { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import { ERR_NO_SUCH_KEY, ERR_NOT_INTEGER } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { replyEntry } from './entries-reply.ts';
import { noGroupOfKey } from './group-access.ts';
import { replyId } from './id-argument.ts';
import { stream } from './stream-value.ts';

const KEY = 2;
const GROUP = 3;
const USUAL_COUNT = 10;

const cursor = new EntryCursor();
const LEAST = new StreamId();

/** Opens the key; null: it is there, else what the command answers. */
function openKey(c: CommandContext): Outcome | null {
  const entry = stream.open(c, KEY);
  if (entry < 0) return c.refuse(entry);
  if (entry !== 0) return null;
  c.countRead(0, KEY);
  return c.fail(ERR_NO_SUCH_KEY);
}

/** XINFO GROUPS key. */
export function xInfoGroups(c: CommandContext): Outcome {
  const answered = openKey(c);
  if (answered !== null) return answered;
  c.countRead(stream.entry, KEY);
  const { reply } = c;
  const { value } = stream;
  reply.array(value.groupCount);
  for (const group of value.groups) {
    reply.map(6);
    reply.text('name');
    reply.bulk(group.name, 0, group.name.length);
    reply.text('consumers');
    reply.integer(group.consumerCount);
    reply.text('pending');
    reply.integer(group.pending.size);
    replyProgress(reply, value, group);
  }
  return DONE;
}

function replyProgress(reply: ReplyWriter, value: LargeStream, group: StreamGroup): void {
  reply.text('last-delivered-id');
  replyId(reply, group.lastId);
  reply.text('entries-read');
  if (group.entriesRead === UNKNOWN_COUNT) reply.null();
  else reply.integer(group.entriesRead);
  reply.text('lag');
  const lag = value.lagOf(group);
  if (lag === null) reply.null();
  else reply.integer(lag);
}

/** XINFO CONSUMERS key group. */
export function xInfoConsumers(c: CommandContext): Outcome {
  const answered = openKey(c);
  if (answered !== null) return answered;
  const group = stream.value.group(c.request.slice(GROUP));
  if (group === null) return c.fail(noGroupOfKey(c, KEY, GROUP));
  c.countRead(stream.entry, KEY);
  const { reply, nowMs } = c;
  reply.array(group.consumerCount);
  for (const { name, pending, seenAtMs, activeAtMs } of group.consumers) {
    reply.map(4);
    reply.text('name');
    reply.bulk(name, 0, name.length);
    reply.text('pending');
    reply.integer(pending.size);
    reply.text('idle');
    reply.integer(Math.max(0, nowMs - seenAtMs));
    reply.text('inactive');
    reply.integer(activeAtMs === NEVER_MS ? -1 : Math.max(0, nowMs - activeAtMs));
  }
  return DONE;
}

/** XINFO STREAM key [FULL [COUNT count]]. */
export function xInfoStream(c: CommandContext): Outcome {
  const answered = openKey(c);
  if (answered !== null) return answered;
  const { request, reply } = c;
  const isFull = request.argc > 3;
  let count = USUAL_COUNT;
  if (isFull) {
    const isRight = request.is(3, 'full') && (request.argc === 4 || request.argc === 6);
    if (!isRight || (request.argc === 6 && !request.is(4, 'count'))) {
      return c.fail(wrongSubcommand(c));
    }
    if (request.argc === 6) count = readInteger(c, 5);
    if (Number.isNaN(count)) return c.fail(ERR_NOT_INTEGER);
    if (count < 0) count = USUAL_COUNT;
  }
  c.countRead(stream.entry, KEY);
  const { value } = stream;
  reply.map(isFull ? 9 : 10);
  replyAbout(reply, value);
  if (isFull) replyFull(reply, value, count === 0 ? Infinity : count);
  else replyEdges(reply, value);
  return DONE;
}

function wrongSubcommand({ request }: CommandContext): string {
  const given = request.text(1).slice(0, 128);
  return `ERR unknown subcommand or wrong number of arguments for '${given}'. Try XINFO HELP.`;
}

function replyAbout(reply: ReplyWriter, value: LargeStream): void {
  reply.text('length');
  reply.integer(value.length);
  reply.text('radix-tree-keys');
  reply.integer(value.nodes.length);
  reply.text('radix-tree-nodes');
  // Redis: the nodes of its tree; here one per key, and a root.
  reply.integer(value.nodes.length + 1);
  reply.text('last-generated-id');
  replyId(reply, value.lastId);
  reply.text('max-deleted-entry-id');
  replyId(reply, value.maxDeletedId);
  reply.text('entries-added');
  reply.integer(value.entriesAdded);
  reply.text('recorded-first-entry-id');
  replyId(reply, value.firstId);
}

function replyEdges(reply: ReplyWriter, value: LargeStream): void {
  reply.text('groups');
  reply.integer(value.groupCount);
  for (const [name, isReverse] of [
    ['first-entry', false],
    ['last-entry', true],
  ] as const) {
    reply.text(name);
    if (cursor.openAll(value, isReverse).next()) replyEntry(reply, cursor);
    else reply.null();
  }
}

function replyFull(reply: ReplyWriter, value: LargeStream, count: number): void {
  reply.text('entries');
  reply.array(Math.min(count, value.length));
  cursor.openAll(value, false);
  for (let i = 0; i < count && cursor.next(); i++) replyEntry(reply, cursor);
  reply.text('groups');
  reply.array(value.groupCount);
  for (const group of value.groups) {
    reply.map(7);
    reply.text('name');
    reply.bulk(group.name, 0, group.name.length);
    replyProgress(reply, value, group);
    replyPending(reply, group, count, true);
    reply.text('consumers');
    reply.array(group.consumerCount);
    for (const consumer of group.consumers) replyConsumer(reply, consumer, count);
  }
}

function replyConsumer(reply: ReplyWriter, consumer: StreamConsumer, count: number): void {
  const { name, seenAtMs, activeAtMs } = consumer;
  reply.map(5);
  reply.text('name');
  reply.bulk(name, 0, name.length);
  reply.text('seen-time');
  reply.integer(seenAtMs);
  reply.text('active-time');
  reply.integer(activeAtMs);
  replyPending(reply, consumer, count, false);
}

function replyPending(
  reply: ReplyWriter,
  { pending }: StreamGroup | StreamConsumer,
  count: number,
  named: boolean,
): void {
  reply.text('pel-count');
  reply.integer(pending.size);
  reply.text('pending');
  const shown = Math.min(count, pending.size);
  reply.array(shown);
  let entry: PendingEntry | null = pending.from(LEAST);
  for (let i = 0; i < shown && entry !== null; i++, entry = pending.next()) {
    reply.array(named ? 4 : 3);
    replyId(reply, entry);
    if (named) reply.bulk(entry.consumer.name, 0, entry.consumer.name.length);
    reply.integer(entry.deliveredAtMs);
    reply.integer(entry.deliveries);
  }
}
