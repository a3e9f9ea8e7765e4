// Doubles as C's `%.Ng` writes them.

/** Integers up to this size are the same in both. */
const PLAIN = 1e14;
const EXACT_DIGITS = 60;

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
  const [mantissa, power] = exponential(value, digits).split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trimmed(shifted(mantissa, exponent));
}

/**
 * With so many digits; a value half-way between two texts gets the even one, as in C. It can only
 * be half-way when its shortest text has one digit more, a 5.
 */
function exponential(value: number, digits: number): string {
  const rounded = value.toExponential(digits - 1);
  const [shortest] = value.toExponential().split('e') as [string, string];
  const isOneMore = shortest.replace(/\D/g, '').length === digits + 1 && shortest.endsWith('5');
  if (!isOneMore) return rounded;
  const [exact, power] = value.toExponential(EXACT_DIGITS).split('e') as [string, string];
  const point = exact.startsWith('-') ? 3 : 2;
  if (!/^50*$/.test(exact.slice(point + digits - 1))) return rounded;
  const lower = exact.slice(0, point + digits - 1);
  return Number(lower.at(-1)) % 2 === 0 ? `${lower}e${power}` : rounded;
}

/** A mantissa `d.ddd` times ten to a power, written out. */
function shifted(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/\D/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.padEnd(exponent + 1, '0').slice(0, exponent + 1);
  return `${sign}${whole}.${digits.slice(exponent + 1)}`;
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
