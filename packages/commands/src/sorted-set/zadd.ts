// ZADD and ZINCRBY.

import { parseFloat64 } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_FLOAT, ERR_SYNTAX } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { additions, addMembers } from './add-members.ts';

const ERR_NX_XX = 'ERR XX and NX options at the same time are not compatible';
const ERR_GT_LT = 'ERR GT, LT, and/or NX options at the same time are not compatible';
const ERR_INCR_PAIRS = 'ERR INCR option supports a single increment-element pair';

/** ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]. */
export function zadd(c: CommandContext): Outcome {
  additions.begin();
  const wrong = readAdditions(c);
  return wrong === '' ? addMembers(c) : c.fail(wrong);
}

/** ZINCRBY key increment member. Redis: an option of ZADD in place of the increment counts. */
export function zincrBy(c: CommandContext): Outcome {
  additions.begin();
  additions.increments = true;
  const wrong = readAdditions(c);
  return wrong === '' ? addMembers(c) : c.fail(wrong);
}

/** Reads options and scores; returns '' or an error. */
function readAdditions(c: CommandContext): string {
  const { request } = c;
  let at = 2;
  while (at < request.argc && readOption(c, at)) at++;
  const rest = request.argc - at;
  if (rest === 0 || rest % 2 !== 0) return ERR_SYNTAX;
  const { nx, xx, gt, lt, increments } = additions;
  if (nx && xx) return ERR_NX_XX;
  if ((gt && nx) || (lt && nx) || (gt && lt)) return ERR_GT_LT;
  if (increments && rest > 2) return ERR_INCR_PAIRS;
  additions.first = at + 1;
  additions.step = 2;
  additions.expect(rest / 2);
  for (let i = 0; i < additions.pairs; i++) {
    const index = at + 2 * i;
    const score = parseFloat64(request.bytes, request.offset(index), request.length(index));
    if (Number.isNaN(score)) return ERR_NOT_FLOAT;
    additions.scores[i] = score;
  }
  return '';
}

function readOption({ request }: CommandContext, index: number): boolean {
  // No option is a number, and most first arguments are.
  if (request.length(index) < 2 || request.bytes[request.offset(index)]! < 65) return false;
  if (request.is(index, 'nx')) additions.nx = true;
  else if (request.is(index, 'xx')) additions.xx = true;
  else if (request.is(index, 'gt')) additions.gt = true;
  else if (request.is(index, 'lt')) additions.lt = true;
  else if (request.is(index, 'ch')) additions.countsChanged = true;
  else if (request.is(index, 'incr')) additions.increments = true;
  else return false;
  return true;
}
