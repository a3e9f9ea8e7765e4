// Inline commands: blanks, quotes and escapes as redis-cli users and telnet know them.

import { test } from 'tap';
import { splitInline } from '../src/inline.ts';

function split(text: string): string[] | null {
  const bytes = Buffer.from(`##${text}##`, 'latin1');
  const end = bytes.length - 2;
  const found: [number, number][] = [];
  const count = splitInline(bytes, 2, end, (offset, length) => found.push([offset, length]));
  if (bytes.toString('latin1', 0, 2) !== '##' || bytes.toString('latin1', end) !== '##') {
    throw new Error('wrote outside the line');
  }
  if (count < 0) return null;
  if (count !== found.length) throw new Error('count and calls differ');
  return found.map(([offset, length]) => bytes.toString('latin1', offset, offset + length));
}

// Facts of redis-server 7.0.15, but for NUL bytes: it never sees the end of such a line.
const CASES: readonly (readonly [string, readonly string[] | null])[] = [
  ['', []],
  ['   \t ', []],
  ['\v\f', []],
  ['PING', ['PING']],
  [' a  b\tc\r', ['a', 'b', 'c']],
  ['a\vb\fc d', ['a\vb\fc', 'd']],
  ['\va', ['a']],
  ['"a b"', ['a b']],
  ['""', ['']],
  ["''", ['']],
  ['"" \'\' x', ['', '', 'x']],
  ['a"b c"', ['ab c']],
  ["a'b c'", ['ab c']],
  ['"a"\vb', ['a', 'b']],
  ['"\\n\\r\\t\\b\\a\\q\\"\\\\"', ['\n\r\t\b\x07q"\\']],
  ['"\\x41\\xfF\\x00"', ['A\xff\0']],
  ['"\\x4"', ['x4']],
  ['"\\x4g"', ['x4g']],
  ['"\\xg4"', ['xg4']],
  ['"\\x"', ['x']],
  ["'\\n\\''", ["\\n'"]],
  ["'\\\\'", null],
  ["'a\\\\ '", ['a\\\\ ']],
  ['a\\nb', ['a\\nb']],
  ['"\\x41"x', null],
  ['"a', null],
  ["'a", null],
  ['"a\\"', null],
  ["'a\\'", null],
  ['"a"b', null],
  ["'a'b", null],
  ['"a"\'b\'', null],
  ['a"b', null],
  ['"', null],
  ['x "\\', null],
  ['a\0b', ['a']],
  ['"a\0"', null],
  ['\0', []],
  ['\x80\xff "\xfe"', ['\x80\xff', '\xfe']],
];

test('splitInline', async (t) => {
  for (const [text, expected] of CASES) t.same(split(text), expected, JSON.stringify(text));
});
