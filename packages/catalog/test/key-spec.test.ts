// The notation of key positions and the plain range that follows from them.
import { test } from 'tap';
import { hasMovableKeys, legacyRange, parseKeySpec } from '../src/key-spec.ts';

test('notation', (t) => {
  const one = { kind: 'range', last: 0, step: 1, limit: 0 };
  const cases = [
    ['1 RW insert', { kind: 'index', at: 1 }, one],
    ['1..-1 RW insert', { kind: 'index', at: 1 }, { ...one, last: -1 }],
    ['2..3 RW insert', { kind: 'index', at: 2 }, { ...one, last: 1 }],
    ['1..-1/2 RW insert', { kind: 'index', at: 1 }, { ...one, last: -1, step: 2 }],
    ['STORE@6 RW insert', { kind: 'keyword', word: 'STORE', from: 6 }, one],
    ['KEYS@-2..-1 RW insert', { kind: 'keyword', word: 'KEYS', from: -2 }, { ...one, last: -1 }],
    [
      'STREAMS@1..half RW insert',
      { kind: 'keyword', word: 'STREAMS', from: 1 },
      { ...one, last: -1, limit: 2 },
    ],
    [
      '2:numkeys RW insert',
      { kind: 'index', at: 2 },
      { kind: 'keynum', numAt: 0, firstAt: 1, step: 1 },
    ],
    ['? RW insert', { kind: 'unknown' }, { kind: 'unknown' }],
  ] as const;
  for (const [text, begin, find] of cases) {
    t.strictSame(parseKeySpec(text), { begin, find, flags: ['RW', 'insert'] }, text);
  }
  t.strictSame(parseKeySpec('1 update access RW').flags, ['RW', 'access', 'update'], 'flag order');
  t.end();
});

test('mistakes are refused', (t) => {
  for (const text of [
    '',
    'x RO',
    '1 RX',
    '1..x RO',
    '3..1 RO',
    'A@1..2 RO',
    '1/0 RO',
    '1 RO RO ',
  ]) {
    t.throws(() => parseKeySpec(text), text);
  }
  t.end();
});

test('legacy range', (t) => {
  const rangeOf = (...keys: string[]) => {
    const specs = keys.map((key) => parseKeySpec(key));
    const { first, last, step, isExact } = legacyRange(specs);
    return [first, last, step, isExact, hasMovableKeys(specs)];
  };
  t.strictSame(rangeOf(), [0, 0, 0, true, false]);
  t.strictSame(rangeOf('1 RO'), [1, 1, 1, true, false]);
  t.strictSame(rangeOf('1..-2 RO'), [1, -2, 1, true, false]);
  t.strictSame(rangeOf('1 OW', '2..-1 RO'), [1, -1, 1, true, false], 'neighbours are merged');
  t.strictSame(rangeOf('1 OW', '3 RO'), [1, 1, 1, false, false], 'a gap cannot be described');
  t.strictSame(rangeOf('1 OW', '2:numkeys RO'), [1, 1, 1, false, true]);
  t.strictSame(rangeOf('STREAMS@1..half RO'), [0, 0, 0, false, true]);
  t.strictSame(rangeOf('1 RO', '? RO'), [1, 1, 1, false, true]);
  t.strictSame(rangeOf('1..-1 not_key'), [1, -1, 1, false, false], 'channels are not keys');
  t.end();
});
