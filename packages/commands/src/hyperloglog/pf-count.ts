// PFCOUNT: of one HyperLogLog, whose estimate is kept with it, or of several together.

import {
  cachedEstimate,
  cacheEstimate,
  countHllRegisters,
  countRegisters,
  estimateCount,
  mergeRegisters,
  STRING_RAW,
} from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import {
  areWritesRefused,
  ERR_DAMAGED,
  failDamaged,
  keep,
  registers,
  whyNotHll,
} from './hll-value.ts';

/** PFCOUNT key [key ...]. */
export function pfCount(c: CommandContext): Outcome {
  if (c.request.argc > 2) return countTogether(c);
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  const wrong = whyNotHll(c, entry);
  if (wrong !== null) {
    c.countRead(entry);
    return c.fail(wrong);
  }
  if (entry === 0) {
    c.countRead(entry);
    c.reply.integer(0);
    return DONE;
  }
  return countOne(c, entry);
}

function countOne(c: CommandContext, entry: number): Outcome {
  const { valueBytes, valueOffset, valueLength } = c;
  let estimate = cachedEstimate(valueBytes, valueOffset);
  let stored = entry;
  if (estimate !== -1) {
    stored = keep(c, entry);
  } else {
    const histogram = countHllRegisters(valueBytes, valueOffset, valueLength);
    if (histogram === null) {
      const outcome = failDamaged(c, entry);
      if (outcome === DONE) c.countRead(entry);
      return outcome;
    }
    estimate = estimateCount(histogram);
    if (!areWritesRefused(c)) stored = cache(c, entry, estimate);
  }
  if (stored < 0) return c.refuse(stored);
  c.countRead(entry);
  reply(c, estimate);
  return DONE;
}

/** Keeps a new estimate; returns the entry, NOT_HERE or FULL. */
function cache(c: CommandContext, entry: number, estimate: number | bigint): number {
  const stored = c.reserve(entry, TYPE_STRING, c.valueLength, c.valueLength);
  if (stored < 0) return stored;
  cacheEstimate(c.valueBytes, c.valueOffset, BigInt(estimate));
  c.setEncoding(stored, STRING_RAW);
  c.changed(stored);
  return stored;
}

function countTogether(c: CommandContext): Outcome {
  const { argc } = c.request;
  let misses = 0;
  registers.fill(0);
  for (let i = 1; i < argc; i++) {
    const entry = c.openValue(i);
    if (entry < 0) return c.refuse(entry);
    const wrong = whyNotHll(c, entry);
    if (wrong !== null) return c.fail(wrong);
    if (entry === 0) {
      misses++;
      c.noteMiss(i);
    } else if (!mergeRegisters(registers, c.valueBytes, c.valueOffset, c.valueLength)) {
      return c.fail(ERR_DAMAGED);
    }
  }
  c.stats.hits += argc - 1 - misses;
  c.stats.misses += misses;
  reply(c, estimateCount(countRegisters(registers)));
  return DONE;
}

function reply(c: CommandContext, estimate: number | bigint): void {
  if (typeof estimate === 'number') c.reply.integer(estimate);
  else c.reply.bigInteger(estimate);
}
