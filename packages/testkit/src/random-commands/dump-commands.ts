/** The family of DUMP and RESTORE, for strings: payloads made by hand and all options. */
import { type CommandArg, toBytes } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';
import { plainPayload, specialPayload, wrongPayload } from './dump-payload.ts';
import {
  type CommandFamily,
  type GeneratedCommand,
  generated,
  keyRecipe,
} from './generated-command.ts';

/** The longest values are left to SET. */
const MOST_TEXT = 100_000;
/** Times that have passed, and are long ones where a mutation has taken ABSTTL away. */
const LONG_AGO_MS = [1_000_000_000_000, 1_600_000_000_123];
const ODD_OPTIONS: readonly (readonly string[])[] = [
  ...[['FOO'], ['IDLETIME'], ['FREQ'], ['FREQ', '256'], ['FREQ', '-1'], ['IDLETIME', '-1']],
  ...[['IDLETIME', 'x'], ['FREQ', 'x'], ['IDLETIME', '5', 'FREQ', '5'], ['NX'], ['']],
];

function payload(source: ArgumentSource, key: Buffer): Buffer {
  const { prng } = source;
  const text = toBytes(source.value(key)).subarray(0, MOST_TEXT);
  if (source.percent(10)) return wrongPayload(prng, text);
  return source.percent(25) ? specialPayload(prng) : plainPayload(prng, text);
}

function makeRestore(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const key = source.key();
  const options: CommandArg[][] = [];
  let ttl: CommandArg = source.percent(50) ? 0 : source.relativeMs();
  if (source.percent(25)) {
    options.push(['ABSTTL']);
    ttl = source.percent(20) ? prng.pick(LONG_AGO_MS) : source.absoluteMs();
  }
  if (source.percent(5)) ttl = prng.pick(['-1', 'x', '', '9223372036854775808', '1.5']);
  if (source.percent(80)) options.push(['REPLACE']);
  if (source.percent(20)) options.push([prng.pick(['IDLETIME', 'FREQ']), prng.below(256)]);
  if (source.percent(4)) options.push([...prng.pick(ODD_OPTIONS)]);
  const args = ['RESTORE', key, ttl, payload(source, key), ...prng.shuffle(options).flat()];
  return generated(args, { keys: [key] });
}

export const DUMP_FAMILY: CommandFamily = {
  name: 'dump',
  recipes: [keyRecipe('DUMP', 25, () => []), { name: 'RESTORE', weight: 25, make: makeRestore }],
};
