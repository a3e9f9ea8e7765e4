/** The family of commands on bits of strings; they share the keys of the string family. */
import type { CommandArg } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';
import { groupOf } from './key-pool.ts';

const BAD_OFFSETS: readonly string[] = [
  ...['-1', '4294967296', '9223372036854775807', '9223372036854775808', 'abc', '', '1.5', '#1'],
];

/** Mostly texts, so that counters stay counters. */
function bitKey(source: ArgumentSource): Buffer {
  return source.keyOf(source.percent(10) ? 'big' : 'text');
}

/** Bit offsets within reach of the key's values, sometimes refused ones; none allocates much. */
function offset(source: ArgumentSource, key: Buffer): CommandArg {
  const { prng } = source;
  if (source.percent(5)) return prng.pick(BAD_OFFSETS);
  return prng.below(groupOf(key) === 'big' ? 200_000 : 500);
}

function bit(source: ArgumentSource): CommandArg {
  if (source.percent(4)) return source.prng.pick(['2', '-1', 'x', '', '9223372036854775807']);
  return source.prng.below(2);
}

/** `start end`, maybe with a unit; edges around the ends of short strings. */
function range(source: ArgumentSource): CommandArg[] {
  const { prng } = source;
  const most = prng.pick([4, 30, 300]);
  const edges = [source.integer(-most, most), source.integer(-most, most)];
  if (source.percent(50)) return edges;
  return [...edges, prng.pick(['BIT', 'BIT', 'BYTE', source.percent(10) ? 'BITS' : 'BIT'])];
}

function bitposRest(source: ArgumentSource): CommandArg[] {
  if (source.percent(25)) return [bit(source)];
  if (source.percent(30)) return [bit(source), source.integer(-60, 60)];
  return [bit(source), ...range(source)];
}

function makeBitop(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const operation = prng.pick(['AND', 'OR', 'XOR', 'NOT', source.percent(5) ? 'NAND' : 'OR']);
  const [to, first] = source.keyPair();
  // The result is as long as the longest source, and LCS of long strings is a day's work.
  const target = groupOf(to) === 'dna' ? source.keyOf('text') : to;
  const more = operation === 'NOT' && source.percent(95) ? [] : source.keys(3).slice(1);
  const keys = [target, first, ...more];
  return generated(['BITOP', operation, ...keys], { keys });
}

function fieldType(source: ArgumentSource): CommandArg {
  const { prng } = source;
  if (source.percent(3)) {
    return prng.pick(['u64', 'i65', 'i0', 'u', 'x8', 'U8', 'i-1', '', 'i08', Buffer.from('u8\0x')]);
  }
  if (source.percent(30))
    return prng.pick(['i64', 'u63', 'i63', 'u46', 'i45', 'u45', 'u33', 'i33']);
  return `${prng.pick(['u', 'i'])}${prng.between(1, 40)}`;
}

function fieldOffset(source: ArgumentSource): CommandArg {
  if (source.percent(4))
    return source.prng.pick(['-1', '#-1', '#', 'x', '4294967296', '#4294967296']);
  if (source.percent(30)) return `#${source.prng.below(12)}`;
  return source.prng.below(300);
}

function operand(source: ArgumentSource): CommandArg {
  return source.percent(30) ? source.integer(-5, 300) : String(source.prng.between(-300, 300));
}

function fieldSteps(source: ArgumentSource, readOnly: boolean): CommandArg[] {
  const { prng } = source;
  const step = (): CommandArg[] => {
    if (!readOnly && source.percent(25)) return ['OVERFLOW', prng.pick(['WRAP', 'SAT', 'FAIL'])];
    const kind = readOnly && source.percent(97) ? 'GET' : prng.pick(['GET', 'SET', 'INCRBY']);
    const place = [fieldType(source), fieldOffset(source)];
    return kind === 'GET' ? [kind, ...place] : [kind, ...place, operand(source)];
  };
  if (source.percent(2))
    return prng.pick([['FOO'], ['GET', 'u8'], ['OVERFLOW', 'x'], ['OVERFLOW']]);
  const steps = Array.from({ length: prng.below(6) }, step).flat();
  // Redis: where all writes overflow, the key is made or grows, and WATCH is not told.
  return steps.includes('FAIL') ? [...steps, 'OVERFLOW', 'WRAP', 'SET', 'u1', '0', '0'] : steps;
}

export const BITMAP_FAMILY: CommandFamily = {
  name: 'bitmap',
  recipes: [
    keyRecipe('SETBIT', 30, (source, key) => [offset(source, key), bit(source)], bitKey),
    keyRecipe('GETBIT', 20, (source, key) => [offset(source, key)], bitKey),
    keyRecipe('BITCOUNT', 25, (source) => (source.percent(25) ? [] : range(source)), bitKey),
    keyRecipe('BITPOS', 25, bitposRest, bitKey),
    { name: 'BITOP', weight: 25, make: makeBitop },
    keyRecipe('BITFIELD', 30, (source) => fieldSteps(source, false), bitKey),
    keyRecipe('BITFIELD_RO', 12, (source) => fieldSteps(source, true), bitKey),
  ],
};
