// A random pipeline of one connection in which every command's reply is known beforehand, and
// neighbours run in different places: on the front, on a worker, by way of the main thread.

import type { Prng } from '@forgekv/testkit';

export interface ScriptedCommand {
  readonly args: readonly string[];
  /** What `describeReply(reply, 40)` says. */
  readonly expect: RegExp;
}

/** Longer than hot-value-max-bytes of the test. */
const LARGE = 'L'.repeat(200);

/** `length` commands on keys that begin with `prefix`. */
export function orderScript(prng: Prng, prefix: string, length: number): ScriptedCommand[] {
  return new Script(prng, prefix).commands(length);
}

class Script {
  readonly #prng: Prng;
  readonly #prefix: string;
  readonly #small = new Map<string, string>();
  readonly #lengths = new Map<string, number>();
  #counter = 0;
  #name = '';

  constructor(prng: Prng, prefix: string) {
    this.#prng = prng;
    this.#prefix = prefix;
  }

  commands(length: number): ScriptedCommand[] {
    const makers: readonly (readonly [weight: number, make: () => ScriptedCommand])[] = [
      [6, () => this.#setSmall()],
      [6, () => this.#getSmall()],
      [4, () => this.#grow()],
      [4, () => this.#lengthOf()],
      [4, () => this.#count()],
      [3, () => this.#echo()],
      [2, () => this.#rename()],
      [2, () => expect(['CLIENT', 'GETNAME'], this.#name === '' ? '(nil $-1)' : this.#quotedName)],
      [
        2,
        () => expect(['KEYS', `${this.#prefix}:n`], this.#counter ? `["${this.#key('n')}"]` : '[]'),
      ],
      [1, () => ({ args: ['DBSIZE'], expect: /^\(integer\) \d+$/ })],
      [1, () => ({ args: ['SCAN', '0', 'COUNT', '2'], expect: /^\["\d+", \[/ })],
      [1, () => ({ args: ['CLIENT', 'LIST'], expect: /^"id=\d+ / })],
      [1, () => expect(['CONFIG', 'SET', 'slowlog-max-len', '128'], '+"OK"')],
      [1, () => expect(['CONFIG', 'GET', 'slowlog-max-len'], '["slowlog-max-len", "128"]')],
      [1, () => ({ args: ['NOSUCH', this.#key('x')], expect: /^\(error\) "ERR unknown command/ })],
      [1, () => ({ args: ['GET'], expect: /^\(error\) "ERR wrong number of arguments for 'get'/ })],
    ];
    const table = makers.flatMap(([weight, make]) =>
      Array<() => ScriptedCommand>(weight).fill(make),
    );
    const pick = () => table[this.#prng.below(table.length)]!();
    // The connection may have a name from an earlier script.
    const unnamed = expect(['CLIENT', 'SETNAME', ''], '+"OK"');
    return [unnamed, ...Array.from({ length: length - 1 }, pick)];
  }

  get #quotedName(): string {
    return `"${this.#name}"`;
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }

  #setSmall(): ScriptedCommand {
    const key = this.#key(`s${this.#prng.below(5)}`);
    const value = `v${this.#prng.below(1_000_000)}`;
    this.#small.set(key, value);
    return expect(['SET', key, value], '+"OK"');
  }

  #getSmall(): ScriptedCommand {
    const key = this.#key(`s${this.#prng.below(5)}`);
    const value = this.#small.get(key);
    return expect(['GET', key], value === undefined ? '(nil $-1)' : `"${value}"`);
  }

  #grow(): ScriptedCommand {
    const key = this.#key(`l${this.#prng.below(3)}`);
    const length = (this.#lengths.get(key) ?? 0) + LARGE.length;
    this.#lengths.set(key, length);
    return expect(['APPEND', key, LARGE], `(integer) ${length}`);
  }

  #lengthOf(): ScriptedCommand {
    const key = this.#key(`l${this.#prng.below(3)}`);
    return expect(['STRLEN', key], `(integer) ${this.#lengths.get(key) ?? 0}`);
  }

  #count(): ScriptedCommand {
    return expect(['INCR', this.#key('n')], `(integer) ${++this.#counter}`);
  }

  #echo(): ScriptedCommand {
    const text = `e${this.#prng.below(1_000_000)}`;
    return expect(['ECHO', text], `"${text}"`);
  }

  #rename(): ScriptedCommand {
    this.#name = `name${this.#prng.below(1000)}`;
    return expect(['CLIENT', 'SETNAME', this.#name], '+"OK"');
  }
}

function expect(args: readonly string[], said: string): ScriptedCommand {
  const pattern = said.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return { args, expect: new RegExp(`^${pattern}$`) };
}
