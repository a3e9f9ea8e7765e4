// Splitting lines: blanks, both quotes, escapes, bytes that are or are not UTF-8.

import { test } from 'tap';
import { decodeUtf8, splitWords } from '../src/words.ts';

function split(line: string): readonly string[] | string {
  const outcome = splitWords(Buffer.from(line).toString('latin1'));
  return outcome.ok ? outcome.value : outcome.why;
}

test('words and quotes', async (t) => {
  const cases: readonly (readonly [line: string, words: readonly string[]])[] = [
    ['', []],
    [' \t\r', []],
    ['port 6379', ['port', '6379']],
    ['  port\t\t6379\r', ['port', '6379']],
    ['save ""', ['save', '']],
    ["save ''", ['save', '']],
    ['a "b c" d', ['a', 'b c', 'd']],
    [`a 'b "c"'`, ['a', 'b "c"']],
    [`a "b 'c'"`, ['a', "b 'c'"]],
    ['a b"c d"', ['a', 'bc d']],
    ['"\\n\\r\\t\\b\\a\\\\\\"\\q"', ['\n\r\t\b\x07\\"q']],
    ['"\\x41\\x7a\\x4"', ['Azx4']],
    ['"\\xC3\\xa9"', ['\u00e9']],
    ["'\\n\\''", ["\\n'"]],
    ['a\\nb', ['a\\nb']],
    ['dir /d/\u00e9', ['dir', '/d/\u00e9']],
    ['a # b', ['a', '#', 'b']],
  ];
  for (const [line, words] of cases) t.same(split(line), words, line);
});

test('quotes that do not balance', async (t) => {
  for (const line of ['"', "'", 'a "b', "a 'b", '"a"b', "'a'b", 'a "b\\"', '"a""b"', '"\\']) {
    t.equal(split(line), 'unbalanced quotes in configuration line', line);
  }
});

test('bytes that are no UTF-8', async (t) => {
  t.equal(split('"\\xff"'), 'argument is not UTF-8 text');
  t.same(splitWords('caf\xe9'), { ok: false, why: 'argument is not UTF-8 text' });
  t.equal(decodeUtf8(Uint8Array.of(0xc3, 0xa9)), '\u00e9');
  t.equal(decodeUtf8(Uint8Array.of(0xc3)), undefined);
  t.equal(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa', 'nothing is dropped');
});
