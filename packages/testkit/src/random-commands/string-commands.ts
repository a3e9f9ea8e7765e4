/** The family of the 22 string commands; storing with expiry and numbers have their own files. */
import { EXACT } from '../compare-replies.ts';
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type CommandRecipe,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { groupOf } from './key-pool.ts';
import { STRING_NUMBER_RECIPES } from './string-number-commands.ts';
import { STRING_STORE_RECIPES } from './string-store-commands.ts';
import { letters } from './value-texts.ts';

function range(source: ArgumentSource): CommandArg[] {
  if (source.percent(5)) return ['0', '-1'];
  return [source.integer(-80, 80), source.integer(-80, 80)];
}

/** What APPEND adds: little, so that values stay small; more on big keys, over 16 KB at times. */
function tail(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  if (groupOf(key) === 'big' && prng.chance(0.4)) return letters(prng, prng.between(1000, 20_000));
  if (groupOf(key) === 'counter' || prng.chance(0.2)) return String(prng.below(10));
  return prng.chance(0.1) ? '' : letters(prng, prng.between(1, 30));
}

/** SETRANGE offsets: within reach, or so large that Redis refuses; nothing that allocates much. */
function offset(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  const refused = ['536870912', '536870911', '536870905', '4294967296', '9223372036854775807'];
  if (source.percent(8)) return prng.pick([...refused, '-1', '-9223372036854775808']);
  if (source.percent(4)) return source.integer(0, 1);
  return prng.below(groupOf(key) === 'big' ? 40_000 : 80);
}

function setrangeRest(source: ArgumentSource, key: Buffer): CommandArg[] {
  const at = offset(source, key);
  // Refused only if something is written there: near the limit it must be more than 7 bytes.
  const text = String(at).startsWith('5368709') ? letters(source.prng, 12) : tail(source, key);
  return [at, source.percent(10) ? '' : text];
}

function makeMset(
  name: 'MSET' | 'MSETNX',
  most: number,
): (source: ArgumentSource) => GeneratedCommand {
  return (source) => {
    const keys = source.keys(most);
    return generated([name, ...keys.flatMap((key) => [key, source.value(key)])], { keys });
  };
}

function makeLcs(source: ArgumentSource): GeneratedCommand {
  const keys = [source.keyOf('dna'), source.keyOf('dna')];
  const options: CommandArg[] = source.some(['LEN', 'IDX', 'WITHMATCHLEN'], 25);
  if (source.percent(20)) options.push('MINMATCHLEN', source.integer(-1, 5));
  if (source.percent(3)) options.push(source.prng.pick(['FOO', 'MINMATCHLEN', '']));
  return generated(['LCS', ...keys, ...options], { keys });
}

const RECIPES: readonly CommandRecipe[] = [
  ...STRING_STORE_RECIPES,
  ...STRING_NUMBER_RECIPES,
  keyRecipe('GET', 90, () => []),
  keyRecipe('GETDEL', 15, () => []),
  keyRecipe('STRLEN', 30, () => []),
  keyRecipe('APPEND', 40, (source, key) => [tail(source, key)]),
  keyRecipe('GETRANGE', 30, range),
  keyRecipe('SUBSTR', 10, range),
  keyRecipe('SETRANGE', 30, setrangeRest),
  {
    name: 'MGET',
    weight: 30,
    make: (source) => {
      const keys = source.keys(12);
      return generated(['MGET', ...keys], { keys });
    },
  },
  { name: 'MSET', weight: 25, make: makeMset('MSET', 6) },
  { name: 'MSETNX', weight: 12, make: makeMset('MSETNX', 3) },
  { name: 'LCS', weight: 14, make: makeLcs },
];

export const STRING_FAMILY: CommandFamily = {
  name: 'string',
  recipes: RECIPES,
  readers: [{ type: 'string', command: (key) => ['GET', key], comparison: EXACT }],
};
