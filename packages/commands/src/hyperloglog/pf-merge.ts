// PFMERGE.

import {
  HLL_DENSE,
  HLL_FULL,
  HLL_REGISTERS,
  hllForm,
  mergeRegisters,
  setDenseRegister,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import {
  beginEmpty,
  ERR_DAMAGED,
  loadSparse,
  registers,
  reserveDense,
  sparse,
  sparseMostBytes,
  storeDense,
  storeSparse,
  whyNotHll,
} from './hll-value.ts';

/** PFMERGE destkey [sourcekey [sourcekey ...]]: what the destination has counted stays. */
export function pfMerge(c: CommandContext): Outcome {
  const { argc } = c.request;
  let misses = 0;
  let anyDense = false;
  registers.fill(0);
  for (let i = 1; i < argc; i++) {
    const entry = c.openValue(i);
    if (entry < 0) return c.refuse(entry);
    const wrong = whyNotHll(c, entry);
    if (wrong !== null) return c.fail(wrong);
    if (entry === 0) {
      misses++;
      c.noteMiss(i);
      continue;
    }
    if (hllForm(c.valueBytes, c.valueOffset) === HLL_DENSE) anyDense = true;
    if (!mergeRegisters(registers, c.valueBytes, c.valueOffset, c.valueLength)) {
      return c.fail(ERR_DAMAGED);
    }
  }
  const stored = storeMerged(c, anyDense);
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  c.note(EVENT_STRING, 'pfadd');
  c.stats.hits += argc - 1 - misses;
  c.stats.misses += misses;
  c.reply.ok();
  return DONE;
}

/** Stores `registers` under the destination; dense where anything was dense. */
function storeMerged(c: CommandContext, anyDense: boolean): number {
  const entry = c.openValue(1);
  if (entry < 0) return entry;
  if (entry === 0) {
    beginEmpty();
  } else if (hllForm(c.valueBytes, c.valueOffset) === HLL_DENSE) {
    return storeInPlace(c, entry);
  } else {
    // It was whole a moment ago.
    loadSparse(c);
  }
  if (anyDense || !raiseSparse(sparseMostBytes(c))) return storeDense(c, entry);
  return storeSparse(c, entry);
}

/** False: the sparse form cannot take them all. */
function raiseSparse(mostBytes: number): boolean {
  for (let register = 0; register < HLL_REGISTERS; register++) {
    const rank = registers[register]!;
    if (rank > 0 && sparse.raise(register, rank, mostBytes) === HLL_FULL) return false;
  }
  return true;
}

function storeInPlace(c: CommandContext, entry: number): number {
  const stored = reserveDense(c, entry);
  if (stored < 0) return stored;
  for (let register = 0; register < HLL_REGISTERS; register++) {
    setDenseRegister(c.valueBytes, c.valueOffset, register, registers[register]!);
  }
  return stored;
}
