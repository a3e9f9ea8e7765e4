// The 80-bit "long double" of x86 in exact arithmetic: INCRBYFLOAT and HINCRBYFLOAT answer with
// the digits a Redis on that hardware answers with. Reading and writing text is here; what the
// commands make of it is not.
//
// A value is significand * 2^exponent with a significand of at most 64 bits. Every operation is
// done exactly on BigInt and rounded once, to nearest, ties to even, as the hardware and glibc do.

/** A finite value, or NOT_FINITE. There is no negative zero: no text ever shows it. */
export interface LongDouble {
  /** Signed, |significand| < 2^64. */
  readonly significand: bigint;
  /** Power of two of the significand's last bit. */
  readonly exponent: number;
}

/** Either infinity. Texts may name it; no result may be it. */
export const NOT_FINITE: LongDouble = { significand: 0n, exponent: Infinity };
export const LONG_DOUBLE_ZERO: LongDouble = { significand: 0n, exponent: 0 };

const SIGNIFICAND_BITS = 64;
/** Exponent of the last bit of the smallest value. */
const MIN_EXPONENT = -16445;
/** Finite values are below 2 to this power. */
const MAX_POWER = 16384;
/** Texts of this length and longer are refused, as Redis does (its buffer has 5 * 1024 bytes). */
const MAX_TEXT_BYTES = 5120;
/** Decimal exponents beyond these are an overflow or an underflow, whatever the digits are. */
const MAX_DECIMAL_POWER = 4940;
const MIN_DECIMAL_POWER = -4960;
const MAX_BINARY_POWER = MAX_POWER + 4;
const MIN_BINARY_POWER = MIN_EXPONENT - 4;

// No two parts of a pattern can match the same characters, so matching takes linear time.
const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;
const HEXADECIMAL =
  /^([+-]?)0[xX](?:([\da-fA-F]+)(?:\.([\da-fA-F]*))?|\.([\da-fA-F]+))(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/**
 * Reads all of a text as C's strtold does: decimal with an optional exponent, hexadecimal with an
 * optional binary exponent, `inf` and `infinity`. Unlike strtold it takes no leading blanks.
 * @returns the value rounded to a long double, NOT_FINITE for the written infinities, or null for
 *   anything else: no number, NaN, too large, so small that it would be zero, 5120 bytes and more
 */
export function parseLongDouble(bytes: Buffer, offset: number, length: number): LongDouble | null {
  if (length === 0 || length >= MAX_TEXT_BYTES) return null;
  const text = bytes.toString('latin1', offset, offset + length);
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return fromDigits(decimal, 10);
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) return fromDigits(hexadecimal, 16);
  return INFINITE.test(text) ? NOT_FINITE : null;
}

/** Returns the sum, or null when it is not finite. */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble | null {
  if (a === NOT_FINITE || b === NOT_FINITE) return null;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum =
    (a.significand << BigInt(a.exponent - exponent)) +
    (b.significand << BigInt(b.exponent - exponent));
  return sum < 0n ? round(true, -sum, exponent, false) : round(false, sum, exponent, false);
}

/**
 * Returns a finite value's text as Redis shows it: 17 decimals, rounded, without the zeros at the
 * end; never `-0`.
 */
export function longDoubleText(value: LongDouble): string {
  const { significand, exponent } = value;
  const magnitude = significand < 0n ? -significand : significand;
  const scaled = magnitude * 10n ** 17n;
  const units = exponent >= 0 ? scaled << BigInt(exponent) : shiftRight(scaled, -exponent, false);
  if (units === 0n) return '0';
  const digits = units.toString().padStart(18, '0');
  const fraction = digits.slice(-17).replace(/0+$/, '');
  const sign = significand < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -17)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** What a pattern found: sign, whole part, fraction (with or without a whole part), exponent. */
function fromDigits(found: RegExpExecArray, base: 10 | 16): LongDouble | null {
  const fraction = found[3] ?? found[4] ?? '';
  const digits = `${found[2] ?? ''}${fraction}`.replace(/^0+/, '');
  if (digits === '') return LONG_DOUBLE_ZERO;
  const negative = found[1] === '-';
  const written = Number(found[5] ?? '0');
  if (base === 16) {
    const power = written - fraction.length * 4;
    // The exponent is a client's claim: nothing is shifted by it before it is known to be sane.
    const top = power + digits.length * 4;
    if (!(top >= MIN_BINARY_POWER && top <= MAX_BINARY_POWER)) return null;
    return roundRead(negative, BigInt(`0x${digits}`), power, false);
  }
  const power = written - fraction.length;
  const top = power + digits.length;
  if (!(top >= MIN_DECIMAL_POWER && top <= MAX_DECIMAL_POWER)) return null;
  const whole = BigInt(digits);
  if (power >= 0) return roundRead(negative, whole * 10n ** BigInt(power), 0, false);
  const divisor = 10n ** BigInt(-power);
  // Two bits more than a significand has, so that the remainder only ever breaks a tie.
  const shift = Math.max(0, SIGNIFICAND_BITS + 2 - bitLength(whole) + bitLength(divisor));
  const scaled = whole << BigInt(shift);
  return roundRead(negative, scaled / divisor, -shift, scaled % divisor !== 0n);
}

/** Rounds a value that was read and is not zero: what becomes zero or infinite is refused. */
function roundRead(
  negative: boolean,
  magnitude: bigint,
  exponent: number,
  more: boolean,
): LongDouble | null {
  const value = round(negative, magnitude, exponent, more);
  return value === null || value.significand === 0n ? null : value;
}

/**
 * Rounds magnitude * 2^exponent to a long double, or null when it is too large.
 * @param more true when the exact value is a little above (by less than the last bit)
 */
function round(
  negative: boolean,
  magnitude: bigint,
  exponent: number,
  more: boolean,
): LongDouble | null {
  if (magnitude === 0n) return LONG_DOUBLE_ZERO;
  const dropped = Math.max(bitLength(magnitude) - SIGNIFICAND_BITS, MIN_EXPONENT - exponent, 0);
  let significand = shiftRight(magnitude, dropped, more);
  exponent += dropped;
  // Rounding up may have made a 65th bit; the 64 below it are zeros then.
  if (bitLength(significand) > SIGNIFICAND_BITS) {
    significand >>= 1n;
    exponent++;
  }
  if (bitLength(significand) + exponent > MAX_POWER) return null;
  return { significand: negative ? -significand : significand, exponent };
}

/** Divides by 2^bits, rounding to nearest, ties to even; `more` as for `round`. */
function shiftRight(magnitude: bigint, bits: number, more: boolean): bigint {
  if (bits === 0) return magnitude;
  const kept = magnitude >> BigInt(bits);
  const rest = magnitude - (kept << BigInt(bits));
  const half = 1n << BigInt(bits - 1);
  const up = rest > half || (rest === half && (more || (kept & 1n) === 1n));
  return up ? kept + 1n : kept;
}

function bitLength(magnitude: bigint): number {
  if (magnitude === 0n) return 0;
  const hex = magnitude.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 28;
}
