/** Numbers and strings for random commands: mostly sensible, some at an edge, some bad. */
import type { KeyGroup } from './key-pool.ts';
import type { Prng } from './prng.ts';

/** Texts Redis takes as 64-bit integers, where arithmetic overflows. */
export const EDGE_INTEGERS: readonly string[] = [
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775806', '-9223372036854775807'],
  ...['4611686018427387904', '-4611686018427387905', '9007199254740991', '9007199254740993'],
  ...['-9007199254740993', '2147483647', '2147483648', '-2147483648', '-2147483649', '4294967295'],
  ...['4294967296', '9999', '10000', '0', '-1', '1'],
];

/** Texts that are not integers for Redis, however close. */
export const BAD_INTEGERS: readonly (string | Buffer)[] = [
  ...['9223372036854775808', '-9223372036854775809', '18446744073709551615'],
  ...[
    '18446744073709551616',
    '99999999999999999999999999',
    '+1',
    '-0',
    '00',
    '007',
    '-01',
    ' 1',
    '1 ',
  ],
  ...[
    '1\n',
    '\t1',
    '1.0',
    '1e3',
    '0x10',
    '',
    '-',
    '+',
    '--1',
    'abc',
    '1_000',
    '1,000',
    '１',
    'NaN',
  ],
  ...['Infinity', 'true', 'null', '1n', Buffer.from('1\0'), Buffer.from([255])],
];

/** Texts Redis takes as long doubles, with 17 digits and more, exponents, hex. */
export const EDGE_FLOATS: readonly string[] = [
  ...['0.1', '-0.1', '0.2', '3.0e3', '1e-5', '5.0', '.5', '5.', '-.5e1', '1e17', '1e18', '1e-17'],
  ...['0.1234567890123456789', '123456789.123456789', '12345678901234567', '12345678901234567890'],
  ...['3.14159265358979323846', '1.7976931348623157e308', '-1.7976931348623157e308', '4.9e-324'],
  ...[
    '1e400',
    '-1e400',
    '1e-400',
    '1e4000',
    '0x10',
    '0x1.8p3',
    '-0x1p-3',
    '+3',
    '+.5',
    '-0',
    '-0.0',
  ],
  ...['00012', '0.30000000000000004', '9007199254740993', '9223372036854775807', '1e0', '1E2'],
];

/** Texts that are no floats for Redis, or make the result infinite. */
export const BAD_FLOATS: readonly (string | Buffer)[] = [
  ...[
    'nan',
    'NaN',
    '-nan',
    'inf',
    '-inf',
    '+inf',
    'Infinity',
    '1e5000',
    '-1e5000',
    ' 1',
    '1 ',
    '1\n',
  ],
  ...[
    '',
    '.',
    '-',
    'e5',
    '1e',
    '1e+',
    'abc',
    '1.5x',
    '1,5',
    '--1',
    '1.2.3',
    '0x',
    '0xg',
    '1f',
    '1d',
  ],
  ...['1'.repeat(300), Buffer.from('1\0'), Buffer.from('1.5\0abc')],
];

/** Lengths around the embstr limit (44) and other small powers. */
const SMALL_LENGTHS: readonly number[] = [0, 1, 2, 7, 8, 20, 21, 43, 44, 45, 63, 64, 65, 127, 128];
/** Lengths around 16 KB and 32 KB, and a few of 20 to 300 KB. */
const BIG_LENGTHS: readonly number[] = [
  ...[1000, 4096, 16_383, 16_384, 16_385, 20_000, 32_767, 32_768, 65_536, 100_000, 300_000],
];

/** A text of letters, or of a repeated unit when it is long: cheap to make and to compare. */
export function letters(prng: Prng, length: number): Buffer {
  if (length > 200) return Buffer.alloc(length, prng.bytes(61));
  const bytes = prng.bytes(length);
  for (let index = 0; index < length; index++) bytes[index] = 97 + ((bytes[index] as number) % 26);
  return bytes;
}

/** A value a key of this group may get. */
export function valueFor(prng: Prng, group: KeyGroup): string | Buffer {
  if (group !== 'big' && prng.chance(0.15)) return anyValue(prng);
  switch (group) {
    case 'counter':
      return prng.chance(0.85) ? String(prng.between(-1000, 20_000)) : prng.pick(EDGE_INTEGERS);
    case 'float':
      return prng.chance(0.6) ? shortFloat(prng) : prng.pick(EDGE_FLOATS);
    case 'dna':
      return dna(prng);
    case 'text':
      return textValue(prng);
    case 'big':
      return prng.chance(0.5) ? textValue(prng) : letters(prng, prng.pick(BIG_LENGTHS));
  }
}

/** A decimal with a few digits, as people write them. */
export function shortFloat(prng: Prng): string {
  return (prng.between(-100_000, 100_000) / 10 ** prng.below(6)).toString();
}

function dna(prng: Prng): Buffer {
  const bytes = prng.bytes(prng.below(60));
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = 'acgt'.charCodeAt((bytes[index] as number) & 3);
  }
  return bytes;
}

function textValue(prng: Prng): Buffer {
  const length = prng.chance(0.7) ? prng.pick(SMALL_LENGTHS) : prng.below(400);
  return prng.chance(0.15) ? prng.bytes(length) : letters(prng, length);
}

function anyValue(prng: Prng): string | Buffer {
  return prng.weighted<() => string | Buffer>([
    [3, () => prng.pick(EDGE_INTEGERS)],
    [2, () => prng.pick(BAD_INTEGERS)],
    [2, () => prng.pick(EDGE_FLOATS)],
    [1, () => prng.pick(BAD_FLOATS)],
    [4, () => textValue(prng)],
    [1, () => Buffer.alloc(0)],
  ])();
}
