/**
 * What the clients of a history do: random operations on few keys, so that they meet. Every value
 * is written once only, so that what is read says which write it was.
 */
import { keyOnShard } from '../key-slots.ts';
import type { Prng, Weighted } from '../random-commands/prng.ts';
import type { Step } from './history-recorder.ts';
import { largeName, type Plain, type PlainCommand, type SeenValue } from './operation.ts';

/** Names of keys and how many there are of each. */
const REGISTERS = keys('register:', 4);
const COUNTERS = keys('counter:', 2);
const LISTS = keys('list:', 3);
/** These move elements to each other. */
const LINKED_LISTS = keys('linked:', 2);
/** These are written and read together, renamed to each other. */
const STRINGS = keys('string:', 4);
const SETS = keys('set:', 3);
const ACCOUNTS = keys('account:', 6);
const NOTES = keys('note:', 2);
const WATCHED_COUNTERS = keys('watched:', 2);
const WATCHED_PAIR = keys('pair:', 2);

const MEMBERS = ['a', 'b', 'c', 'd', 'e', 'f'];
const FIRST_BALANCE = 1000;
const LARGE_CHANCE = 0.4;

/** What all accounts together hold. */
export const ALL_MONEY = ACCOUNTS.length * FIRST_BALANCE;

/** A key whose value is replaced by one worked out from it, unless it has changed meanwhile. */
export interface WatchPlan {
  readonly keys: readonly string[];
  /** @param values what the keys were read to be */
  readonly toStep: (values: readonly Plain[]) => Step;
}

/** The operations of one client. */
export class HistoryWorkload {
  readonly #client: number;
  readonly #prng: Prng;
  #values = 0;

  /** @param client a number that no other client of the history has */
  constructor(client: number, prng: Prng) {
    this.#client = client;
    this.#prng = prng;
  }

  /** What exists before the others begin. */
  static setUp(): Step {
    return one('MSET', ...ACCOUNTS.flatMap((key) => [key, String(FIRST_BALANCE)]));
  }

  /** Reads that say what everything is in the end. */
  static finalReads(): Step[] {
    const reads = (command: string, names: readonly string[], ...rest: string[]) =>
      names.map((key) => one(command, key, ...rest));
    return [
      ...reads('GET', [...REGISTERS, ...COUNTERS, ...WATCHED_COUNTERS]),
      ...reads('LRANGE', [...LISTS, ...LINKED_LISTS], '0', '-1'),
      ...reads('SMEMBERS', SETS),
      one('MGET', ...STRINGS),
      one('MGET', ...WATCHED_PAIR),
      one('MGET', ...ACCOUNTS, ...NOTES),
    ];
  }

