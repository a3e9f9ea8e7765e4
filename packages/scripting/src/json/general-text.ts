// Doubles as C's `%.Ng` writes them.

/** Integers up to this size are the same in both. */
const PLAIN = 1e14;

/** @param digits significant digits, 1 to 17; zeros at the end are left out */
export function generalText(value: number, digits: number): string {
  if (Number.isInteger(value) && value < PLAIN && value > -PLAIN && digits >= 14) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (!Number.isFinite(value)) {
    if (Number.isNaN(value)) return isNegative(value) ? '-nan' : 'nan';
    return value < 0 ? '-inf' : 'inf';
  }
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, power] = value.toExponential(digits - 1).split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trimmed(value.toFixed(digits - 1 - exponent));
}

function trimmed(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

const word = new Float64Array(1);
const wordBytes = new Uint8Array(word.buffer);

/** The sign of a NaN, which C prints. */
function isNegative(value: number): boolean {
  word[0] = value;
  return wordBytes[7]! >= 128;
}
