// One SET or INCRBY of a BITFIELD: with numbers where those are exact, else with bigints.

import {
  fitField,
  fitWideField,
  MAX_NUMBER_BITS,
  type OverflowRule,
  parseSafeInteger,
  readField,
  readWideField,
  signedField,
  writeField,
  writeWideField,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

/** Where a field is and how its bits are meant. Reused for one field after the other. */
export interface Field {
  /** Of its highest bit. */
  position: number;
  /** 1 to 64 bits. */
  width: number;
  isSigned: boolean;
}

// What becomes of a field: it does not fit, it was so before, it is another one.
export const FIELD_REFUSED = 0;
export const FIELD_SAME = 1;
export const FIELD_CHANGED = 2;

const INT32_BITS = 32;
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Sets a field of the value opened last, or adds to it, and replies: the old value, the sum, or
 * null when the new value does not fit and the rule is to leave it then.
 * @param index of the argument with the 64-bit operand
 * @returns FIELD_REFUSED, FIELD_SAME or FIELD_CHANGED
 */
export function changeField(
  c: CommandContext,
  field: Field,
  isSet: boolean,
  index: number,
  rule: OverflowRule,
): number {
  const { request, reply, valueBytes, valueOffset, valueLength } = c;
  const { position, width, isSigned } = field;
  const operand = parseSafeInteger(request.bytes, request.offset(index), request.length(index));
  if (width > MAX_NUMBER_BITS || Number.isNaN(operand)) {
    return changeExactly(c, field, isSet, request.int64(index)!, rule);
  }
  const bits = readField(valueBytes, valueOffset, valueLength, position, width);
  const old = isSigned ? signedField(bits, width) : bits;
  const wanted = isSet ? asUnsigned(operand, isSigned) : old + operand;
  const fitted = fitField(wanted, isSigned, width, rule);
  if (Number.isNaN(fitted)) {
    reply.null();
    return FIELD_REFUSED;
  }
  writeField(valueBytes, valueOffset, position, width, fitted < 0 ? fitted + 2 ** width : fitted);
  reply.integer(isSet ? old : fitted);
  return fitted === old ? FIELD_SAME : FIELD_CHANGED;
}

/**
 * Redis: SET takes a negative operand of an unsigned field as the 64-bit pattern it is: far above
 * the largest value. A multiple of every field's modulus keeps it exact and wraps alike.
 */
function asUnsigned(operand: number, isSigned: boolean): number {
  return operand < 0 && !isSigned ? operand + 2 ** 52 : operand;
}

function changeExactly(
  c: CommandContext,
  field: Field,
  isSet: boolean,
  operand: bigint,
  rule: OverflowRule,
): number {
  const { reply, valueBytes, valueOffset, valueLength } = c;
  const { position, width, isSigned } = field;
  const old = readWide(c, field, valueLength);
  const wanted = isSet ? exactOperand(operand, isSigned, width) : old + operand;
  const fitted = fitWideField(wanted, isSigned, width, rule);
  if (fitted === null) {
    reply.null();
    return FIELD_REFUSED;
  }
  if (width > INT32_BITS) {
    writeWideField(valueBytes, valueOffset, position, width, fitted);
  } else {
    writeField(valueBytes, valueOffset, position, width, Number(BigInt.asUintN(width, fitted)));
  }
  reply.bigInteger(isSet ? old : fitted);
  return fitted === old ? FIELD_SAME : FIELD_CHANGED;
}

/**
 * What SET makes of its operand. Redis: measures the distance to the largest value in 64 bits, so
 * that the most negative operands, too, count as too large where the field has less than 64.
 */
function exactOperand(operand: bigint, isSigned: boolean, width: number): bigint {
  if (!isSigned) return BigInt.asUintN(64, operand);
  const distance = 2n ** BigInt(width - 1) - 1n - operand;
  return width < 64 && distance > INT64_MAX ? operand + 2n ** 64n : operand;
}

/** Reads a field of any width of a string of `length` bytes, the value opened last. */
export function readWide(c: CommandContext, field: Field, length: number): bigint {
  const { valueBytes, valueOffset } = c;
  const { position, width, isSigned } = field;
  const bits =
    width > INT32_BITS
      ? readWideField(valueBytes, valueOffset, length, position, width)
      : BigInt(readField(valueBytes, valueOffset, length, position, width));
  return isSigned ? BigInt.asIntN(width, bits) : bits;
}
