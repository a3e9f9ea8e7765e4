// LATENCY GRAPH: the samples of an event as bars of characters, each with its age below it.

import type { LatencySeries } from '@forgekv/rings';

/** Samples that fit a line of a terminal, and rows of a bar. */
const MOST_BARS = 80;
const ROWS = 4;
/** The part of a row that the top of a bar fills. */
const TOPS = ['_', 'o', '#'];
const FULL = '|';
const UNITS = [
  ['s', 60],
  ['m', 60],
  ['h', 24],
] as const;

/** @param nowSeconds Unix time that ages count from */
export function latencyGraph(series: LatencySeries, nowSeconds: number): string {
  const { event, longestMs } = series;
  const samples = series.samples.slice(-MOST_BARS);
  const values = samples.map(({ milliseconds }) => milliseconds);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const lines = [
    `${event} - high ${high} ms, low ${low} ms (all time high ${longestMs} ms)`,
    '-'.repeat(MOST_BARS),
  ];
  const steps = ROWS * TOPS.length;
  const heights = values.map((value) =>
    Math.max(1, Math.round(high === low ? 1 : ((value - low) / (high - low)) * steps)),
  );
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(heights.map((height) => barPart(height - row * TOPS.length)).join(''));
  }
  lines.push('');
  const ages = samples.map(({ unixSeconds }) => ageOf(nowSeconds - unixSeconds));
  const longest = Math.max(...ages.map(({ length }) => length));
  for (let i = 0; i < longest; i++) lines.push(ages.map((age) => age[i] ?? ' ').join(''));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function barPart(height: number): string {
  if (height <= 0) return ' ';
  return height > TOPS.length ? FULL : TOPS[height - 1]!;
}

/** `7s`, `3m`, `2h` or `4d`. */
function ageOf(seconds: number): string {
  let age = Math.max(0, seconds);
  for (const [unit, size] of UNITS) {
    if (age < size) return `${age}${unit}`;
    age = Math.floor(age / size);
  }
  return `${age}d`;
}
