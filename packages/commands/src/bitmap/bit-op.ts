// BITOP: strings combined bit by bit into another one. One step whatever their size: the keys of
// strings of some hundred MB are locked for as long as it takes to read them all once.

import { type BitOperation, BitString, combineBits, STRING_RAW } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { EVENT_GENERIC, EVENT_STRING } from '../key-events.ts';
import { allocateLarge } from '../large-values.ts';
import { DONE, FULL, NOT_HERE, type Outcome } from '../outcome.ts';
import { isOtherType } from '../string/string-value.ts';
import { pointTo } from './bit-access.ts';

const ERR_NOT_OF_MANY = 'ERR BITOP NOT must be called with a single source key.';
const OPERATIONS: readonly BitOperation[] = ['and', 'or', 'xor', 'not'];
const FIRST_SOURCE = 3;
const TARGET = 2;

/** Outcomes up to the largest packed value are made here: the target may be a source, too. */
let scratch = new Int32Array(4096);

/** BITOP AND | OR | XOR | NOT destkey key [key ...]. */
export function bitOp(c: CommandContext): Outcome {
  const { request } = c;
  const operation = OPERATIONS.find((name) => request.is(1, name));
  if (operation === undefined) return c.fail(ERR_SYNTAX);
  if (operation === 'not' && request.argc !== 4) return c.fail(ERR_NOT_OF_MANY);

  const target = c.open(TARGET);
  if (target < 0) return c.refuse(target);
  const sources: BitString[] = [];
  let length = 0;
  let misses = 0;
  for (let i = FIRST_SOURCE; i < request.argc; i++) {
    let entry = c.open(i);
    if (entry < 0) return c.refuse(entry);
    if (entry === 0) c.noteMiss(i);
    if (isOtherType(c, entry)) return c.wrongType();
    if (entry !== 0) entry = c.loadValue(entry);
    if (entry < 0) return c.refuse(entry);
    const source = new BitString();
    pointTo(c, entry, source);
    sources.push(source);
    length = Math.max(length, source.length);
    if (entry === 0) misses++;
  }
  const stored = length === 0 ? removeTarget(c) : store(c, operation, sources, length);
  if (stored < 0) return c.refuse(stored);
  c.stats.hits += sources.length - misses;
  c.stats.misses += misses;
  c.reply.integer(length);
  return DONE;
}

function removeTarget(c: CommandContext): number {
  const target = c.open(TARGET);
  if (target > 0) {
    if (!c.canRemove(target)) return NOT_HERE;
    c.remove(target);
    c.note(EVENT_GENERIC, 'del', TARGET);
  }
  return Math.min(0, target);
}

/** Combines the sources and stores the outcome; returns the entry, NOT_HERE or FULL. */
function store(
  c: CommandContext,
  operation: BitOperation,
  sources: readonly BitString[],
  length: number,
): number {
  // Opened again: a source may have expired, and this selects the key.
  const target = c.open(TARGET);
  if (target < 0) return target;
  const stored =
    length > c.hotValueMaxBytes
      ? storeLarge(c, target, operation, sources, length)
      : storePacked(c, target, operation, sources, length);
  if (stored < 0) return stored;
  c.setEncoding(stored, STRING_RAW);
  c.table.setExpireAtMs(stored, 0);
  c.changed(stored);
  c.note(EVENT_STRING, 'set', TARGET);
  return stored;
}

function storeLarge(
  c: CommandContext,
  target: number,
  operation: BitOperation,
  sources: readonly BitString[],
  length: number,
): number {
  if (!c.large.reaches(c.table.shard)) return NOT_HERE;
  const value = allocateLarge(Math.ceil(length / 4) * 4);
  if (value === null) return FULL;
  combineBits(operation, sources, new Int32Array(value.buffer, value.byteOffset));
  return c.adoptLarge(target, TYPE_STRING, value, length);
}

function storePacked(
  c: CommandContext,
  target: number,
  operation: BitOperation,
  sources: readonly BitString[],
  length: number,
): number {
  const words = Math.ceil(length / 4);
  if (words > scratch.length) scratch = new Int32Array(words);
  combineBits(operation, sources, scratch);
  const stored = c.reserve(target, TYPE_STRING, length, 0);
  if (stored > 0) c.valueBytes.set(new Uint8Array(scratch.buffer, 0, length), c.valueOffset);
  return stored;
}
