/**
 * What the clients of a soak send: commands that are executed everywhere, in slices, over gates;
 * transactions; long replies. Nothing here waits for replies.
 */
import type { CommandArg } from '../encode-command.ts';
import { keyOnShard } from '../key-slots.ts';
import type { Prng, Weighted } from '../random-commands/prng.ts';

export type SoakCommand = readonly CommandArg[];

const STRINGS = keys('string:');
const LISTS = keys('list:');
const SETS = keys('set:');
const SORTED_SETS = keys('zset:');
const HASHES = keys('hash:');
export const SOAK_CHANNELS = ['news', 'sport', 'weather'];

const SMALL = 'small';
const MIDDLE = Buffer.alloc(20_000, 'm');
const LARGE = Buffer.alloc(300_000, 'l');
/** More than are gone through in one go. */
const MANY_ELEMENTS = 5000;
const SOME_ELEMENTS = 300;

/** Commands on a few keys; every one of them has one reply. */
export function soakBatch(prng: Prng): SoakCommand[] {
  const count = prng.chance(0.3) ? 1 : prng.between(2, 20);
  return Array.from({ length: count }, () => prng.weighted(MAKERS)(prng)).flat();
}

/** The beginning of a transaction: there is no EXEC, and only what is queued or refused. */
export function openTransaction(prng: Prng): SoakCommand[] {
  const watched: SoakCommand[] = prng.chance(0.5) ? [['WATCH', ...prng.shuffle(STRINGS)]] : [];
  return [...watched, ['MULTI'], ...soakBatch(prng).filter(([name]) => !isOfBlocks(name!))];
}

/** Replies of some megabytes, more than sockets take from a client that does not read. */
export function longReplies(prng: Prng): SoakCommand[] {
  const large = STRINGS.flatMap((key) => [key, LARGE]);
  const reads = Array.from({ length: 10 }, (): SoakCommand => ['MGET', ...STRINGS, ...STRINGS]);
  return [['MSET', ...large], ...reads, ...soakBatch(prng)];
}

function isOfBlocks(name: CommandArg): boolean {
  return name === 'MULTI' || name === 'EXEC' || name === 'WATCH' || name === 'DISCARD';
}

const MAKERS: Weighted<(prng: Prng) => SoakCommand[]> = [
  [8, (prng) => [['SET', prng.pick(STRINGS), someValue(prng)]]],
  [8, (prng) => [['GET', prng.pick(STRINGS)]]],
  [3, (prng) => [['APPEND', prng.pick(STRINGS), prng.chance(0.3) ? MIDDLE : SMALL]]],
  [2, (prng) => [['SETRANGE', prng.pick(STRINGS), prng.below(100_000), SMALL]]],
  [3, (prng) => [['MSET', ...prng.shuffle(STRINGS).flatMap((key) => [key, someValue(prng)])]]],
  [3, (prng) => [['MGET', ...prng.shuffle(STRINGS)]]],
  [2, (prng) => [['RENAME', ...two(prng, anyKind(prng))]]],
  [2, (prng) => [['COPY', ...two(prng, anyKind(prng)), 'REPLACE']]],
  [3, (prng) => [['DEL', prng.pick(anyKind(prng))]]],
  [3, (prng) => [['PEXPIRE', prng.pick(anyKind(prng)), prng.between(1, 200)]]],
  [4, (prng) => [['RPUSH', prng.pick(LISTS), ...elements(prng)]]],
  [2, (prng) => [['LRANGE', prng.pick(LISTS), 0, -1]]],
  [2, (prng) => [['LTRIM', prng.pick(LISTS), 0, prng.below(1000)]]],
  [2, (prng) => [['LMOVE', ...two(prng, LISTS), 'LEFT', 'RIGHT']]],
  [4, (prng) => [['SADD', prng.pick(SETS), ...elements(prng)]]],
  [2, (prng) => [['SUNIONSTORE', ...prng.shuffle(SETS)]]],
  [2, (prng) => [['SINTER', ...prng.shuffle(SETS)]]],
  [2, (prng) => [['SUNION', ...prng.shuffle(SETS)]]],
  [1, (prng) => [['SORT', prng.pick(SETS), 'STORE', prng.pick(LISTS)]]],
  [3, (prng) => [['ZADD', prng.pick(SORTED_SETS), ...scored(prng)]]],
  [2, (prng) => [['ZUNIONSTORE', prng.pick(SORTED_SETS), 2, ...two(prng, SORTED_SETS)]]],
  [2, (prng) => [['ZRANGE', prng.pick(SORTED_SETS), 0, -1]]],
  [3, (prng) => [['HSET', prng.pick(HASHES), ...scored(prng)]]],
  [2, (prng) => [['HGETALL', prng.pick(HASHES)]]],
  [1, (prng) => [['DUMP', prng.pick(anyKind(prng))]]],
  [1, () => [['SCAN', 0, 'COUNT', 100]]],
  [1, () => [['CLIENT', 'LIST']]],
  [1, (prng) => [['PUBLISH', prng.pick(SOAK_CHANNELS), someValue(prng)]]],
  [0.1, () => [['FLUSHALL']]],
  [5, (prng) => transaction(prng)],
];

function transaction(prng: Prng): SoakCommand[] {
  const end = prng.chance(0.8) ? 'EXEC' : 'DISCARD';
  const [from, to] = two(prng, STRINGS);
  const commands: SoakCommand[] = [
    ['SET', from!, someValue(prng)],
    ['RPUSH', prng.pick(LISTS), ...elements(prng)],
    ['GET', to!],
    ['SUNIONSTORE', ...prng.shuffle(SETS)],
    ['PUBLISH', prng.pick(SOAK_CHANNELS), SMALL],
  ];
  const watch: SoakCommand[] = prng.chance(0.3) ? [['WATCH', ...two(prng, STRINGS)]] : [];
  const some = prng.shuffle(commands).slice(0, prng.between(1, commands.length));
  return [...watch, ['MULTI'], ...some, [end]];
}

function someValue(prng: Prng): CommandArg {
  return prng.weighted([
    [6, SMALL],
    [2, MIDDLE],
    [1, LARGE],
  ] as Weighted<CommandArg>);
}

function elements(prng: Prng): string[] {
  const first = prng.below(1000);
  const count = prng.weighted([
    [70, 3],
    [25, SOME_ELEMENTS],
    [5, MANY_ELEMENTS],
  ] as Weighted<number>);
  return Array.from({ length: count }, (_, i) => `element:${first + i}`);
}

/** Scores and members, or fields and values. */
function scored(prng: Prng): string[] {
  return elements(prng).flatMap((element) => [String(prng.below(1000)), element]);
}

function anyKind(prng: Prng): readonly string[] {
  return prng.pick([STRINGS, LISTS, SETS, SORTED_SETS, HASHES]);
}

function two(prng: Prng, names: readonly string[]): readonly string[] {
  return prng.shuffle(names).slice(0, 2);
}

/** Four keys on shards far from each other. */
function keys(prefix: string): readonly string[] {
  return [0, 1, 2, 3].map((i) => keyOnShard((i * 17 + prefix.length) % 64, prefix));
}
