/**
 * The family of geo commands, on indexes of their own: one of a town, one of the world. No two
 * members are equally far, and no distances are stored: their last digit is a sine's.
 */
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';

const KEYS: readonly Buffer[] = ['geo:world', 'geo:town', 'geo{t1}', 'geo:few'].map((key) =>
  Buffer.from(key),
);
const STORED = Buffer.from('geo:stored{t1}');
const BAD = ['181', '-181', 'x', '86', 'nan', '1e30', ''];
const UNITS = ['m', 'km', 'ft', 'mi', 'KM'];

const geoKey = (source: ArgumentSource): Buffer =>
  source.percent(3) ? source.key() : source.prng.pick(KEYS);

function coordinate(source: ArgumentSource, key: Buffer, most: number): string {
  const { prng } = source;
  if (source.percent(1)) return prng.pick(BAD);
  const unit = prng.uint32() / 2 ** 32;
  if (key.includes('town')) return (most / 4 + unit / 10).toFixed(9);
  return ((unit * 2 - 1) * most).toFixed(7);
}

const point = (source: ArgumentSource, key: Buffer): string[] => [
  coordinate(source, key, 180),
  coordinate(source, key, 85),
];

function member(source: ArgumentSource, key: Buffer): string {
  return `p${source.prng.below(key.includes('few') ? 4 : 60)}`;
}

function unit(source: ArgumentSource): string {
  return source.percent(2) ? 'yd' : source.prng.pick(UNITS);
}

function length(source: ArgumentSource): string {
  const { prng } = source;
  if (source.percent(3)) return prng.pick(['-1', 'x', '0', '1e9']);
  return String(prng.below(10 ** prng.between(1, 7)));
}

function options(source: ArgumentSource): string[] {
  const { prng } = source;
  const facts = source.some(['WITHCOORD', 'WITHDIST', 'WITHHASH'], 30);
  const count = source.percent(30) ? ['COUNT', prng.pick(['1', '3', '10', '0', 'x'])] : [];
  const any = source.some(['ANY'], count.length > 0 ? 30 : 2);
  const order = source.percent(40) ? [prng.pick(['ASC', 'DESC'])] : [];
  return [...facts, ...count, ...any, ...order];
}

function area(source: ArgumentSource, key: Buffer): string[] {
  const from = source.percent(40)
    ? ['FROMMEMBER', member(source, key)]
    : ['FROMLONLAT', ...point(source, key)];
  const by = source.percent(50)
    ? ['BYRADIUS', length(source), unit(source)]
    : ['BYBOX', length(source), length(source), unit(source)];
  return source.percent(4) ? by : [...from, ...by];
}

function add(source: ArgumentSource, key: Buffer): CommandArg[] {
  const count = source.prng.between(1, 5);
  const places = Array.from({ length: count }, () => [...point(source, key), member(source, key)]);
  return [...source.some(['NX', 'XX', 'CH'], 8), ...places.flat()];
}

function store(source: ArgumentSource): GeneratedCommand {
  const key = source.prng.pick(KEYS);
  const args = ['GEOSEARCHSTORE', STORED, key, ...area(source, key), ...options(source)];
  return generated(args, { keys: [STORED, key] });
}

const storing = (source: ArgumentSource): CommandArg[] =>
  source.percent(15) ? ['STORE', STORED] : [];

export const GEO_FAMILY: CommandFamily = {
  name: 'geo',
  recipes: [
    keyRecipe('GEOADD', 20, add, geoKey),
    keyRecipe('GEOPOS', 5, (s, key) => [member(s, key), member(s, key)], geoKey),
    keyRecipe('GEOHASH', 4, (s, key) => [member(s, key), member(s, key)], geoKey),
    keyRecipe('GEODIST', 6, (s, key) => [member(s, key), member(s, key), unit(s)], geoKey),
    keyRecipe('GEOSEARCH', 15, (s, key) => [...area(s, key), ...options(s)], geoKey),
    keyRecipe(
      'GEORADIUS',
      6,
      (s, key) => [...point(s, key), length(s), unit(s), ...options(s), ...storing(s)],
      geoKey,
    ),
    keyRecipe(
      'GEORADIUSBYMEMBER',
      6,
      (s, key) => [member(s, key), length(s), unit(s), ...options(s), ...storing(s)],
      geoKey,
    ),
    { name: 'GEOSEARCHSTORE', weight: 6, make: store },
    keyRecipe('ZREM', 5, (s, key) => [member(s, key)], geoKey),
    keyRecipe('DEL', 1, () => [], geoKey),
  ],
};
