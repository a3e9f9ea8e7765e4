// What the values of sliced-traffic.ts are, command by command, and which commands there are.

import type { Random } from '@forgekv/base';

const MEMBERS = 1500;
const SETS = ['a', 'b', 'd'];
/** Every score that is a small number is a place around there. */
const EVERYWHERE = ['fromlonlat', '-179', '-85', 'byradius', '30000', 'km'];
const ZSETS = ['y', 'z', 'x'];

const SAME = '-ERR source and destination objects are the same';

type Value = Set<string> | Map<string, number> | string[];

export class SlicedModel {
  readonly #random: Random;
  readonly #values = new Map<string, Value>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Commands that make the first values. */
  fill(): string[][] {
    const all = Array.from({ length: MEMBERS }, (_, i) => i);
    const commands = [
      ['sadd', 'a', ...all.map((i) => `m${i}`)],
      ['sadd', 'b', ...all.map((i) => `m${i + MEMBERS / 2}`)],
      ['sadd', 's', 'm1', 'm2', 'p1', 'p2', 'p3'],
      ['hset', 'h', ...all.flatMap((i) => [`f${i}`, `${i}`])],
      ['rpush', 'l', ...all.map((i) => `e${i}`)],
      ['zadd', 'z', ...all.flatMap((i) => [`${i % 90}`, `m${i}`])],
      ['zadd', 'y', ...all.flatMap((i) => [`${i % 70}`, `m${i + 300}`])],
    ];
    for (const args of commands) this.reply(args);
    return commands;
  }

