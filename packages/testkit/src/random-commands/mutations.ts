/** Spoils a few well-formed commands: another letter case, an argument too few or too many. */
import { toBytes } from '../encode-command.ts';
import type { GeneratedCommand } from './generated-command.ts';
import type { Prng } from './prng.ts';

const CASE_PROBABILITY = 0.08;
const ARITY_PROBABILITY = 0.015;
/** None of these is a number or an option that would turn a far expiry into a near one. */
const EXTRA: readonly (string | Buffer)[] = ['', 'foo', 'NX', 'GET', '\r\n', Buffer.from([0])];

/** Words of commands and options: letters only, so neither keys with colons nor values. */
const WORD = /^[A-Z]{2,14}$/;

function randomCase(prng: Prng, bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  if (!WORD.test(text)) return bytes;
  if (prng.chance(0.5)) return Buffer.from(text.toLowerCase());
  const mixed = [...text].map((letter) => (prng.chance(0.5) ? letter.toLowerCase() : letter));
  return Buffer.from(mixed.join(''));
}

function spoilArity(prng: Prng, args: readonly Buffer[]): Buffer[] {
  const at = prng.between(1, args.length);
  if (prng.chance(0.5) && at < args.length) return args.toSpliced(at, 1);
  return args.toSpliced(at, 0, toBytes(prng.pick(EXTRA)));
}

/**
 * The command, or a spoiled copy. Whatever is done to it, its comparison still holds: it is about
 * replies that are no errors, and a spoiled command either means the same or is refused.
 */
export function mutate(prng: Prng, command: GeneratedCommand): GeneratedCommand {
  let args = command.args;
  if (!command.fixed && prng.chance(CASE_PROBABILITY)) {
    args = args.map((arg) => randomCase(prng, arg));
  }
  if (!command.fixed && command.procedure === undefined && prng.chance(ARITY_PROBABILITY)) {
    args = spoilArity(prng, args);
  }
  return args === command.args ? command : { ...command, args };
}
