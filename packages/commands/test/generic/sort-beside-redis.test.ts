// SORT and SORT_RO with random options on lists, sets and sorted sets, the same to a real
// redis-server.

import { Random } from '@forgekv/base';
import type { CommandArg } from '@forgekv/testkit';
import { t as file } from 'tap';
import { testBesideRedis } from '../support/beside-redis.ts';

const SEED = Number(process.env.FORGEKV_SORT_SEED ?? 4243);
const COMMANDS = Number(process.env.FORGEKV_SORT_COMMANDS ?? 1500);
const WORDS = ['a', 'b', 'c', 'ab', 'B', 'é', ''];
const NUMBERS = [
  ...['1', '2', '10', '-3', '1.5', '+4', '0x1F', '1e3', '-0', ' 7', '\t8', 'inf', '-inf'],
  // None out of range: after one, this Redis takes the numbers of the next commands for such, too.
  ...['9223372036854775807', '9223372036854775806', '7\0x', '007', '.5', '5.', '7x', '1e308'],
];
const PATTERNS = ['w_*', 'h_*->f', 'h_*->none', '#', 'fixed', 'none_*', 'w_*x', 'l', 'h_*->', '*'];
const KEYS = ['l', 's', 'z', 'numbers', 'big', 'none', 'w_1'];
const LIMITS = ['0', '1', '-1', '3', '100', '9223372036854775807', '-9223372036854775808', 'x'];

file.setTimeout(60_000);

/** Weights by which no two elements but equal ones are equal, so that there is only one order. */
function preparation(random: Random): CommandArg[][] {
  const commands: CommandArg[][] = [['DEL', ...KEYS, 'to', 'h_a']];
  const elements = [...WORDS, ...NUMBERS];
  const shift = random.below(elements.length);
  for (const [index, element] of elements.entries()) {
    if (element === 'a') continue;
    const weight = ((index + shift) * 7) % 29;
    commands.push(['SET', `w_${element}`, String(weight * 1.5)]);
    commands.push(['HSET', `h_${element}`, 'f', String(weight), 'g', 'x']);
  }
  const some = (from: readonly string[]): string[] => from.filter(() => random.chance(0.6));
  const scored = (from: readonly string[]): string[] =>
    from.flatMap((element) => [String(random.below(5)), element]);
  commands.push(
    ['RPUSH', 'l', 'a', ...some(WORDS), ...some(WORDS), ...some(NUMBERS)],
    ['SADD', 's', 'b', ...some(random.chance(0.5) ? WORDS : NUMBERS.slice(0, 8))],
    ['ZADD', 'z', ...scored(['a', ...some(WORDS)])],
    ['RPUSH', 'numbers', '3', ...some(NUMBERS.slice(0, 13)), ...some(NUMBERS)],
  );
  const many = Array.from({ length: 400 }, () => String(random.below(1000) - 500));
  commands.push(['RPUSH', 'big', ...many]);
  return commands;
}

function command(random: Random): CommandArg[] {
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
  const key = pick(KEYS);
  const options: string[] = [];
  const isStored = random.chance(0.25);
  if (random.chance(0.4)) {
    const by = pick(PATTERNS);
    options.push('BY', by);
  }
  if (random.chance(0.4)) options.push('LIMIT', pick(LIMITS), pick(LIMITS));
  while (random.chance(0.3)) options.push('GET', pick(PATTERNS));
  if (random.chance(0.4)) options.push(pick(['ASC', 'desc', 'DESC']));
  if (random.chance(0.5)) options.push('ALPHA');
  if (random.chance(0.02)) options.push(pick(['STORE', 'GET', 'LIMIT', 'foo', 'BY']));
  if (isStored) options.push('STORE', pick(['to', 'to', 'l', 'w_1']));
  return [random.chance(0.2) ? 'SORT_RO' : 'SORT', key, ...options];
}

/** True when Redis may bring the elements into any order. */
function isOpen(args: readonly CommandArg[]): boolean {
  const by = String(args[args.lastIndexOf('BY') + 1]);
  if (!args.includes('BY')) return false;
  if (args[1] === 's' && !by.includes('*')) return !args.includes('STORE');
  if (!args.includes('ALPHA') || !by.includes('*')) return false;
  const areAllWeighted = ['s', 'z', 'numbers'].includes(String(args[1]));
  return !areAllWeighted || (by !== 'w_*' && by !== 'h_*->f');
}

for (const hotValueMaxBytes of [16_384, 60]) {
  testBesideRedis(
    `random options, up to ${hotValueMaxBytes} bytes hot`,
    async (both) => {
      const random = new Random(SEED + hotValueMaxBytes);
      for (let done = 0; done < COMMANDS; done += 50) {
        const commands = preparation(random);
        for (let i = 0; i < 50; i++) {
          const one = command(random);
          if (!isOpen(one)) commands.push(one);
          if (random.chance(0.3)) commands.push(['LRANGE', 'to', '0', '-1']);
        }
        await both.same(commands);
      }
      both.report(SEED);
    },
    { hotValueMaxBytes },
  );
}