  /** A command by chance: two of five change something. */
  command(): string[] {
    const random = this.#random;
    const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
    const member = `m${random.below(2 * MEMBERS)}`;
    const [one, other] = [pick(SETS), pick([...SETS, 's'])];
    const [zset, another] = [pick(ZSETS), pick(ZSETS)];
    const number = `${random.below(100)}`;
    const field = (): string => `f${random.below(MEMBERS)}`;
    const commands: (() => string[])[] = [
      () => ['sadd', one, member, `n${number}`],
      () => ['srem', one, member, `m${number}`],
      () => ['smove', one, other, member],
      () => ['smove', 's', one, [...this.#set('s')][0] ?? member],
      () => ['hset', 'h', field(), number, field(), number],
      () => ['lmove', 'l', 'l', 'left', 'right'],
      () => ['zadd', zset, number, member, number, `m${number}`],
      () => ['zrem', zset, member, `m${number}`],
      () => ['del', 'd'],
      () => ['smembers', one],
      () => ['sunion', one, other],
      () => ['sinter', one, other],
      () => ['sdiff', one, other],
      () => ['sintercard', '2', one, other],
      () => ['sunionstore', pick(SETS), one, other],
      () => ['sdiffstore', 'd', one, other],
      () => ['sinterstore', 'd', one, other],
      () => ['hgetall', 'h'],
      () => ['hkeys', 'h'],
      () => ['lrange', 'l', '0', '-1'],
      () => ['lrange', 'l', number, '-100'],
      () => ['zrange', zset, '0', '-1', 'withscores'],
      () => ['zrange', zset, number, '-3', 'rev'],
      () => ['zunion', '2', zset, another, 'withscores'],
      () => ['zinter', '2', zset, another],
      () => ['zunionstore', 'x', '2', zset, another],
      () => ['zrangestore', 'x', zset, '0', '-20'],
      () => ['geosearch', zset, ...EVERYWHERE, pick(['asc', 'desc'])],
      () => ['geosearchstore', 'x', zset, ...EVERYWHERE],
      () => ['sort', 'l', 'alpha', 'desc', 'limit', number, '500'],
      () => ['sort_ro', one, 'alpha'],
      () => ['sort', 'l', 'by', 'nosort'],
      () => ['sort', 'l', 'alpha', 'store', 'p'],
      () => ['sort', one, 'alpha', 'desc', 'store', 'p'],
      () => ['lrange', 'p', '0', '-1'],
      () => ['copy', one, 'd', 'replace'],
      () => ['copy', zset, 'x', 'replace'],
      () => ['copy', 'l', 'p', 'replace'],
      () => ['copy', one, pick(SETS)],
      () => ['copy', 'h', 'g', 'replace'],
      () => ['hgetall', 'g'],
      () => ['rename', 'd', one],
      () => ['spop', 'd', '5000'],
      () => ['rename', 'x', zset],
      () => [pick(['lpop', 'rpop']), 'p', pick(['200', '5000'])],
      () => [pick(['zpopmin', 'zpopmax']), 'x', pick(['200', '5000'])],
    ];
    return pick(commands)();
  }

  /** What the reply to a command must be, in the form of `normal`; changes the values. */
  reply(args: readonly string[]): string {
    const [name, key, ...rest] = args as [string, string, ...string[]];
    const set = this.#set(key);
    const zset = this.#zset(key);
    switch (name) {
      case 'sadd':
        return this.#count(key, set, () => each(rest, (member) => set.add(member)));
      case 'srem':
        return this.#count(key, set, () => each(rest, (member) => set.delete(member)));
      case 'smove': {
        const isThere = set.delete(rest[1]!);
        if (isThere) this.#keep(rest[0]!, new Set([...this.#set(rest[0]!), rest[1]!]));
        if (rest[0] !== key) this.#keep(key, set);
        return isThere ? ':1' : ':0';
      }
      case 'hset':
      case 'zadd':
        return this.#count(key, zset, () => {
          for (let i = 0; i < rest.length; i += 2) {
            const [field, number] = name === 'hset' ? [i, i + 1] : [i + 1, i];
            zset.set(rest[field]!, Number(rest[number]));
          }
        });
      case 'zrem':
        return this.#count(key, zset, () => each(rest, (member) => zset.delete(member)));
      case 'rpush':
        this.#values.set(key, [...rest]);
        return ':0';
      case 'lmove': {
        const list = this.#values.get(key) as string[];
        const moved = list.shift()!;
        list.push(moved);
        return moved;
      }
      case 'copy':
        return this.#copied(key, rest[0]!, rest[1] === 'replace');
      case 'rename': {
        const value = this.#values.get(key);
        if (value === undefined) return '-ERR no such key';
        this.#values.delete(key);
        this.#values.set(rest[0]!, value);
        return '+OK';
      }
      case 'del':
        return this.#values.delete(key) ? ':1' : ':0';
      case 'spop':
        this.#values.delete(key);
        return inAnyOrder(set);
      case 'smembers':
        return inAnyOrder(set);
      case 'hgetall':
        return inAnyOrder([...zset].flat().map(String));
      case 'hkeys':
        return inAnyOrder(zset.keys());
      case 'lrange':
        return slice(this.#list(key), rest).join(' ');
      case 'lpop':
      case 'rpop': {
        const list = this.#list(key);
        if (name === 'rpop') list.reverse();
        const popped = list.splice(0, Number(rest[0]));
        this.#keepList(key, name === 'rpop' ? list.reverse() : list);
        return popped.join(' ');
      }
      case 'zpopmin':
      case 'zpopmax': {
        const ordered = name === 'zpopmax' ? inOrder(zset).reverse() : inOrder(zset);
        const popped = ordered.splice(0, Number(rest[0]));
        this.#keep(key, new Map(ordered));
        return flat(popped, true);
      }
      case 'geosearch':
        return inAnyOrder(zset.keys());
      case 'geosearchstore':
        this.#keep(key, new Map(this.#zset(rest[0]!)));
        return `:${this.#zset(key).size}`;
      case 'sort':
      case 'sort_ro':
        return this.#sorted(args);
      case 'zrange': {
        const ordered = slice(rest[2] === 'rev' ? inOrder(zset).reverse() : inOrder(zset), rest);
        return flat(ordered, rest[2] === 'withscores');
      }
      case 'zrangestore': {
        const copied = slice(inOrder(this.#zset(rest[0]!)), rest.slice(1));
        this.#keep(key, new Map(copied));
        return `:${copied.length}`;
      }
      default:
        return this.#combined(args);
    }
  }

  #copied(from: string, to: string, replaces: boolean): string {
    const value = this.#values.get(from);
    if (value === undefined || from === to) return from === to ? SAME : ':0';
    if (this.#values.has(to) && !replaces) return ':0';
    const copy = value instanceof Map ? new Map(value) : new Set(value as Iterable<string>);
    this.#values.set(to, Array.isArray(value) ? [...value] : copy);
    return ':1';
  }

  #sorted(args: readonly string[]): string {
    const value = this.#values.get(args[1]!);
    const sorted = Array.isArray(value) ? [...value] : [...this.#set(args[1]!)];
    if (args.includes('alpha')) sorted.sort();
    if (args.includes('desc')) sorted.reverse();
    const limit = args.indexOf('limit');
    const first = limit < 0 ? 0 : Number(args[limit + 1]);
    const wanted = sorted.slice(first, limit < 0 ? undefined : first + Number(args[limit + 2]));
    const store = args.indexOf('store');
    if (store < 0) return wanted.join(' ');
    this.#keepList(args[store + 1]!, wanted);
    return `:${wanted.length}`;
  }

  /** SUNION and all of its kind. */
  #combined(args: readonly string[]): string {
    const name = args[0]!;
    const isStored = name.endsWith('store');
    const isNumbered = name.startsWith('z') || name === 'sintercard';
    const first = 1 + Number(isStored) + Number(isNumbered);
    const [one, other] = [args[first]!, args[first + 1]!];
    if (name.startsWith('z')) {
      const made = combineScores(this.#zset(one), this.#zset(other), name.includes('union'));
      if (!isStored) return flat(inOrder(made), args.at(-1) === 'withscores');
      this.#keep(args[1]!, made);
      return `:${made.size}`;
    }
    const [a, b] = [this.#set(one), this.#set(other)];
    const made = new Set(
      name.startsWith('sunion')
        ? [...a, ...b]
        : [...a].filter((member) => b.has(member) === name.startsWith('sinter')),
    );
    if (isStored) this.#keep(args[1]!, made);
    return isStored || name === 'sintercard' ? `:${made.size}` : inAnyOrder(made);
  }

  /** A reply as `reply` gives it; the order counts where it means something. */
  normal(args: readonly string[], reply: string): string {
    if (!reply.startsWith('*')) return reply.startsWith('$') ? bulks(reply)[0]! : reply.trim();
    const elements = bulks(reply.slice(reply.indexOf('\n') + 1));
    const count = Number.parseInt(reply.slice(1), 10);
    if (count < 0) return '';
    if (elements.length !== count) return `${elements.length} elements of ${count}`;
    return /^(z|sort|lrange|[lr]pop)/.test(args[0]!) ? elements.join(' ') : inAnyOrder(elements);
  }

  #set(key: string): Set<string> {
    const value = this.#values.get(key);
    return value instanceof Set ? value : new Set();
  }

  #list(key: string): string[] {
    const value = this.#values.get(key);
    return Array.isArray(value) ? value : [];
  }

  #keepList(key: string, list: string[]): void {
    if (list.length === 0) this.#values.delete(key);
    else this.#values.set(key, list);
  }

  #zset(key: string): Map<string, number> {
    const value = this.#values.get(key);
    return value instanceof Map ? value : new Map();
  }

