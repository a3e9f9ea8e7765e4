/** The family of commands about when a key expires: EXPIRE and its variants, TTL, PERSIST. */
import type { CommandArg } from '../encode-command.ts';
import {
  type ArgumentSource,
  type ExpiryUnit,
  MILLISECONDS,
  MILLISECONDS_LEFT,
  SECONDS,
  SECONDS_LEFT,
} from './argument-source.ts';
import { type CommandFamily, type CommandRecipe, keyRecipe } from './generated-command.ts';

const CONDITIONS: readonly (readonly string[])[] = [['NX'], ['XX'], ['GT'], ['LT']];
const ODD_CONDITIONS: readonly (readonly string[])[] = [
  ...[['XX', 'GT'], ['XX', 'LT'], ['GT', 'LT'], ['NX', 'XX'], ['NX', 'GT'], ['LT', 'NX'], ['FOO']],
  ...[['GT', 'GT'], ['GT', ''], ['EX'], ['XX', 'GT', 'LT'], ['NX', 'NX']],
];

function conditions(source: ArgumentSource): readonly string[] {
  if (source.percent(50)) return [];
  return source.prng.pick(source.percent(85) ? CONDITIONS : ODD_CONDITIONS);
}

function time(source: ArgumentSource, unit: ExpiryUnit): string {
  const isAbsolute = unit === 'EXAT' || unit === 'PXAT';
  if (!source.percent(7)) return source.expiry(unit);
  return isAbsolute ? source.pastTime(unit) : source.prng.pick(['0', '-1', '-1000', '-99999999']);
}

function expire(name: string, unit: ExpiryUnit, weight: number): CommandRecipe {
  const rest = (source: ArgumentSource): CommandArg[] => [
    time(source, unit),
    ...conditions(source),
  ];
  return keyRecipe(name, weight, rest);
}

const anyKey = (source: ArgumentSource) => source.key();

export const EXPIRY_FAMILY: CommandFamily = {
  name: 'expiry',
  recipes: [
    expire('EXPIRE', 'EX', 30),
    expire('PEXPIRE', 'PX', 20),
    expire('EXPIREAT', 'EXAT', 25),
    expire('PEXPIREAT', 'PXAT', 20),
    keyRecipe('PERSIST', 20, () => []),
    keyRecipe('TTL', 25, () => [], anyKey, SECONDS_LEFT),
    keyRecipe('PTTL', 20, () => [], anyKey, MILLISECONDS_LEFT),
    keyRecipe('EXPIRETIME', 15, () => [], anyKey, SECONDS),
    keyRecipe('PEXPIRETIME', 15, () => [], anyKey, MILLISECONDS),
  ],
};
