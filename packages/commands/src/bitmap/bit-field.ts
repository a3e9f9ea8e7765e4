// BITFIELD and BITFIELD_RO: integers of any width at any bit of a string. The arguments are read
// twice: once to see that all of them are right and how far they reach, once to act.

import { MAX_NUMBER_BITS, type OverflowRule, readField, signedField } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isOtherType } from '../string/string-value.ts';
import { becomeRaw, ERR_BIT_OFFSET, growString, readBitOffset } from './bit-access.ts';
import {
  changeField,
  FIELD_CHANGED,
  FIELD_REFUSED,
  FIELD_SAME,
  type Field,
  readWide,
} from './bit-field-change.ts';

const ERR_TYPE =
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but ' +
  'i64 is.';
const ERR_OVERFLOW_TYPE = 'ERR Invalid OVERFLOW type specified';
const ERR_READ_ONLY = 'ERR BITFIELD_RO only supports the GET subcommand';
const RULES: readonly OverflowRule[] = ['wrap', 'sat', 'fail'];
const LETTER_I = 105;
const LETTER_U = 117;

/** BITFIELD key [GET type offset | [OVERFLOW rule] SET type offset n | INCRBY ...] .... */
export function bitField(c: CommandContext): Outcome {
  return run(c, false);
}

/** BITFIELD_RO key [GET type offset ...]. */
export function bitFieldRo(c: CommandContext): Outcome {
  return run(c, true);
}

function run(c: CommandContext, isReadOnly: boolean): Outcome {
  let count = 0;
  let neededBytes = 0;
  for (let i = 2; i < c.request.argc; i = nextStep) {
    const wrong = parseStep(c, i);
    if (wrong !== null) return c.fail(wrong);
    if (kind !== 'overflow') count++;
    if (kind === 'set' || kind === 'incrby') {
      neededBytes = Math.max(neededBytes, Math.floor((field.position + field.width - 1) / 8) + 1);
    }
  }
  if (isReadOnly && neededBytes > 0) return c.fail(ERR_READ_ONLY);

  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (neededBytes === 0) c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  if (neededBytes > 0) {
    const isLonger = entry === 0 || neededBytes > c.valueLength;
    const stored = growString(c, entry, neededBytes);
    if (stored < 0) return c.refuse(stored);
    const most = act(c, c.valueLength, count);
    const changes = most === FIELD_CHANGED;
    // Redis: fields that get the value they have are no change.
    if (changes || isLonger) {
      c.changedAsAsked(stored);
      // Redis: says nothing of a string that is longer now, if no field could be set.
      if (changes || (isLonger && most === FIELD_SAME)) c.note(EVENT_STRING, 'setbit');
    } else {
      becomeRaw(c, stored);
    }
  } else {
    act(c, entry === 0 ? 0 : c.valueLength, count);
  }
  return DONE;
}

/**
 * Does all steps, which are right and within `length` where they write, and replies.
 * @returns the most that became of a field: FIELD_REFUSED, FIELD_SAME or FIELD_CHANGED
 */
function act(c: CommandContext, length: number, count: number): number {
  const { reply, request } = c;
  let most = FIELD_REFUSED;
  let rule: OverflowRule = 'wrap';
  reply.array(count);
  for (let i = 2; i < request.argc; i = nextStep) {
    parseStep(c, i);
    if (kind === 'overflow') {
      rule = ruleAt(c, i + 1)!;
    } else if (kind === 'set' || kind === 'incrby') {
      most = Math.max(most, changeField(c, field, kind === 'set', i + 3, rule));
    } else {
      replyField(c, length);
    }
  }
  return most;
}

function replyField(c: CommandContext, length: number): void {
  const { position, width, isSigned } = field;
  if (width > MAX_NUMBER_BITS) {
    c.reply.bigInteger(readWide(c, field, length));
    return;
  }
  const value = readField(c.valueBytes, c.valueOffset, length, position, width);
  c.reply.integer(isSigned ? signedField(value, width) : value);
}

// What parseStep found.
let kind: 'get' | 'set' | 'incrby' | 'overflow' = 'get';
const field: Field = { position: 0, width: 0, isSigned: false };
let nextStep = 0;

/** Reads the step that begins at an argument index; returns the text of an error, or null. */
function parseStep(c: CommandContext, index: number): string | null {
  const { request } = c;
  const behind = request.argc - index - 1;
  if (request.is(index, 'get') && behind >= 2) {
    kind = 'get';
  } else if (request.is(index, 'set') && behind >= 3) {
    kind = 'set';
  } else if (request.is(index, 'incrby') && behind >= 3) {
    kind = 'incrby';
  } else if (request.is(index, 'overflow') && behind >= 1) {
    kind = 'overflow';
    nextStep = index + 2;
    return ruleAt(c, index + 1) === undefined ? ERR_OVERFLOW_TYPE : null;
  } else {
    return ERR_SYNTAX;
  }
  if (!parseType(c, index + 1)) return ERR_TYPE;
  field.position = readBitOffset(c, index + 2, field.width);
  if (field.position < 0) return ERR_BIT_OFFSET;
  nextStep = index + (kind === 'get' ? 3 : 4);
  return kind !== 'get' && !isInt64(c, index + 3) ? ERR_NOT_INTEGER : null;
}

/** `i1` to `i64`, `u1` to `u63`; a zero byte ends it. */
function parseType(c: CommandContext, index: number): boolean {
  const { request } = c;
  const at = request.offset(index);
  let end = 0;
  while (end < request.length(index) && request.bytes[at + end] !== 0) end++;
  const isSigned = request.bytes[at] === LETTER_I;
  if (end < 2 || end > 3 || (!isSigned && request.bytes[at] !== LETTER_U)) return false;
  let width = 0;
  for (let i = 1; i < end; i++) {
    const digit = request.bytes[at + i]! - 48;
    if (digit < 0 || digit > 9 || (digit === 0 && width === 0)) return false;
    width = width * 10 + digit;
  }
  field.width = width;
  field.isSigned = isSigned;
  return width <= (isSigned ? 64 : 63);
}

function ruleAt(c: CommandContext, index: number): OverflowRule | undefined {
  for (const rule of RULES) if (c.request.is(index, rule)) return rule;
  return undefined;
}

function isInt64(c: CommandContext, index: number): boolean {
  return c.request.int64(index) !== null;
}
