// PFDEBUG and PFSELFTEST: looking into a HyperLogLog, and trying all of them out.

import {
  countRegisters,
  denseRegister,
  estimateCount,
  HLL_DENSE,
  HLL_DENSE_BYTES,
  HLL_HEAD_BYTES,
  HLL_MAX_RANK,
  HLL_REGISTERS,
  hllForm,
  hllPlace,
  setDenseRegister,
  sparseCodeBytes,
  sparseRank,
  sparseRunLength,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import {
  failDamaged,
  loadSparse,
  registers,
  spreadSparse,
  storeDense,
  whyNotHll,
} from './hll-value.ts';

/** PFDEBUG ENCODING | DECODE | TODENSE | GETREG key. */
export function pfDebug(c: CommandContext): Outcome {
  const { request } = c;
  const entry = c.openValue(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail('ERR The specified key does not exist');
  const wrong = whyNotHll(c, entry);
  if (wrong !== null) return c.fail(wrong);
  const isDense = hllForm(c.valueBytes, c.valueOffset) === HLL_DENSE;
  if (request.is(1, 'encoding')) {
    c.reply.simple(isDense ? 'dense' : 'sparse');
    return DONE;
  }
  if (request.is(1, 'decode')) {
    return isDense ? c.fail('ERR HLL encoding is not sparse') : decode(c);
  }
  if (request.is(1, 'todense')) {
    const outcome = isDense ? DONE : makeDense(c, entry);
    if (outcome === DONE) c.reply.integer(isDense ? 0 : 1);
    return outcome;
  }
  if (request.is(1, 'getreg')) return isDense ? replyRegisters(c) : replySparse(c, entry);
  return c.fail(`ERR Unknown PFDEBUG subcommand '${request.text(1).slice(0, 128)}'`);
}

/** The runs of a sparse one: z: and Z: zeros, v: a value and how often. */
function decode(c: CommandContext): Outcome {
  const { valueBytes, valueOffset, valueLength } = c;
  const end = valueOffset + valueLength;
  const runs: string[] = [];
  for (let at = valueOffset + HLL_HEAD_BYTES; at < end; ) {
    const code = valueBytes[at]!;
    const bytes = sparseCodeBytes(code);
    const rank = sparseRank(code);
    const length = sparseRunLength(code, bytes === 2 ? valueBytes[at + 1]! : 0);
    if (rank > 0) runs.push(`v:${rank},${length}`);
    else runs.push(`${bytes === 2 ? 'Z' : 'z'}:${length}`);
    at += bytes;
  }
  c.reply.text(runs.join(' '));
  return DONE;
}

/** DONE, or what else became of the command; replies only to errors. */
function makeDense(c: CommandContext, entry: number): Outcome {
  if (!loadSparse(c) || !spreadSparse()) return failDamaged(c, entry);
  const stored = storeDense(c, entry);
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  return DONE;
}

/** Redis: makes it dense to look at it. */
function replySparse(c: CommandContext, entry: number): Outcome {
  const errors = c.reply.errorCount;
  const outcome = makeDense(c, entry);
  return outcome === DONE && c.reply.errorCount === errors ? replyRegisters(c) : outcome;
}

function replyRegisters(c: CommandContext): Outcome {
  const { reply, valueBytes, valueOffset } = c;
  reply.array(HLL_REGISTERS);
  for (let i = 0; i < HLL_REGISTERS; i++) {
    reply.integer(denseRegister(valueBytes, valueOffset, i));
  }
  return DONE;
}

const TESTED_ELEMENTS = 20_000;
/** Of an estimate, as a share of the count: five times the standard error. */
const MOST_ERROR = (5 * 1.04) / Math.sqrt(HLL_REGISTERS);

/** PFSELFTEST. */
export function pfSelfTest(c: CommandContext): Outcome {
  const problem = whatIsWrong(c);
  if (problem !== null) return c.fail(`TESTFAILED ${problem}`);
  c.reply.ok();
  return DONE;
}

function whatIsWrong(c: CommandContext): string | null {
  const bytes = Buffer.alloc(HLL_DENSE_BYTES);
  const element = Buffer.alloc(8);
  for (let i = 0; i < HLL_REGISTERS; i++) {
    registers[i] = c.random.below(HLL_MAX_RANK + 1);
    setDenseRegister(bytes, 0, i, registers[i]!);
  }
  for (let i = 0; i < HLL_REGISTERS; i++) {
    if (denseRegister(bytes, 0, i) !== registers[i]) return `register ${i} holds another value`;
  }
  registers.fill(0);
  for (let count = 1, checked = 1; count <= TESTED_ELEMENTS; count++) {
    element.writeDoubleLE(c.random.below(2 ** 32) + count / TESTED_ELEMENTS);
    const place = hllPlace(element, 0, element.length);
    registers[place >> 6] = Math.max(registers[place >> 6]!, place & 63);
    if (count !== checked * 10) continue;
    checked = count;
    const estimate = Number(estimateCount(countRegisters(registers)));
    if (Math.abs(estimate - count) > Math.max(1, count * MOST_ERROR)) {
      return `${count} elements count as ${estimate}`;
    }
  }
  return null;
}
