// PFADD.

import {
  denseRegister,
  HLL_CHANGED,
  HLL_DAMAGED,
  HLL_DENSE,
  HLL_FULL,
  hllForm,
  hllPlace,
  setDenseRegister,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import {
  beginEmpty,
  ERR_DAMAGED,
  failDamaged,
  keep,
  loadSparse,
  registers,
  reserveDense,
  sparse,
  sparseMostBytes,
  spreadSparse,
  storeDense,
  storeSparse,
  whyNotHll,
} from './hll-value.ts';

/** PFADD key [element [element ...]]: 1 when the estimate may have changed. */
export function pfAdd(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  const wrong = whyNotHll(c, entry);
  if (wrong !== null) return c.fail(wrong);
  if (entry === 0) {
    beginEmpty();
  } else if (hllForm(c.valueBytes, c.valueOffset) === HLL_DENSE) {
    return addToDense(c, entry);
  } else if (!loadSparse(c)) {
    return failDamaged(c, entry);
  }
  return addToSparse(c, entry);
}

/** Register times 64 plus rank of the element at an argument index. */
function placeOf(c: CommandContext, index: number): number {
  const { request } = c;
  return hllPlace(request.bytes, request.offset(index), request.length(index));
}

function addToDense(c: CommandContext, entry: number): Outcome {
  let stored = 0;
  for (let i = 2; i < c.request.argc; i++) {
    const place = placeOf(c, i);
    const register = place >> 6;
    const rank = place & 63;
    if (denseRegister(c.valueBytes, c.valueOffset, register) >= rank) continue;
    if (stored === 0) {
      stored = reserveDense(c, entry);
      if (stored < 0) return c.refuse(stored);
    }
    setDenseRegister(c.valueBytes, c.valueOffset, register, rank);
  }
  return stored === 0 ? replyUnchanged(c, entry) : replyChanged(c, stored);
}

/** Works on `sparse`; `entry` is the key's, or 0. */
function addToSparse(c: CommandContext, entry: number): Outcome {
  const mostBytes = sparseMostBytes(c);
  let isChanged = entry === 0;
  for (let i = 2; i < c.request.argc; i++) {
    const place = placeOf(c, i);
    const answer = sparse.raise(place >> 6, place & 63, mostBytes);
    if (answer === HLL_FULL) return promote(c, entry, i);
    if (answer === HLL_DAMAGED) return isChanged ? failChanged(c, entry) : failDamaged(c, entry);
    if (answer === HLL_CHANGED) isChanged = true;
  }
  return isChanged ? replyChanged(c, storeSparse(c, entry)) : replyUnchanged(c, entry);
}

/** The elements from an argument index on go to a dense HyperLogLog. */
function promote(c: CommandContext, entry: number, index: number): Outcome {
  if (!spreadSparse()) return failDamaged(c, entry);
  for (let i = index; i < c.request.argc; i++) {
    const place = placeOf(c, i);
    const register = place >> 6;
    registers[register] = Math.max(registers[register]!, place & 63);
  }
  return replyChanged(c, storeDense(c, entry));
}

/** Redis: keeps what the elements before the one have changed that met the damage. */
function failChanged(c: CommandContext, entry: number): Outcome {
  const stored = storeSparse(c, entry);
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  return c.fail(ERR_DAMAGED);
}

function replyChanged(c: CommandContext, stored: number): Outcome {
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_STRING, 'pfadd');
  c.reply.integer(1);
  return DONE;
}

function replyUnchanged(c: CommandContext, entry: number): Outcome {
  const kept = keep(c, entry);
  if (kept < 0) return c.refuse(kept);
  c.reply.integer(0);
  return DONE;
}
