// Doubles as text, as the arguments of commands give them and as some replies show them. The
// shortest text of a double, which most replies show, is doubleText of the protocol.

import { type LongDouble, longDoubleText, parseLongDouble } from './long-double.ts';

const MINUS = 45;
const PLUS = 43;
const POINT = 46;
/** Digits that make an integer a double holds. */
const EXACT_DIGITS = 15;
/** Powers of ten that are exact. */
const TENS = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);
/** Longer texts are refused. Redis: reads texts of any length. */
const MAX_TEXT_BYTES = 65_536;

const DECIMAL = /^[+-]?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^[+-]?0[xX]/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/**
 * Reads all of a text as C's strtod does: decimal, hexadecimal, `inf` and `infinity`, in any case;
 * no blanks.
 * @returns the double, or NaN for anything else, for what is too large, and for what is so small
 *   that it would be zero
 */
export function parseFloat64(bytes: Buffer, offset: number, length: number): number {
  const simple = parseSimple(bytes, offset, length);
  return Number.isNaN(simple) ? parseAny(bytes, offset, length, false) : simple;
}

/** The same, but that what is too large is infinite and what is too small is zero. */
export function parseFloat64Clamped(bytes: Buffer, offset: number, length: number): number {
  const simple = parseSimple(bytes, offset, length);
  return Number.isNaN(simple) ? parseAny(bytes, offset, length, true) : simple;
}

/** Digits, with a sign or a point perhaps, so few that one division rounds once; else NaN. */
function parseSimple(bytes: Buffer, offset: number, length: number): number {
  const end = offset + length;
  const sign = bytes[offset];
  let at = sign === MINUS || sign === PLUS ? offset + 1 : offset;
  if (length === 0 || end - at > EXACT_DIGITS + 1) return NaN;
  let value = 0;
  let digits = 0;
  let pointAt = -1;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === POINT && pointAt < 0) {
      pointAt = at;
      continue;
    }
    const digit = byte - 48;
    if (digit >>> 0 > 9) return NaN;
    value = value * 10 + digit;
    digits++;
  }
  if (digits === 0 || digits > EXACT_DIGITS) return NaN;
  if (pointAt >= 0) value /= TENS[end - pointAt - 1]!;
  return sign === MINUS ? -value : value;
}

function parseAny(bytes: Buffer, offset: number, length: number, clamps: boolean): number {
  if (length === 0 || length > MAX_TEXT_BYTES) return NaN;
  const text = bytes.toString('latin1', offset, offset + length);
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) {
    const value = Number(text);
    if (clamps || Number.isFinite(value)) {
      const isZero = value === 0 && !/[1-9]/.test(text.replace(/[eE].*/, ''));
      return clamps || value !== 0 || isZero ? value : NaN;
    }
    return NaN;
  }
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return HEXADECIMAL.test(text) ? parseHexadecimal(bytes, offset, length, text, clamps) : NaN;
}

function parseHexadecimal(
  bytes: Buffer,
  offset: number,
  length: number,
  text: string,
  clamps: boolean,
): number {
  const parsed = parseLongDouble(bytes, offset, length);
  if (parsed === null) return NaN;
  const { significand, exponent } = parsed;
  if (significand === 0n) return text.startsWith('-') ? -0 : 0;
  // In two steps, as the power alone may be out of range.
  const half = Math.trunc(exponent / 2);
  const value = Number(significand) * 2 ** half * 2 ** (exponent - half);
  return clamps || (Number.isFinite(value) && value !== 0) ? value : NaN;
}

const words = new DataView(new ArrayBuffer(8));

/** Returns a double, which must be finite, as it is. */
function exactly(value: number): LongDouble {
  words.setFloat64(0, value);
  const bits = words.getBigUint64(0);
  const power = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const significand = power === 0 ? fraction : fraction | 0x10000000000000n;
  const exponent = Math.max(power, 1) - 1075;
  return { significand: value < 0 ? -significand : significand, exponent };
}

/** Returns a finite double with 17 decimals, rounded, without the zeros at the end. */
export function fixedText(value: number): string {
  return longDoubleText(exactly(value));
}

/** Returns a double with 17 digits as C's `%.17g` writes it; `inf`, `-inf`. */
export function preciseText(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, power] = value.toExponential(16).split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 17) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trimmed(value.toFixed(16 - exponent));
}

function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
