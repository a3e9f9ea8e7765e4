// Random commands on streams for tests: few keys, ids, groups and consumers, so that they meet; no
// reply depends on the time but where `masked` takes that out. Not a test itself.

import type { Random } from '@forgekv/base';
import type { CommandArg, Reply } from '@forgekv/testkit';

const KEYS = ['k0', 'k1', 'k2'];
const GROUPS = ['g', 'h', ''];
const CONSUMERS = ['a', 'b', 'c'];
const EDGE_IDS = [
  ...['0', '0-0', '0-1', '1', '18446744073709551615-18446744073709551615', '007-1', '1-+2'],
  ...['18446744073709551615', '1-18446744073709551615', '9223372036854775808-1', ' 5-1'],
];
const BAD_IDS = ['', 'x', '1-', '-1', '1-x', '18446744073709551616', '1-2-3', '$', '>', '1-*x'];
const VALUES = ['', 'a', 'b', '1', '127', '128', '-4097', '70000', '9223372036854775807', '01'];
const FAR_TIME = '1000000';
const HIDDEN = new Set(['idle', 'inactive', 'seen-time', 'active-time', 'radix-tree-nodes']);
const EARLIEST_MS = 1_000_000_000_000n;

/** Commands for the keys, and rarely for one that holds a string. */
export class RandomStreams {
  readonly #random: Random;
  /** Ids so far are below. */
  #clock = 1;

  constructor(random: Random) {
    this.#random = random;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)]!;
  }