  next(): Step {
    const makers: Weighted<() => Step> = [
      [6, () => this.#register()],
      [3, () => this.#counter()],
      [4, () => this.#list()],
      [2, () => this.#linkedLists()],
      [3, () => this.#strings()],
      [3, () => this.#sets()],
      [3, () => this.#transfer()],
      [1, () => this.#balances()],
    ];
    return this.#prng.weighted(makers)();
  }

  nextWatch(): WatchPlan {
    const prng = this.#prng;
    if (prng.chance(0.6)) {
      const key = prng.pick(WATCHED_COUNTERS);
      return {
        keys: [key],
        toStep: ([value]) =>
          block([['SET', key, String(Number(value ?? 0) + 1)]], seen([key], [value!])),
      };
    }
    return {
      keys: WATCHED_PAIR,
      toStep: (values) => {
        const value = this.#value();
        const commands = WATCHED_PAIR.map((key) => ['SET', key, value]);
        return block([...commands, ['MGET', ...WATCHED_PAIR]], seen(WATCHED_PAIR, values));
      },
    };
  }

  #register(): Step {
    const key = this.#prng.pick(REGISTERS);
    const commands: Weighted<() => Step> = [
      [5, () => one('GET', key)],
      [4, () => one('SET', key, this.#value())],
      [1, () => one('GETSET', key, this.#value())],
      [1, () => one('SETNX', key, this.#value())],
      [1, () => one('DEL', key)],
    ];
    return this.#prng.weighted(commands)();
  }

  #counter(): Step {
    const key = this.#prng.pick(COUNTERS);
    return this.#prng.chance(0.7) ? one('INCR', key) : one('GET', key);
  }

  #list(): Step {
    const key = this.#prng.pick(LISTS);
    const commands: Weighted<() => Step> = [
      [8, () => one('RPUSH', key, this.#value())],
      [2, () => one('RPUSH', key, this.#value(), this.#value())],
      [12, () => one('LPOP', key)],
      [4, () => one('LRANGE', key, '0', '-1')],
      [1, () => one('LLEN', key)],
    ];
    return this.#prng.weighted(commands)();
  }

  #linkedLists(): Step {
    const { pick } = this.#prng;
    const prng = this.#prng;
    const [from, to] = prng.shuffle(LINKED_LISTS) as [string, string];
    const side = () => pick.call(prng, ['LEFT', 'RIGHT']) as string;
    const commands: Weighted<() => Step> = [
      [3, () => one('RPUSH', from, this.#value())],
      [3, () => one('LPOP', from)],
      [6, () => one('LMOVE', from, to, side(), side())],
      [2, () => one('LRANGE', from, '0', '-1')],
      [2, () => block(LINKED_LISTS.map((key) => ['LRANGE', key, '0', '-1']))],
    ];
    return prng.weighted(commands)();
  }

  #strings(): Step {
    const names = this.#prng.shuffle(STRINGS);
    const [from, to] = names as [string, string];
    const some = names.slice(0, this.#prng.between(2, names.length));
    const commands: Weighted<() => Step> = [
      [4, () => one('MSET', ...some.flatMap((key) => [key, this.#value()]))],
      [5, () => one('MGET', ...names)],
      [3, () => one('RENAME', from, to)],
      [1, () => one('DEL', ...some)],
      [2, () => one('GET', from)],
      [2, () => block([...some.map((key) => ['SET', key, this.#value()]), ['MGET', ...names]])],
    ];
    return this.#prng.weighted(commands)();
  }

  #sets(): Step {
    const prng = this.#prng;
    const names = prng.shuffle(SETS);
    const [from, to] = names as [string, string];
    const members = prng.shuffle(MEMBERS).slice(0, prng.between(1, 4));
    const commands: Weighted<() => Step> = [
      [4, () => one('SADD', from, ...members)],
      [2, () => one('SREM', from, ...members)],
      [4, () => one('SMOVE', from, to, members[0]!)],
      [2, () => one('SINTERSTORE', ...names)],
      [1, () => one('SUNIONSTORE', ...names)],
      [4, () => one('SMEMBERS', from)],
      [2, () => block(SETS.map((key) => ['SMEMBERS', key]))],
    ];
    return prng.weighted(commands)();
  }

  /** With a note, which may be large, it is no matter of one place. */
  #transfer(): Step {
    const prng = this.#prng;
    const [from, to] = prng.shuffle(ACCOUNTS) as [string, string];
    const amount = prng.between(1, 50);
    const commands = [
      ['INCRBY', from, String(-amount)],
      ['INCRBY', to, String(amount)],
    ];
    if (prng.chance(0.5)) commands.push(['SET', prng.pick(NOTES), this.#value()]);
    return block(prng.shuffle(commands));
  }

  #balances(): Step {
    if (this.#prng.chance(0.5)) return one('MGET', ...ACCOUNTS);
    return block([...ACCOUNTS, ...NOTES].map((key) => ['GET', key]));
  }

  #value(): string {
    const name = `${this.#client}.${++this.#values}`;
    return this.#prng.chance(LARGE_CHANCE) ? largeName(name) : name;
  }
}

/** A command alone. */
export function one(...command: string[]): Step {
  return { commands: [command], isBlock: false, seen: [] };
}

/** A transaction. */
export function block(
  commands: readonly PlainCommand[],
  seenValues: readonly SeenValue[] = [],
): Step {
  return { commands, isBlock: true, seen: seenValues };
}

function seen(names: readonly string[], values: readonly Plain[]): SeenValue[] {
  return names.map((key, i) => ({ command: ['GET', key], reply: values[i] ?? null }));
}

/** Keys on shards far from each other. */
function keys(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    return keyOnShard((i * 11 + prefix.length * 7) % 64, `${prefix}${i}:`);
  });
}
