// Words and counts, the same from bytes as from text.
import { test } from 'tap';
import { isWord, parseCount } from '../src/argument-text.ts';

test('isWord ignores case and nothing else', (t) => {
  for (const arg of ['STORE', 'store', 'StOrE']) {
    t.ok(isWord(arg, 'STORE'));
    t.ok(isWord(Buffer.from(arg), 'STORE'));
  }
  for (const arg of ['', 'STOR', 'STORES', 'ST0RE', '3TORE', 'store\0']) {
    t.notOk(isWord(arg, 'STORE'), arg);
    t.notOk(isWord(Buffer.from(arg), 'STORE'), arg);
  }
  // 'G' - 32 and 'G' + 64 are neither of the two letters.
  t.notOk(isWord(Uint8Array.of(0x27, 0x45, 0x54), 'GET'));
  t.notOk(isWord(Uint8Array.of(0x87, 0x45, 0x54), 'GET'));
  t.end();
});

test('parseCount takes plain digits that fit', (t) => {
  const cases = { '0': 0, '7': 7, '007': 7, '999999999': 999_999_999 };
  for (const [arg, count] of Object.entries(cases)) {
    t.equal(parseCount(arg), count, arg);
    t.equal(parseCount(Buffer.from(arg)), count, arg);
  }
  for (const arg of ['', '-1', '+1', ' 1', '1 ', '1x', '1.0', '0x1', '1000000000', '٣']) {
    t.equal(parseCount(arg), -1, arg);
    t.equal(parseCount(Buffer.from(arg)), -1, arg);
  }
  t.end();
});
