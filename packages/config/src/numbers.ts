// Numbers as redis.conf writes them: integers, octal modes, memory sizes, percentages. Strict: no
// sign but `-`, no leading zero, no blanks. Bounds are checked after parsing.

import type { NumberDirective, NumberKind } from './directive.ts';
import { accept, type Outcome, refuse } from './outcome.ts';

/** Bytes per memory unit: without the b a power of ten, with it a power of two. */
const BYTES_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1000],
  ['kb', 1024],
  ['m', 1000 ** 2],
  ['mb', 1024 ** 2],
  ['g', 1000 ** 3],
  ['gb', 1024 ** 3],
]);

/** What is said of a text that is no number of the kind. */
const NOT_A_NUMBER: Readonly<Record<NumberKind, string>> = {
  integer: "argument couldn't be parsed into an integer",
  octal: "argument couldn't be parsed as an octal number",
  memory: 'argument must be a memory value',
  'memory-or-percent': 'argument must be a memory or percent value',
};

const PARSERS: Readonly<Record<NumberKind, (text: string) => number | undefined>> = {
  integer: parseInteger,
  octal: (text) => (/^[0-7]{1,10}$/.test(text) ? Number.parseInt(text, 8) : undefined),
  memory: parseMemory,
  'memory-or-percent': (text) => parsePercent(text) ?? parseMemory(text),
};

/** The value of a numeric directive, inside its bounds; a percentage is negative. */
export function parseNumber(directive: NumberDirective, text: string): Outcome<number> {
  const { kind, min, max, clamp } = directive;
  const value = PARSERS[kind](text);
  if (value === undefined) return refuse(NOT_A_NUMBER[kind]);
  if (kind === 'memory-or-percent' && value < -100) {
    return refuse('percentage argument must be less or equal to 100');
  }
  if (value < min || value > max) {
    const radix = kind === 'octal' ? 8 : 10;
    const [low, high] = [min.toString(radix), max.toString(radix)];
    return refuse(`argument must be between ${low} and ${high} inclusive`);
  }
  return accept(clamp === undefined ? value : Math.min(Math.max(value, clamp[0]), clamp[1]));
}

/** A number as CONFIG GET prints it. */
export function formatNumber(kind: NumberKind, value: number): string {
  if (kind === 'octal') return value.toString(8);
  return kind === 'memory-or-percent' && value < 0 ? `${-value}%` : String(value);
}

/** A decimal integer of 64 bits; past 2^53 it is inexact, which bounds then refuse. */
export function parseInteger(text: string): number | undefined {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return undefined;
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? Number(text) : undefined;
}

/**
 * Bytes of `100`, `1kb`, `5G` and so on, case ignored; the empty text is 0.
 * Redis: also takes a unit alone for 0, and wraps around what is too large.
 */
export function parseMemory(text: string): number | undefined {
  if (text === '') return 0;
  const parts = /^([0-9]{1,20})([bkmg]{0,2})$/i.exec(text);
  const unitBytes = BYTES_OF_UNIT.get((parts?.[2] ?? '').toLowerCase());
  return parts === null || unitBytes === undefined ? undefined : Number(parts[1]) * unitBytes;
}

/** `5%` is -5. */
function parsePercent(text: string): number | undefined {
  const parts = /^([0-9]{1,18})%$/.exec(text);
  return parts === null ? undefined : 0 - Number(parts[1]);
}
