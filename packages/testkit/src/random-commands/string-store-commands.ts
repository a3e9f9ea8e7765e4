/** Random commands that store a string and may set when it expires: the SET and GETEX group. */
import type { CommandArg } from '../encode-command.ts';
import { type ArgumentSource, EXPIRY_UNITS } from './argument-source.ts';
import {
  type CommandRecipe,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';

/** EX, PX, EXAT or PXAT with its number. */
function expiryOption(source: ArgumentSource): string[] {
  const unit = source.prng.pick(EXPIRY_UNITS);
  return [unit, source.expiry(unit)];
}

function makeSet(source: ArgumentSource): GeneratedCommand | GeneratedCommand[] {
  const key = source.key();
  const keys = [key];
  const start: CommandArg[] = ['SET', key, source.value(key)];
  if (source.percent(45)) return generated(start, { keys });
  if (source.percent(3)) return setInThePast(source, key, start);
  const { prng } = source;
  const options: string[][] = [];
  if (source.percent(35)) options.push([prng.pick(['NX', 'XX'])]);
  if (source.percent(35)) options.push(['GET']);
  if (source.percent(45)) options.push(expiryOption(source));
  else if (source.percent(30)) options.push(['KEEPTTL']);
  if (source.percent(5)) options.push(oddOption(source));
  return generated([...start, ...prng.shuffle(options).flat()], { keys });
}

/** Options that do not go together, are unknown, or lack their number. */
function oddOption(source: ArgumentSource): string[] {
  const odd = [['NX'], ['XX'], ['KEEPTTL'], ['PERSIST'], ['FOO'], ['EX'], ['PXAT'], ['GT'], ['']];
  return source.percent(30) ? expiryOption(source) : source.prng.pick(odd);
}

/**
 * A key stored with a time that has passed. Redis 7.0 keeps it until somebody looks or the active
 * cycle comes by, so the GET makes it vanish before DBSIZE could tell the difference.
 */
function setInThePast(
  source: ArgumentSource,
  key: Buffer,
  start: CommandArg[],
): GeneratedCommand[] {
  const unit = source.prng.pick(['EXAT', 'PXAT'] as const);
  const details = { keys: [key], fixed: true };
  const args = [...start, unit, source.pastTime(unit)];
  return [generated(args, details), generated(['GET', key], details)];
}

function getexOptions(source: ArgumentSource): string[] {
  const { prng } = source;
  if (source.percent(35)) return [];
  if (source.percent(25)) return ['PERSIST'];
  if (source.percent(5)) {
    const unit = prng.pick(['EXAT', 'PXAT'] as const);
    return [unit, source.pastTime(unit)];
  }
  if (source.percent(7)) {
    return prng.pick([
      ['PERSIST', 'EX', '1000'],
      ['EX', '1000', 'PX', '1000000'],
      ['KEEPTTL'],
      ['EX'],
      ['NX'],
      [''],
      ['PERSIST', 'PERSIST'],
    ]);
  }
  return expiryOption(source);
}

export const STRING_STORE_RECIPES: readonly CommandRecipe[] = [
  { name: 'SET', weight: 150, make: makeSet },
  keyRecipe('SETEX', 18, (source, key) => [source.expiry('EX'), source.value(key)]),
  keyRecipe('PSETEX', 18, (source, key) => [source.expiry('PX'), source.value(key)]),
  keyRecipe('SETNX', 25, (source, key) => [source.value(key)]),
  keyRecipe('GETSET', 15, (source, key) => [source.value(key)]),
  keyRecipe('GETEX', 35, (source) => getexOptions(source)),
];
