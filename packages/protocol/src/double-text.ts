// How a double is written in replies.

/** Integers up to this size are written out in full, as 64-bit integers. */
const WRITTEN_OUT = 2 ** 62;

/**
 * Returns the shortest decimal text that reads back as `value`, in the notation of Redis 7.2 to
 * 7.4: `inf`, `-inf`, `nan`, integers without a point, exponents as in `1e+21` and `1.5e-7`.
 * Redis: its Grisu2 finds a digit more than needed for about one double in a thousand.
 */
export function doubleText(value: number): string {
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  if (Number.isNaN(value)) return 'nan';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (Number.isInteger(value) && Math.abs(value) <= WRITTEN_OUT) {
    return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
  }
  const size = Math.abs(value);
  // Where all notations agree.
  if (size >= 1e-3 && size < 1e4) return String(value);
  return value < 0 ? `-${notation(size)}` : notation(size);
}

/** Chooses between 1234.5, 0.0012 and 1.2e-9 as the fpconv library does. */
function notation(value: number): string {
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const digits = mantissa.replace('.', '');
  const power = Number(exponent);
  // The value is `digits` times ten to the power `scale`.
  const scale = power - (digits.length - 1);
  if (scale >= 0 && power < digits.length + 7) return digits + '0'.repeat(scale);
  if (scale < 0 && (scale > -7 || Math.abs(power) < 4)) {
    const point = digits.length + scale;
    if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
    return `${digits.slice(0, point)}.${digits.slice(point)}`;
  }
  return `${mantissa}e${power < 0 ? '-' : '+'}${Math.abs(power)}`;
}
