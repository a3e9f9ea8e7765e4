// Mutated requests: the parser never throws, never reads what has not arrived, always gets on,
// and finds the same in pieces as in the whole. Prints its seed; FORGEKV_FUZZ_SEED repeats it.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { parseInPieces, resp } from './parse-stream.ts';

const SEED = Number(process.env.FORGEKV_FUZZ_SEED ?? Date.now() & 0x7fffffff);
const RUNS = Number(process.env.FORGEKV_FUZZ_RUNS ?? 4000);
const TOKENS = [
  '*',
  '$',
  '\r',
  '\n',
  '\r\n',
  '"',
  "'",
  '\\x4',
  '\0',
  '-',
  '0',
  '9',
  '*3\r\n',
  '$-1',
];

function randomStream(random: Random): string {
  let text = '';
  for (let count = 1 + random.below(5); count > 0; count--) {
    const args = Array.from({ length: 1 + random.below(5) }, () => randomArgument(random));
    if (random.chance(0.7)) text += resp(...args);
    else text += `${args.map((arg) => quoted(random, arg)).join(' ')}\r\n`;
  }
  return text;
}

function randomArgument(random: Random): string {
  const length = random.chance(0.1) ? random.below(400) : random.below(12);
  return Array.from({ length }, () => String.fromCharCode(random.below(256))).join('');
}

function quoted(random: Random, text: string): string {
  if (random.chance(0.2)) return text;
  const escaped = [...text].map((c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped.join('')}"`;
}

function mutated(random: Random, text: string): string {
  for (let count = random.below(4); count > 0; count--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(6));
    const piece = random.chance(0.5) ? random.pick(TOKENS) : randomArgument(random).slice(0, 3);
    const kept = random.chance(0.5) ? text.slice(at) : text.slice(to);
    text = text.slice(0, at) + (random.chance(0.3) ? text.slice(at, to).repeat(2) : piece) + kept;
  }
  return random.chance(0.1) ? text.slice(0, random.below(text.length + 1)) : text;
}

test(`mutated requests, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  const outcomes = new Map<string, number>();
  for (let run = 0; run < RUNS; run++) {
    const text = mutated(random, randomStream(random));
    const bytes = Buffer.from(text, 'latin1');
    const limits = {
      maxBulkBytes: random.chance(0.5) ? 100 : 2 ** 29,
      authenticated: random.chance(0.7),
    };
    try {
      const whole = parseInPieces(bytes, 0, limits);
      const size = 1 + random.below(Math.max(1, bytes.length));
      const parsed = parseInPieces(bytes, size, limits);
      const expected = whole.error === '' ? whole : { ...whole, rest: parsed.rest };
      if (JSON.stringify(parsed) !== JSON.stringify(expected)) {
        t.same(parsed, expected, `run ${run}, pieces of ${size}: ${JSON.stringify(text)}`);
      }
      const outcome = whole.error.replace(/got '.*/s, "got '");
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      t.fail(`run ${run}: ${(error as Error).message}: ${JSON.stringify(text)}`);
    }
  }
  t.comment(JSON.stringify([...outcomes]));
  t.ok(outcomes.size >= 5, 'the runs reach most of the errors');
});
