// Numbers for people. None of it rounds to more than the page has room for.

const COUNT_UNITS = ['', 'k', 'M', 'G', 'T'];
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const NONE = '–';

function scaled(value, step, units, gap) {
  let unit = 0;
  let left = Math.abs(value);
  while (left >= step && unit < units.length - 1) {
    left /= step;
    unit++;
  }
  const digits = unit === 0 && Number.isInteger(left) ? 0 : left >= 100 ? 0 : left >= 10 ? 1 : 2;
  const text = left
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
  return `${value < 0 ? '-' : ''}${text}${units[unit] === '' ? '' : gap + units[unit]}`;
}

/** 1234 → 1.23k */
export function count(value) {
  return value === null || value === undefined ? NONE : scaled(value, 1000, COUNT_UNITS, '');
}

/** 2048 → 2 KiB */
export function bytes(value) {
  return value === null || value === undefined ? NONE : scaled(value, 1024, BYTE_UNITS, ' ');
}

export function bytesPerSecond(value) {
  return value === null || value === undefined ? NONE : `${bytes(value)}/s`;
}

/** 0..100 */
export function percent(value) {
  if (value === null || value === undefined) return NONE;
  return `${value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)} %`;
}

/** Microseconds, in the unit that fits. */
export function microseconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value >= 1e6) return `${scaled(value / 1e6, 1000, [''], '')} s`;
  if (value >= 1000) return `${scaled(value / 1000, 1000, [''], '')} ms`;
  return `${scaled(value, 1000, [''], '')} µs`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return NONE;
  return value >= 1000 ? microseconds(value * 1000) : `${Math.round(value)} ms`;
}

/** Seconds as the two largest units: 3 d 4 h. */
export function duration(seconds) {
  const parts = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [Math.floor(seconds) % 60, 's'],
  ];
  const from = parts.findIndex(([amount]) => amount > 0);
  const shown = parts.slice(from < 0 ? 3 : from).slice(0, 2);
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ');
}

/** All digits, in groups. */
export function exact(value) {
  return value.toLocaleString('en');
}

const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', hourCycle: 'h23' });

/** The time of day of Unix milliseconds, where the reader is: 21:30:15. */
export function timeOfDay(ms) {
  return TIME.format(ms);
}
