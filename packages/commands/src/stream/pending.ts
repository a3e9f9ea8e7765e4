// XACK and XPENDING.

import { type PendingEntry, type StreamGroup, StreamId } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { PagedReply, SLICE_PAGE } from '../sliced-work.ts';
import { noGroup } from './group-access.ts';
import { ERR_STREAM_ID, readEndId, readIds, readStart, replyId } from './id-argument.ts';
import { stream } from './stream-value.ts';

/** XACK key group id [id ...]. */
export function xAck(c: CommandContext): Outcome {
  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  const group = entry === 0 ? null : stream.value.group(c.request.slice(2));
  if (group === null) {
    c.reply.integer(0);
    return DONE;
  }
  const ids = readIds(c, 3);
  if (ids === null) return c.fail(ERR_STREAM_ID);
  let acknowledged = 0;
  for (const id of ids) if (stream.value.acknowledge(group, id)) acknowledged++;
  if (acknowledged > 0) {
    stream.touch(c);
    c.changedAsAsked(entry);
  }
  c.reply.integer(acknowledged);
  return DONE;
}

const from = new StreamId();
const to = new StreamId();

/** What XPENDING asks for, as read last. */
const asked = { minIdleMs: 0, count: 0, consumerAt: 0 };

/** XPENDING key group [[IDLE min-idle-time] start end count [consumer]]. */
export function xPending(c: CommandContext): Outcome {
  const { argc } = c.request;
  if (argc !== 3 && (argc < 6 || argc > 9)) return c.fail(ERR_SYNTAX);
  const problem = argc === 3 ? '' : readRange(c);
  if (problem !== '') return c.fail(problem);
  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  const group = entry === 0 ? null : stream.value.group(c.request.slice(2));
  if (group === null) return c.fail(noGroup(c, 1, 2));
  return argc === 3 ? replySummary(c, group) : replyRange(c, group);
}

function readRange(c: CommandContext): string {
  const { request } = c;
  let at = 3;
  asked.minIdleMs = 0;
  if (request.is(3, 'idle')) {
    asked.minIdleMs = readInteger(c, 4);
    if (Number.isNaN(asked.minIdleMs)) return ERR_NOT_INTEGER;
    if (request.argc < 8) return ERR_SYNTAX;
    at += 2;
  }
  asked.count = readInteger(c, at + 2);
  if (Number.isNaN(asked.count)) return ERR_NOT_INTEGER;
  asked.consumerAt = at + 3 < request.argc ? at + 3 : 0;
  return readStart(c, at, from) || readEndId(c, at + 1, to);
}

function replySummary({ reply }: CommandContext, group: StreamGroup): Outcome {
  const { pending } = group;
  reply.array(4);
  reply.integer(pending.size);
  if (pending.first === null || pending.last === null) {
    reply.null();
    reply.null();
    reply.nullArray();
    return DONE;
  }
  replyId(reply, pending.first);
  replyId(reply, pending.last);
  const busy = group.consumers.filter((consumer) => consumer.pending.size > 0);
  reply.array(busy.length);
  for (const { name, pending } of busy) {
    reply.array(2);
    reply.bulk(name, 0, name.length);
    reply.text(String(pending.size));
  }
  return DONE;
}

function replyRange(c: CommandContext, group: StreamGroup): Outcome {
  const { reply, nowMs } = c;
  const { minIdleMs, count, consumerAt } = asked;
  const consumer = consumerAt === 0 ? null : group.consumer(c.request.slice(consumerAt));
  if (consumerAt !== 0 && consumer === null) {
    reply.array(0);
    return DONE;
  }
  const list = (consumer ?? group).pending;
  const found: PendingEntry[] = [];
  let entry = list.from(from);
  for (; entry !== null && found.length < count && entry.compare(to) <= 0; entry = list.next()) {
    if (minIdleMs === 0 || nowMs - entry.deliveredAtMs >= minIdleMs) found.push(entry);
  }
  const head = (): void => reply.array(found.length);
  const page = (first: number): number => {
    const end = Math.min(found.length, first + SLICE_PAGE);
    for (const entry of found.slice(first, end)) {
      const { name } = entry.consumer;
      reply.array(4);
      replyId(reply, entry);
      reply.bulk(name, 0, name.length);
      reply.integer(Math.max(0, nowMs - entry.deliveredAtMs));
      reply.integer(entry.deliveries);
    }
    return end < found.length ? end : 0;
  };
  return c.perform(new PagedReply(stream.value, head, page), found.length, 1);
}
