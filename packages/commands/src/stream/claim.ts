// XCLAIM and XAUTOCLAIM: pending entries change hands.

import {
  type PendingEntry,
  type StreamConsumer,
  type StreamGroup,
  StreamId,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';
import { OTHER_TYPE, type Outcome } from '../outcome.ts';
import { PagedReply, SLICE_PAGE } from '../sliced-work.ts';
import { EntriesReply, ListedEntries, NO_HEAD } from './entries-reply.ts';
import {
  Claims,
  isReplayed,
  logAcknowledged,
  logGroupId,
  makeConsumer,
  noGroup,
  refusalOfClaims,
  shownText,
  timeOf,
} from './group-access.ts';
import { ERR_STREAM_ID, readCount, readId, readStart, replyId } from './id-argument.ts';
import { stream } from './stream-value.ts';

const ERR_CLAIM_IDLE = 'ERR Invalid min-idle-time argument for XCLAIM';
const ERR_AUTO_IDLE = 'ERR Invalid min-idle-time argument for XAUTOCLAIM';
const ERR_IDLE = 'ERR Invalid IDLE option argument for XCLAIM';
const ERR_TIME = 'ERR Invalid TIME option argument for XCLAIM';
const ERR_RETRY = 'ERR Invalid RETRYCOUNT option argument for XCLAIM';
const ERR_COUNT = 'ERR COUNT must be > 0';
/** Redis: XAUTOCLAIM looks at so many times the entries it is asked for. */
const ATTEMPTS = 10;
const USUAL_COUNT = 100;
const MOST_COUNT = Math.floor((2 ** 63 - 1) / 16);

/** What XCLAIM asks for, as read last. */
class ClaimOptions {
  minIdleMs = 0;
  ids: StreamId[] = [];
  force = false;
  justIds = false;
  /** NaN: now. */
  atMs = Number.NaN;
  /** Below 0: one more. */
  retryCount = -1;
  readonly lastId = new StreamId();

  /** Returns '' or an error reply. */
  read(c: CommandContext): string {
    this.minIdleMs = readInteger(c, 4);
    if (Number.isNaN(this.minIdleMs)) return ERR_CLAIM_IDLE;
    this.minIdleMs = Math.max(0, this.minIdleMs);
    this.ids = [];
    let i = 5;
    for (; i < c.request.argc; i++) {
      const id = new StreamId();
      if (!readId(c, i, id)) break;
      this.ids.push(id);
    }
    return this.#readOptions(c, i);
  }

  #readOptions(c: CommandContext, first: number): string {
    const { request } = c;
    this.force = false;
    this.justIds = false;
    this.atMs = Number.NaN;
    this.retryCount = -1;
    this.lastId.setLeast();
    for (let i = first; i < request.argc; i++) {
      const hasMore = i + 1 < request.argc;
      if (request.is(i, 'force')) {
        this.force = true;
      } else if (request.is(i, 'justid')) {
        this.justIds = true;
      } else if (hasMore && request.is(i, 'idle')) {
        const idleMs = readInteger(c, ++i);
        if (Number.isNaN(idleMs)) return ERR_IDLE;
        this.atMs = c.nowMs - idleMs;
      } else if (hasMore && request.is(i, 'time')) {
        this.atMs = readInteger(c, ++i);
        if (Number.isNaN(this.atMs)) return ERR_TIME;
      } else if (hasMore && request.is(i, 'retrycount')) {
        this.retryCount = readCount(c, ++i);
        if (Number.isNaN(this.retryCount)) return ERR_RETRY;
      } else if (hasMore && request.is(i, 'lastid')) {
        if (!readId(c, ++i, this.lastId)) return ERR_STREAM_ID;
      } else {
        return `ERR Unrecognized XCLAIM option '${shownText(c, i)}'`;
      }
    }
    return '';
  }

  /** When they count as handed out; Redis: what makes no sense is now, and -1 says nothing. */
  timeOf(c: CommandContext): number {
    const { atMs } = this;
    if (isReplayed(c)) return atMs;
    return atMs >= 0 && atMs <= c.nowMs ? atMs : c.nowMs;
  }
}

const options = new ClaimOptions();

/**
 * XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds]
 * [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id].
 */
export function xClaim(c: CommandContext): Outcome {
  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  const group = entry === 0 ? null : stream.value.group(c.request.slice(2));
  if (group === null) return c.fail(noGroup(c, 1, 2));
  const problem = options.read(c) || refusalOfClaims(c, options.ids.length);
  if (problem !== '') return c.fail(problem);

  const { value } = stream;
  const movesLast = options.lastId.compare(group.lastId) > 0;
  if (movesLast) value.setGroup(group, options.lastId, group.entriesRead);
  const atMs = options.timeOf(c);
  const taker = new Taker(c, group, 3, atMs);
  for (const id of options.ids) claimOne(c, taker, group, id, atMs);
  taker.end();
  if (movesLast && !taker.hasLogged) logGroupId(c, group);
  if (movesLast || taker.hasChanged) stream.touch(c);
  return replyTaken(c, taker.taken, options.justIds);
}

function claimOne(
  c: CommandContext,
  taker: Taker,
  group: StreamGroup,
  id: StreamId,
  atMs: number,
): void {
  const { value } = stream;
  const pending = group.pending.find(id);
  if (!value.has(id)) {
    if (pending !== null) taker.drop(pending);
    return;
  }
  if (pending === null && !options.force) return;
  const { minIdleMs, retryCount, justIds } = options;
  const isTooEarly =
    minIdleMs > 0 && pending !== null && c.nowMs - pending.deliveredAtMs < minIdleMs;
  if (isTooEarly) return;
  // Redis: one that is made by FORCE counts as handed out once before.
  const before = pending === null ? 1 : pending.deliveries;
  taker.take(id, atMs, retryCount >= 0 ? retryCount : justIds ? before : before + 1);
}