  #keep(key: string, value: Set<string> | Map<string, number>): void {
    if (value.size === 0) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  /** Applies a change; the reply is by how much the size has changed. */
  #count(key: string, value: Set<string> | Map<string, number>, change: () => unknown): string {
    const before = value.size;
    change();
    this.#keep(key, value);
    return `:${Math.abs(value.size - before)}`;
  }
}

function each(members: readonly string[], act: (member: string) => unknown): void {
  for (const member of members) act(member);
}

function combineScores(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
  isUnion: boolean,
): Map<string, number> {
  const made = new Map<string, number>();
  const members = isUnion ? [...one.keys(), ...other.keys()] : one.keys();
  for (const member of members) {
    if (!isUnion && !other.has(member)) continue;
    made.set(member, (one.get(member) ?? 0) + (other.get(member) ?? 0));
  }
  return made;
}

function inOrder(zset: ReadonlyMap<string, number>): [string, number][] {
  return [...zset].sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
}

function flat(ordered: readonly [string, number][], withScores: boolean): string {
  return ordered.map(([member, score]) => (withScores ? `${member} ${score}` : member)).join(' ');
}

function inAnyOrder(elements: Iterable<string>): string {
  return [...elements].sort().join(' ');
}

function slice<T>(list: readonly T[], [start, stop]: readonly string[]): T[] {
  const end = Number(stop) + 1;
  return list.slice(Number(start), end === 0 ? list.length : end);
}

/** The payloads of bulk strings one behind the other. */
function bulks(reply: string): string[] {
  const lines = reply.split('\r\n');
  return lines.filter((_, i) => i % 2 === 1);
}