  #key(): string {
    return this.#random.chance(0.02) ? 'string' : this.#pick(KEYS);
  }

  #id(): string {
    const random = this.#random;
    if (random.chance(0.03)) return this.#pick(BAD_IDS);
    if (random.chance(0.03)) return this.#pick(EDGE_IDS);
    const ms = 1 + random.below(this.#clock + 3);
    return random.chance(0.3) ? `${ms}` : `${ms}-${random.below(4)}`;
  }

  #bound(): string {
    const random = this.#random;
    const id = random.chance(0.4) ? this.#pick(['-', '+']) : this.#id();
    return random.chance(0.1) ? `(${id}` : id;
  }

  #newId(): string {
    const random = this.#random;
    if (random.chance(0.1)) return this.#id();
    if (random.chance(0.1)) return `${this.#clock}-*`;
    if (random.chance(0.6)) this.#clock++;
    return `${this.#clock}-${random.below(5)}`;
  }

  #ids(): string[] {
    return Array.from({ length: 1 + this.#random.below(4) }, () => this.#id());
  }

  #fields(): CommandArg[] {
    const random = this.#random;
    const count = random.chance(0.7) ? 2 : 1 + random.below(4);
    return Array.from({ length: count }, (_, i) => [
      random.chance(0.8) ? `f${i}` : this.#pick(VALUES),
      random.chance(0.05) ? 'v'.repeat(random.below(5000)) : this.#pick(VALUES),
    ]).flat();
  }

  #trim(): CommandArg[] {
    const random = this.#random;
    const how = this.#pick(['MAXLEN', 'MINID', 'maxlen']);
    const mark = this.#pick([['~'], ['='], []]);
    const limit = random.chance(0.2) ? ['LIMIT', String(random.below(30))] : [];
    const isLength = how.toLowerCase() === 'maxlen';
    return [how, ...mark, isLength ? String(random.below(60)) : this.#id(), ...limit];
  }

  #count(): string[] {
    const random = this.#random;
    if (random.chance(0.4)) return [];
    return ['COUNT', random.chance(0.05) ? this.#pick(['-1', 'x', '0']) : `${1 + random.below(9)}`];
  }

  /** One command with its arguments. */
  command(): CommandArg[] {
    const random = this.#random;
    const key = this.#key();
    const group = this.#pick(GROUPS);
    const consumer = this.#pick(CONSUMERS);
    switch (random.below(34)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6: {
        const options = [
          ...(random.chance(0.1) ? ['NOMKSTREAM'] : []),
          ...(random.chance(0.2) ? this.#trim() : []),
        ];
        return ['XADD', key, ...options, this.#newId(), ...this.#fields()];
      }
      case 7:
        return ['XTRIM', key, ...this.#trim()];
      case 8:
      case 9:
        return ['XDEL', key, ...this.#ids()];
      case 10:
        return ['XLEN', key];
      case 11:
        return ['XRANGE', key, this.#bound(), this.#bound(), ...this.#count()];
      case 12:
        return ['XREVRANGE', key, this.#bound(), this.#bound(), ...this.#count()];
      case 13: {
        const streams = [key, this.#key()].slice(random.below(2));
        const ids = streams.map(() => (random.chance(0.1) ? '$' : this.#id()));
        return ['XREAD', ...this.#count(), 'STREAMS', ...streams, ...ids];
      }
      case 14:
      case 15:
      case 16:
      case 17: {
        const streams = [key, this.#key()].slice(random.below(2));
        const ids = streams.map(() => (random.chance(0.7) ? '>' : this.#id()));
        const noAck = random.chance(0.15) ? ['NOACK'] : [];
        const head = ['XREADGROUP', 'GROUP', group, consumer];
        return [...head, ...this.#count(), ...noAck, 'STREAMS', ...streams, ...ids];
      }
      case 18:
      case 19: {
        const from = random.chance(0.3) ? '$' : random.chance(0.5) ? '0' : this.#id();
        const options = [
          ...(random.chance(0.5) ? ['MKSTREAM'] : []),
          ...(random.chance(0.2) ? ['ENTRIESREAD', this.#pick(['-1', '0', '3', 'x', '-2'])] : []),
        ];
        return ['XGROUP', 'CREATE', key, group, from, ...options];
      }
      case 20: {
        const from = random.chance(0.3) ? '$' : this.#id();
        const options = random.chance(0.3) ? ['ENTRIESREAD', this.#pick(['-1', '2', '50'])] : [];
        return ['XGROUP', 'SETID', key, group, from, ...options];
      }
      case 21:
        if (random.chance(0.7)) return ['XGROUP', 'CREATECONSUMER', key, group, consumer];
        if (random.chance(0.6)) return ['XGROUP', 'DELCONSUMER', key, group, consumer];
        return ['XGROUP', 'DESTROY', key, group];
      case 22:
      case 23:
        return ['XACK', key, group, ...this.#ids()];
      case 24:
        return ['XPENDING', key, group];
      case 25: {
        const idle = random.chance(0.2) ? ['IDLE', this.#pick(['0', '100000000'])] : [];
        const by = random.chance(0.3) ? [consumer] : [];
        return ['XPENDING', key, group, ...idle, this.#bound(), this.#bound(), '10', ...by];
      }
      case 26:
      case 27: {
        const idle = random.chance(0.8) ? '0' : '100000000000';
        const options = [
          ...(random.chance(0.3) ? ['FORCE'] : []),
          ...(random.chance(0.3) ? ['JUSTID'] : []),
          ...(random.chance(0.2) ? ['RETRYCOUNT', String(random.below(9))] : []),
          ...(random.chance(0.2) ? ['TIME', FAR_TIME] : []),
          ...(random.chance(0.1) ? ['IDLE', '1000'] : []),
          ...(random.chance(0.1) ? ['LASTID', this.#id()] : []),
        ];
        return ['XCLAIM', key, group, consumer, idle, ...this.#ids(), ...options];
      }
      case 28:
      case 29: {
        const idle = random.chance(0.8) ? '0' : '100000000000';
        const just = random.chance(0.3) ? ['JUSTID'] : [];
        return ['XAUTOCLAIM', key, group, consumer, idle, this.#bound(), ...this.#count(), ...just];
      }
      case 30:
        return ['XINFO', 'STREAM', key, ...(random.chance(0.6) ? ['FULL', ...this.#count()] : [])];
      case 31:
        return random.chance(0.5) ? ['XINFO', 'GROUPS', key] : ['XINFO', 'CONSUMERS', key, group];
      case 32: {
        const options = [
          ...(random.chance(0.3) ? ['ENTRIESADDED', String(random.below(200))] : []),
          ...(random.chance(0.2) ? ['MAXDELETEDID', this.#id()] : []),
        ];
        // Below what was removed 7.0 sets it, later ones do not.
        this.#clock += 2;
        const id = random.chance(0.9) ? `${this.#clock}` : this.#pick(BAD_IDS);
        return ['XSETID', key, id, ...options];
      }
      default: {
        const other = this.#pick(KEYS);
        if (random.chance(0.3)) return ['DUMP', key];
        if (random.chance(0.2)) return ['DEL', key];
        if (random.chance(0.5)) return ['COPY', key, other, 'REPLACE'];
        return random.chance(0.3) ? ['RENAME', key, other] : ['OBJECT', 'ENCODING', key];
      }
    }
  }
}

/** A reply without what depends on the time, or on how an implementation keeps a stream. */
export function masked(command: readonly CommandArg[], reply: Reply): Reply {
  const name = String(command[0]).toUpperCase();
  // Consumers have times in it.
  if (name === 'DUMP' && reply.kind === 'bulk') {
    return { kind: 'integer', value: BigInt(reply.bytes.length) };
  }
  if (name === 'XINFO') return withoutHidden(reply);
  if (name === 'XPENDING' && command.length > 3 && reply.kind === 'array') {
    return { ...reply, items: reply.items.map(withoutIdle) };
  }
  return reply;
}

function withoutIdle(entry: Reply): Reply {
  return entry.kind === 'array'
    ? { ...entry, items: entry.items.filter((_, i) => i !== 2) }
    : entry;
}

function withoutHidden(reply: Reply): Reply {
  if (reply.kind === 'integer' && reply.value > EARLIEST_MS) return { ...reply, value: 0n };
  if (reply.kind === 'map') {
    const entries = reply.entries.filter(([name]) => !isHidden(name));
    return {
      ...reply,
      entries: entries.map(([name, value]) => [name, withoutHidden(value)] as const),
    };
  }
  if (reply.kind !== 'array') return reply;
  const items: Reply[] = [];
  for (let i = 0; i < reply.items.length; i++) {
    const item = reply.items[i]!;
    if (isHidden(item)) i++;
    else items.push(withoutHidden(item));
  }
  return { ...reply, items };
}

function isHidden(name: Reply): boolean {
  return name.kind === 'bulk' && HIDDEN.has(name.bytes.toString('latin1'));
}
