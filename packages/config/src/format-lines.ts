// From a value back to the lines of redis.conf that set it: what CONFIG REWRITE writes. The way
// there is `load.ts`; a value that goes through both comes out as it was.

import { GIB, KIB, MIB } from './bounds.ts';
import type { Value } from './directive.ts';
import type { NamedDirective } from './directives.ts';
import { formatNumber } from './numbers.ts';
import { WORDS_PER_CLASS } from './output-buffer-limits.ts';
import { defaultOf, formatValue, sameValue } from './values.ts';

/** A line without its line end. */
export interface FormattedLine {
  readonly text: string;
  /** Whether it says something that is not so by default. */
  readonly isNeeded: boolean;
}

/**
 * The lines that set a value; none when no line can say it, which then is the default.
 * @param named the name the lines are to have; not of a directive of lines
 */
export function formatLines(named: NamedDirective, value: Value): readonly FormattedLine[] {
  const { directive, shown } = named;
  const byDefault = defaultOf(directive);
  const isNeeded = !sameValue(value, byDefault);
  const line = (rest: string): FormattedLine => ({ text: `${shown} ${rest}`, isNeeded });
  switch (directive.kind) {
    case 'string':
      return [line(quoted(value as string))];
    case 'memory':
      return [line(formatMemory(value as number))];
    case 'memory-or-percent': {
      const amount = value as number;
      return [line(amount < 0 ? formatNumber(directive.kind, amount) : formatMemory(amount))];
    }
    case 'lines':
      return [];
    case 'list':
      break;
    default:
      return [line(formatValue(named, value))];
  }
  const words = value as readonly string[];
  switch (directive.rule) {
    case 'save':
      return savePoints(words).map(line);
    case 'output-buffer-limits':
      return bufferLimits(words, byDefault as readonly string[]).map((limit) => ({
        ...limit,
        text: `${shown} ${limit.text}`,
      }));
    case 'replica-of':
      return words.length === 0 ? [] : [line(words.map(asWord).join(' '))];
    default:
      return [line(words.length === 0 ? '""' : words.map(asWord).join(' '))];
  }
}

/** Neither blank nor quote, backslash or control character. */
const PLAIN_WORD = /^[!#-&(-[\]-~]+$/;

/** A word of a line, in quotes where it would be read differently without them. */
function asWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : quoted(word);
}

/** The same for a word that is bytes, a character each. */
export function bytesAsWord(bytes: string): string {
  return PLAIN_WORD.test(bytes) ? bytes : quotedBytes(bytes);
}

function savePoints(words: readonly string[]): string[] {
  const points: string[] = [];
  for (let i = 0; i < words.length; i += 2) points.push(`${words[i]} ${words[i + 1]}`);
  return points.length === 0 ? ['""'] : points;
}

/** A line for each class of clients. */
function bufferLimits(
  words: readonly string[],
  byDefault: readonly string[],
): { text: string; isNeeded: boolean }[] {
  const limits: { text: string; isNeeded: boolean }[] = [];
  for (let i = 0; i < words.length; i += WORDS_PER_CLASS) {
    const [who, hard, soft, seconds] = words.slice(i, i + WORDS_PER_CLASS);
    const sizes = [hard, soft].map((bytes) => formatMemory(Number(bytes)));
    const isDefault = [1, 2, 3].every((k) => words[i + k] === byDefault[i + k]);
    limits.push({ text: `${who} ${sizes.join(' ')} ${seconds}`, isNeeded: !isDefault });
  }
  return limits;
}

/** In the largest unit that divides it. */
function formatMemory(bytes: number): string {
  if (bytes === 0) return '0';
  if (bytes % GIB === 0) return `${bytes / GIB}gb`;
  if (bytes % MIB === 0) return `${bytes / MIB}mb`;
  return bytes % KIB === 0 ? `${bytes / KIB}kb` : String(bytes);
}

function quoted(text: string): string {
  return quotedBytes(Buffer.from(text).toString('latin1'));
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\b', '\\b'],
  ['\x07', '\\a'],
]);

function quotedBytes(bytes: string): string {
  const escaped = bytes.replace(/[^ !#-[\]-~]/g, (char) => {
    const hex = char.charCodeAt(0).toString(16).padStart(2, '0');
    return ESCAPES.get(char) ?? `\\x${hex}`;
  });
  return `"${escaped}"`;
}
