/**
 * The few keys all random commands share, in groups: a group tells which values its keys mostly
 * hold, so that most commands meet a value they can work on. Nothing enforces it: RENAME, COPY and
 * SET mix the groups on purpose, except that `big` values stay on `big` keys.
 */
import type { Prng } from './prng.ts';

/** What the keys of a group mostly hold. */
export type KeyGroup = 'counter' | 'float' | 'dna' | 'text' | 'big';

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const KEYS: Readonly<Record<KeyGroup, readonly (string | Buffer)[]>> = {
  counter: [...numbered('n:', 6), 'n{t1}', 'counter:{user:7}', 'counter:{user:8}'],
  float: [...numbered('f:', 3), 'f{t1}', 'f{user:7}'],
  /** Short texts over four letters, for LCS: its work is the product of the two lengths. */
  dna: [...numbered('dna:', 3), 'dna{t1}'],
  text: [
    ...numbered('k:', 8),
    ...['', ' ', 'a b', 'line\r\nbreak', 'k{t1}', 'other{t1}', '{}', '{}x', 'a{b}c', 'a{b}d'],
    ...['{a}{b}', '{unclosed', '*', '[a-c]', 'h?llo', 'hello', 'hallo', 'back\\slash', '"quoted"'],
    ...['__proto__', 'constructor', 'toString', 'ключ', 'K:0', `long-${'x'.repeat(300)}`],
    ...[Buffer.from([0]), Buffer.from([0, 1, 2, 255, 254, 128]), Buffer.from('a\0b')],
  ],
  big: [...numbered('big:', 3), 'big{t1}'],
};

const POOL = new Map<KeyGroup, readonly Buffer[]>();
const GROUP_OF = new Map<string, KeyGroup>();
for (const [group, keys] of Object.entries(KEYS) as [KeyGroup, (string | Buffer)[]][]) {
  const list = keys.map((key) => Buffer.from(key as string));
  POOL.set(group, list);
  for (const key of list) GROUP_OF.set(key.toString('latin1'), group);
}
const SMALL: readonly Buffer[] = [...POOL].flatMap(([group, keys]) =>
  group === 'big' ? [] : keys,
);

/** All keys of the pool. */
export function allKeys(): readonly Buffer[] {
  return [...POOL.values()].flat();
}

/** One key of the group. */
export function keyOf(prng: Prng, group: KeyGroup): Buffer {
  return prng.pick(POOL.get(group) as readonly Buffer[]);
}

/** One key of any group but `big`. */
export function smallKey(prng: Prng): Buffer {
  return prng.pick(SMALL);
}

/** The key's group; `text` for a key that is not in the pool. */
export function groupOf(key: Buffer): KeyGroup {
  return GROUP_OF.get(key.toString('latin1')) ?? 'text';
}

/** Patterns for KEYS and SCAN MATCH: good, odd and malformed ones. */
export const GLOBS: readonly (string | Buffer)[] = [
  ...[
    '*',
    '',
    'k:*',
    'n:?',
    '*{t1}',
    '*{*}*',
    '[a-c]*',
    '[^a-m]*',
    '[kn]:[0-3]',
    'h?llo',
    'h[ae]llo',
  ],
  ...[
    'h[^a]llo',
    '\\*',
    '\\[a-c\\]',
    '*\\\\*',
    '**',
    '*?*',
    '?',
    '??',
    'k:0',
    'K:*',
    'long-*x',
    'nokey*',
  ],
  ...['[', '[a', '[a-', '[^', '[]', 'k:[', '[z-a]*', '\\', 'k:\\', '*\\', '[\\]]*', '[!a]*', '{}*'],
  ...['a*b*c*d*e*f', '*a*a*a*a*b', '__proto__', '"*"', '* *', '*\r\n*', 'кл*'],
  ...[
    Buffer.from([0x2a, 0]),
    Buffer.from([0, 0x2a]),
    Buffer.from([0x5b, 0, 0x2d, 255, 0x5d, 0x2a]),
  ],
];