/** Hands entries to the consumer that is named by an argument, which is made when it gets one. */
class Taker {
  readonly taken: StreamId[] = [];
  readonly dropped: StreamId[] = [];
  hasLogged = false;
  readonly #c: CommandContext;
  readonly #group: StreamGroup;
  readonly #index: number;
  readonly #atMs: number;
  #consumer: StreamConsumer | null = null;
  #claims: Claims | null = null;

  constructor(c: CommandContext, group: StreamGroup, index: number, atMs: number) {
    this.#c = c;
    this.#group = group;
    this.#index = index;
    this.#atMs = atMs;
  }

  get hasChanged(): boolean {
    return this.taken.length + this.dropped.length > 0;
  }

  take(id: StreamId, atMs: number, deliveries: number): void {
    const c = this.#c;
    if (this.#consumer === null) {
      const name = c.request.slice(this.#index);
      this.#consumer = this.#group.consumer(name) ?? makeConsumer(c, this.#group, name, 1);
      this.#claims = new Claims(c, this.#group, this.#consumer, this.#atMs);
      const seenAtMs = isReplayed(c) ? atMs : timeOf(c);
      stream.value.seen(this.#group, this.#consumer, seenAtMs, true);
    }
    stream.value.deliver(this.#group, this.#consumer, id, atMs, deliveries);
    this.taken.push(id);
    this.#claims!.add(id, deliveries);
    this.hasLogged = true;
  }

  /** The entry is there no longer: it is not pending, either. */
  drop(entry: PendingEntry): void {
    this.dropped.push(entry.clone());
    stream.value.acknowledge(this.#group, entry);
  }

  end(): void {
    this.#claims?.flush();
    logAcknowledged(this.#c, this.#group, this.dropped);
  }
}

/** Replies entries, or only their ids, between what `head` and `tail` write. */
function replyTaken(
  c: CommandContext,
  taken: readonly StreamId[],
  justIds: boolean,
  head: () => void = NO_HEAD,
  tail: () => void = NO_HEAD,
): Outcome {
  const { reply } = c;
  if (!justIds) {
    const entries = new ListedEntries(stream.value, taken);
    return c.perform(new EntriesReply([{ entries, key: null }], head, tail), taken.length);
  }
  const idsHead = (): void => {
    head();
    reply.array(taken.length);
  };
  const page = (first: number): number => {
    const end = Math.min(taken.length, first + SLICE_PAGE);
    for (let i = first; i < end; i++) replyId(reply, taken[i]!);
    if (end === taken.length) tail();
    return end < taken.length ? end : 0;
  };
  return c.perform(new PagedReply(null, idsHead, page), taken.length);
}

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]. */
export function xAutoClaim(c: CommandContext): Outcome {
  const { request, reply } = c;
  // Redis: it looks at the key before anything else, but at its type later.
  const entry = stream.open(c, 1);
  if (entry < 0 && entry !== OTHER_TYPE) return c.refuse(entry);
  c.countRead(entry);
  const minIdleMs = Math.max(0, readInteger(c, 4));
  if (Number.isNaN(minIdleMs)) return c.fail(ERR_AUTO_IDLE);
  const from = new StreamId();
  const wrong = readStart(c, 5, from);
  if (wrong !== '') return c.fail(wrong);
  let count = USUAL_COUNT;
  let justIds = false;
  for (let i = 6; i < request.argc; i++) {
    if (request.is(i, 'count') && i + 1 < request.argc) {
      count = readInteger(c, ++i);
      if (!(count >= 1 && count <= MOST_COUNT)) return c.fail(ERR_COUNT);
    } else if (request.is(i, 'justid')) {
      justIds = true;
    } else {
      return c.fail(ERR_SYNTAX);
    }
  }
  if (entry === OTHER_TYPE) return c.wrongType();
  const group = entry === 0 ? null : stream.value.group(request.slice(2));
  if (group === null) return c.fail(noGroup(c, 1, 2));
  const refusal = refusalOfClaims(c, Math.min(count, group.pending.size));
  if (refusal !== '') return c.fail(refusal);

  const taker = new Taker(c, group, 3, c.nowMs);
  const next = takeIdle(c, taker, group, from, { minIdleMs, count, justIds });
  taker.end();
  if (taker.hasChanged) stream.touch(c);
  const { taken, dropped } = taker;
  const head = (): void => {
    reply.array(3);
    replyId(reply, next);
  };
  const tail = (): void => {
    reply.array(dropped.length);
    for (const id of dropped) replyId(reply, id);
  };
  return replyTaken(c, taken, justIds, head, tail);
}

/** Takes what is idle for long enough; returns the id to go on with, 0-0 at the end. */
function takeIdle(
  c: CommandContext,
  taker: Taker,
  { pending }: StreamGroup,
  from: StreamId,
  asked: { minIdleMs: number; count: number; justIds: boolean },
): StreamId {
  let { count } = asked;
  let attempts = count * ATTEMPTS;
  let entry = pending.from(from);
  while (entry !== null && count > 0 && attempts-- > 0) {
    const id = entry.clone();
    if (!stream.value.has(id)) {
      taker.drop(entry);
      count--;
      entry = pending.from(id);
      continue;
    }
    if (asked.minIdleMs === 0 || c.nowMs - entry.deliveredAtMs >= asked.minIdleMs) {
      taker.take(id, c.nowMs, entry.deliveries + (asked.justIds ? 0 : 1));
      count--;
    }
    entry = pending.next();
  }
  return entry === null ? new StreamId() : entry.clone();
}
