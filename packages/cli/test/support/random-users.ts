// Random users: rules of every kind, as ACL SETUSER takes them. Knows no server.

import type { Prng } from '@forgekv/testkit';

/** Wait has other categories in later versions. */
const CATEGORIES = [
  ...['keyspace', 'read', 'write', 'set', 'sortedset', 'list', 'hash', 'string', 'bitmap'],
  ...['hyperloglog', 'geo', 'stream', 'pubsub', 'admin', 'fast', 'slow', 'blocking', 'dangerous'],
  ...['connection', 'transaction', 'scripting'],
];
const CHANNELS = ['a*', 'news', '?x', '[ab]c', 'news:*'];

export class RandomUsers {
  readonly #prng: Prng;
  readonly #commands: readonly string[];
  readonly #patterns: readonly string[];

  /**
   * @param commands names that rules may be about, subcommands too
   * @param patterns for keys
   */
  constructor(prng: Prng, commands: readonly string[], patterns: readonly string[]) {
    this.#prng = prng;
    this.#commands = commands;
    this.#patterns = patterns;
  }

  /** The rules of a user who can log in without a password. */
  rules(): string[] {
    const prng = this.#prng;
    const rules = ['reset', 'on', 'nopass', ...this.#permissions()];
    for (let i = prng.below(3); i > 0; i--) rules.push(`(${this.#permissions().join(' ')})`);
    if (prng.chance(0.1)) rules.push('clearselectors');
    if (prng.chance(0.2)) rules.push('>one', '#'.padEnd(65, 'a'));
    if (prng.chance(0.2)) rules.push('skip-sanitize-payload');
    return rules.includes('>one') ? [...rules, 'nopass'] : rules;
  }

  #permissions(): string[] {
    const prng = this.#prng;
    const rules: string[] = [];
    for (let i = prng.below(7); i > 0; i--) rules.push(this.#commandRule());
    // Else most commands are refused for their names, and nothing is learned about keys.
    if (prng.chance(0.6)) rules.unshift('+@all');
    if (prng.chance(0.25)) rules.push('~*');
    else for (let i = prng.below(4); i > 0; i--) rules.push(this.#keyRule());
    if (prng.chance(0.3)) rules.push('&*');
    else for (let i = prng.below(3); i > 0; i--) rules.push(`&${prng.pick(CHANNELS)}`);
    return rules;
  }

  #commandRule(): string {
    const prng = this.#prng;
    const sign = prng.chance(0.5) ? '+' : '-';
    const kind = prng.below(10);
    if (kind < 4) return `${sign}@${prng.pick(CATEGORIES)}`;
    if (kind < 9) return `${sign}${prng.pick(this.#commands)}`;
    return prng.pick(['+select|0', '+get|k', '+SET|key:1', '-@all', 'allcommands', '+object|freq']);
  }

  #keyRule(): string {
    const prng = this.#prng;
    const pattern = prng.pick(this.#patterns);
    return `${prng.pick(['~', '~', '%R~', '%W~', '%RW~'])}${pattern}`;
  }
}
