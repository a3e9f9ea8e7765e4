// The TOPK commands.

import { createTopK, TopK } from '@forgekv/datatypes';
import { TYPE_TOP_K } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { doubleAt, integerAt } from './sketch-arguments.ts';
import { openSketch, sketch, TOO_LARGE } from './sketch-value.ts';

const ERR_MISSING = 'TopK: key does not exist';
const ERR_EXISTS = 'TopK: key already exists';
const ERR_MEMORY = 'ERR Insufficient memory to create topk data structure';
const ERR_ITEM = 'ERR Insufficient memory for the item';
const ERR_INCREMENT =
  'TopK: increment must be an integer greater or equal to 0 and smaller or equal to 100,000';
const MOST_INCREMENT = 100_000;
const MOST_SIDE = 2 ** 32 - 1;

/** TOPK.RESERVE key topk [width depth decay]. */
export function topKReserve(c: CommandContext): Outcome {
  const { request } = c;
  if (request.argc !== 3 && request.argc !== 6) return c.fail(wrongArity('topk.reserve'));
  const opened = c.open(1);
  if (opened < 0) return c.refuse(opened);
  if (opened > 0) return c.fail(ERR_EXISTS);
  const isShort = request.argc === 3;
  const k = integerAt(c, 2);
  const width = isShort ? 8 : integerAt(c, 3);
  const depth = isShort ? 7 : integerAt(c, 4);
  const decay = isShort ? 0.9 : doubleAt(c, 5);
  if (!(k >= 1)) return c.fail('TopK: invalid k');
  if (!(width >= 1 && width <= MOST_SIDE)) return c.fail('TopK: invalid width');
  if (!(depth >= 1 && depth <= MOST_SIDE)) return c.fail('TopK: invalid depth');
  if (!(decay > 0 && decay <= 1)) {
    return c.fail("TopK: invalid decay value. must be '<= 1' & '> 0'");
  }
  const entry = sketch.open(c, 1, TYPE_TOP_K);
  if (entry < 0) return c.refuse(entry);
  if (k > MOST_SIDE) return c.fail(ERR_MEMORY);
  const made = sketch.create(c, (memory, most) => createTopK(memory, k, width, depth, decay, most));
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) return c.fail(ERR_MEMORY);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, 'topk.reserve');
  c.reply.ok();
  return DONE;
}

/** TOPK.ADD key item [item ...]. */
export function topKAdd(c: CommandContext): Outcome {
  return add(c, 1, 'topk.add');
}

/** TOPK.INCRBY key item increment [item increment ...]. */
export function topKIncrBy(c: CommandContext): Outcome {
  if (c.request.argc % 2 === 1) return c.fail(wrongArity('topk.incrby'));
  for (let i = 3; i < c.request.argc; i += 2) {
    const increment = integerAt(c, i);
    if (!(increment >= 0 && increment <= MOST_INCREMENT)) return c.fail(ERR_INCREMENT);
  }
  return add(c, 2, 'topk.incrby');
}

/** @param step arguments of each item: it, and its increment perhaps */
function add(c: CommandContext, step: number, event: string): Outcome {
  const { request, reply } = c;
  const entry = sketch.open(c, 1, TYPE_TOP_K);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_MISSING);
  // Items come and go: it seldom stays as long as it is.
  sketch.detach(c);
  const list = new TopK(sketch.memory);
  const expelled: (Buffer | null | string)[] = [];
  for (let i = 2; i < request.argc; i += step) {
    const increment = step === 1 ? 1 : integerAt(c, i + 1);
    const isAdded = list.add(request.bytes, request.offset(i), request.length(i), increment);
    expelled.push(isAdded ? list.expelled : ERR_ITEM);
  }
  if (sketch.mustHop(c)) return c.refuse(NOT_HERE);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, event);
  reply.array(expelled.length);
  for (const item of expelled) {
    if (item === null) reply.null();
    else if (typeof item === 'string') reply.error(item);
    else reply.bulk(item, 0, item.length);
  }
  return DONE;
}

/** Opens the list; null: what the command answers is `answer`. */
let answer: Outcome = DONE;

function openList(c: CommandContext): TopK | null {
  const memory = openSketch(c, 1, TYPE_TOP_K);
  if (memory !== null && typeof memory !== 'number') {
    c.countRead(1);
    return new TopK(memory);
  }
  if (memory === null) c.countRead(0);
  answer = memory === null ? c.fail(ERR_MISSING) : c.refuse(memory);
  return null;
}

/** TOPK.QUERY key item [item ...]. */
export function topKQuery(c: CommandContext): Outcome {
  const { request, reply } = c;
  const list = openList(c);
  if (list === null) return answer;
  reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    reply.boolean(list.has(request.bytes, request.offset(i), request.length(i)));
  }
  return DONE;
}

/** TOPK.COUNT key item [item ...]. */
export function topKCount(c: CommandContext): Outcome {
  const { request, reply } = c;
  const list = openList(c);
  if (list === null) return answer;
  reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    reply.integer(list.countOf(request.bytes, request.offset(i), request.length(i)));
  }
  return DONE;
}

/** TOPK.LIST key [WITHCOUNT]. */
export function topKList(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.argc > 3) return c.fail(wrongArity('topk.list'));
  const withCount = request.argc === 3;
  if (withCount && !request.is(2, 'withcount')) return c.fail('WITHCOUNT keyword expected');
  const list = openList(c);
  if (list === null) return answer;
  const listed = list.list();
  reply.array(listed.length * (withCount ? 2 : 1));
  for (const { item, count } of listed) {
    reply.bulk(item, 0, item.length);
    if (withCount) reply.integer(count);
  }
  return DONE;
}

/** TOPK.INFO key. */
export function topKInfo(c: CommandContext): Outcome {
  const { reply } = c;
  const list = openList(c);
  if (list === null) return answer;
  reply.map(4);
  reply.simple('k');
  reply.integer(list.k);
  reply.simple('width');
  reply.integer(list.width);
  reply.simple('depth');
  reply.integer(list.depth);
  reply.simple('decay');
  reply.double(list.decay);
  return DONE;
}
