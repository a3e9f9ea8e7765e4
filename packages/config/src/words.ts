// Splits a line of redis.conf into words. Works on a byte string (one char per byte), because a
// quoted word may name bytes; finished words are then read as UTF-8, but for those of users, whose
// names and patterns are any bytes.

import { accept, type Outcome, refuse } from './outcome.ts';

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['a', '\x07'],
]);

const BLANK = /[ \t\n\v\f\r]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Splits `line`, a byte string, at blanks. `"..."` knows \n \r \t \b \a \xHH and takes any other
 * escaped byte as it is, `'...'` knows only \'. A quote may open in the middle of a word, but a
 * closing one must end it. Refuses unbalanced quotes and words that are not UTF-8; the words of a
 * line that begins with `user` stay byte strings.
 */
export function splitWords(line: string): Outcome<readonly string[]> {
  const words: string[] = [];
  let at = 0;
  while (true) {
    while (at < line.length && BLANK.test(line[at] as string)) at++;
    if (at >= line.length) return areBytes(words[0]) ? accept(words) : decodeWords(words);
    const word = readWord(line, at);
    if (word === undefined) return refuse('unbalanced quotes in configuration line');
    words.push(word.bytes);
    at = word.end;
  }
}

/** Whether the words behind a directive's name are byte strings, and no text. */
export function areBytes(name: string | undefined): boolean {
  return name?.toLowerCase() === 'user';
}

function decodeWords(words: readonly string[]): Outcome<readonly string[]> {
  const texts: string[] = [];
  for (const word of words) {
    const text = decodeUtf8(Buffer.from(word, 'latin1'));
    if (text === undefined) return refuse('argument is not UTF-8 text');
    texts.push(text);
  }
  return accept(texts);
}

/** The text of UTF-8 bytes, undefined when they are not. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The word starting at `start`, undefined when its quotes do not balance. */
function readWord(line: string, start: number): { bytes: string; end: number } | undefined {
  let bytes = '';
  let at = start;
  while (at < line.length) {
    const char = line[at] as string;
    if (BLANK.test(char)) break;
    if (char !== '"' && char !== "'") {
      bytes += char;
      at++;
      continue;
    }
    const quoted = char === '"' ? readDouble(line, at + 1) : readSingle(line, at + 1);
    if (quoted === undefined) return undefined;
    const behind = line[quoted.end];
    if (behind !== undefined && !BLANK.test(behind)) return undefined;
    return { bytes: bytes + quoted.bytes, end: quoted.end };
  }
  return { bytes, end: at };
}

function readDouble(line: string, start: number): { bytes: string; end: number } | undefined {
  let bytes = '';
  for (let at = start; at < line.length; at++) {
    const char = line[at] as string;
    if (char === '"') return { bytes, end: at + 1 };
    const next = char === '\\' ? line[at + 1] : undefined;
    const hex = next === 'x' ? /^[0-9a-fA-F]{2}/.exec(line.slice(at + 2, at + 4)) : null;
    if (hex !== null) {
      bytes += String.fromCharCode(Number.parseInt(hex[0], 16));
      at += 3;
    } else if (next !== undefined) {
      bytes += ESCAPES.get(next) ?? next;
      at++;
    } else {
      bytes += char;
    }
  }
  return undefined;
}

function readSingle(line: string, start: number): { bytes: string; end: number } | undefined {
  let bytes = '';
  for (let at = start; at < line.length; at++) {
    const char = line[at] as string;
    if (char === "'") return { bytes, end: at + 1 };
    if (char === '\\' && line[at + 1] === "'") {
      bytes += "'";
      at++;
    } else {
      bytes += char;
    }
  }
  return undefined;
}
