/**
 * The family of HyperLogLog commands, on keys of their own, so that they grow through all forms;
 * sometimes on the keys of the others, which hold no HyperLogLogs.
 */
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';

const KEYS: readonly Buffer[] = [
  ...['hll:0', 'hll:1', 'hll:2', 'hll:3', 'hll{t1}', 'hll{user:7}', 'hll:few', 'hll:set'],
].map((key) => Buffer.from(key));

const head = (form: number, cached: number[] = []) =>
  Buffer.from([
    0x48,
    0x59,
    0x4c,
    0x4c,
    form,
    0,
    0,
    0,
    ...cached,
    ...Array(8 - cached.length).fill(0),
  ]);
const withRuns = (runs: number[], cached?: number[]) =>
  Buffer.concat([head(1, cached), Buffer.from(runs)]);
const STALE = [0, 0, 0, 0, 0, 0, 0, 0x80];

/** HyperLogLogs written by hand: whole ones, and such as every server refuses. */
const WRITTEN: readonly (string | Buffer)[] = [
  withRuns([0x7f, 0xff]),
  withRuns([0x7f, 0xff], STALE),
  withRuns([0x7f, 0xff], [5]),
  withRuns([0x7f, 0xff], [255, 255, 255, 255, 255, 255, 255, 127]),
  withRuns([0x7f, 0xfb, 0xfc | 3], STALE),
  withRuns([0x83, 0x87, 0x83, 0x7f, 0xf3], STALE),
  withRuns([0x7f, 0xfe], STALE),
  withRuns([0x7f, 0xff, 0x00], STALE),
  withRuns([], STALE),
  ...['HYLL', 'HYLX\x01\0\0\0\0\0\0\0\0\0\0\0', 'no such thing as a HyperLogLog here'],
  ...[head(0), head(2), Buffer.concat([head(0), Buffer.alloc(12288)])],
  Buffer.concat([head(0, STALE), Buffer.alloc(12288, 0x41)]),
  Buffer.concat([head(0, STALE), Buffer.alloc(12288, 0xff)]),
  Buffer.concat([head(0, STALE), Buffer.alloc(12287)]),
];

function hllKey(source: ArgumentSource): Buffer {
  return source.percent(4) ? source.key() : source.prng.pick(KEYS);
}

/** Mostly a few elements; at times so many that the string becomes dense. */
function elements(source: ArgumentSource, key: Buffer): CommandArg[] {
  const { prng } = source;
  const isFew = key.includes('few');
  const most = isFew ? 1 : source.percent(4) ? 300 : 6;
  const space = prng.pick([20, 1000, 1_000_000]);
  return Array.from({ length: prng.below(most + 1) }, () =>
    source.percent(3) ? prng.bytes(prng.below(40)) : `e${prng.below(isFew ? 30 : space)}`,
  );
}

function several(name: string, least: number): (source: ArgumentSource) => GeneratedCommand {
  return (source) => {
    const keys = Array.from({ length: source.prng.between(least, 4) }, () => hllKey(source));
    return generated([name, ...keys], { keys });
  };
}

export const HYPERLOGLOG_FAMILY: CommandFamily = {
  name: 'hyperloglog',
  recipes: [
    keyRecipe('PFADD', 40, elements, hllKey),
    { name: 'PFCOUNT', weight: 25, make: several('PFCOUNT', 1) },
    { name: 'PFMERGE', weight: 15, make: several('PFMERGE', 1) },
    keyRecipe('SET', 4, (source) => [source.prng.pick(WRITTEN)], hllKey),
    keyRecipe('GET', 8, () => [], hllKey),
    keyRecipe('DEL', 2, () => [], hllKey),
  ],
};
