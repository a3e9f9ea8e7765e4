/** The family of commands on keys of any type: existence, type, moving keys about, listing them. */
import { SAME_KIND, UNORDERED } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type CommandRecipe,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { GLOBS } from './key-pool.ts';

const ODD_DATABASES: readonly string[] = ['16', '-1', 'abc', '', '1.5', '99999999999', ' 1'];

/** A database number: mostly 0 to 2, so that the same keys meet again. */
export function database(source: ArgumentSource): string {
  if (source.percent(6)) return source.prng.pick(ODD_DATABASES);
  return source.percent(90) ? String(source.prng.below(3)) : source.prng.pick(['9', '15']);
}

function manyKeys(name: string, weight: number, most: number): CommandRecipe {
  const make = (source: ArgumentSource) => {
    const keys = source.keys(most);
    return generated([name, ...keys], { keys });
  };
  return { name, weight, make };
}

function makeRename(name: 'RENAME' | 'RENAMENX'): (source: ArgumentSource) => GeneratedCommand {
  return (source) => {
    const keys = source.keyPair();
    return generated([name, ...keys], { keys });
  };
}

function makeCopy(source: ArgumentSource): GeneratedCommand {
  const keys = source.keyPair();
  const options: CommandArg[][] = [];
  if (source.percent(45)) options.push(['REPLACE']);
  if (source.percent(25)) options.push(['DB', database(source)]);
  if (source.percent(4)) options.push([source.prng.pick(['FOO', 'DB', '', 'REPLACE'])]);
  if (source.percent(50)) options.reverse();
  return generated(['COPY', ...keys, ...options.flat()], { keys });
}

/**
 * A whole walk from cursor 0 back to 0; what a single call returns is the implementation's own
 * business, the set of keys of a walk is not. A refused option answers an error at once.
 */
function makeScanWalk(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const options: CommandArg[][] = [];
  if (source.percent(60)) options.push(['MATCH', prng.pick(GLOBS)]);
  if (source.percent(60)) options.push(['COUNT', String(prng.pick([3, 7, 10, 50, 1000]))]);
  if (source.percent(30)) options.push(['TYPE', prng.pick(['string', 'STRING', 'hash', 'nosuch'])]);
  if (source.percent(50)) options.reverse();
  return generated(['SCAN', '0', ...options.flat()], {
    comparison: UNORDERED,
    procedure: 'scan-walk',
  });
}

/** Single calls of SCAN that must be refused. */
function makeBadScan(source: ArgumentSource): GeneratedCommand {
  const bad = [
    ...[['abc'], ['1x'], ['99999999999999999999999'], [' 1'], ['0', 'COUNT', '0'], ['0', 'MATCH']],
    ...[
      ['0', 'COUNT', '-5'],
      ['0', 'COUNT', 'abc'],
      ['0', 'COUNT'],
      ['0', 'FOO', 'BAR'],
      ['0', ''],
    ],
    ...[
      ['0', 'TYPE'],
      ['0', 'COUNT', '9223372036854775808'],
      ['0', 'MATCH', '*', 'COUNT'],
    ],
  ];
  return generated(['SCAN', ...source.prng.pick(bad)], { label: 'SCAN (wrong)', fixed: true });
}

function makeKeys(source: ArgumentSource): GeneratedCommand {
  return generated(['KEYS', source.prng.pick(GLOBS)], { comparison: UNORDERED });
}

function makeObject(source: ArgumentSource): GeneratedCommand {
  const bad = [
    ['OBJECT'],
    ['OBJECT', 'NOSUCH'],
    ['OBJECT', 'ENCODING'],
    ['OBJECT', 'NOSUCH', 'k:0'],
  ];
  return generated(source.prng.pick(bad), { label: 'OBJECT (wrong)' });
}

const anyKey = (source: ArgumentSource) => source.key();

export const GENERIC_FAMILY: CommandFamily = {
  name: 'generic',
  recipes: [
    manyKeys('DEL', 30, 3),
    manyKeys('UNLINK', 10, 3),
    manyKeys('EXISTS', 25, 5),
    manyKeys('TOUCH', 12, 5),
    keyRecipe('TYPE', 20, () => []),
    { name: 'RENAME', weight: 18, make: makeRename('RENAME') },
    { name: 'RENAMENX', weight: 15, make: makeRename('RENAMENX') },
    { name: 'COPY', weight: 25, make: makeCopy },
    keyRecipe('MOVE', 12, (source) => [database(source)]),
    keyRecipe('OBJECT ENCODING', 30, () => []),
    // Kind only: how many references an object has depends on how an implementation shares
    // objects (Redis: 2147483647 for shared small integers, but 1 after COPY).
    keyRecipe('OBJECT REFCOUNT', 8, () => [], anyKey, SAME_KIND),
    { name: 'OBJECT (wrong)', weight: 2, make: makeObject },
    { name: 'KEYS', weight: 8, make: makeKeys },
    { name: 'SCAN', weight: 5, make: makeScanWalk },
    { name: 'SCAN (wrong)', weight: 3, make: makeBadScan },
    {
      name: 'RANDOMKEY',
      weight: 4,
      make: () => generated(['RANDOMKEY'], { procedure: 'random-key' }),
    },
  ],
};
