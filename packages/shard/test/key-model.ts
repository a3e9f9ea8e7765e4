// Random commands on a few keys of two databases, with a plain map that says what they must
// answer. Knows nothing of where keys are.

import type { Random } from '@forgekv/base';
import type { TestWorker } from './test-worker.ts';

const KEYS = 60;
const DATABASES = 2;
const NULL = '$-1\r\n';

interface Known {
  value: string;
  /** 0 = never. */
  expireAtMs: number;
}

export class Model {
  readonly #random: Random;
  readonly #databases: Map<string, Known>[] = [new Map(), new Map()];
  nowMs = Date.now();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Runs one command; returns '' or what is wrong with its reply. */
  async step(worker: TestWorker): Promise<string> {
    const random = this.#random;
    if (random.below(10) === 0) this.nowMs += random.below(400);
    worker.nowMs = this.nowMs;
    const db = random.below(DATABASES);
    const keys = this.#databases[db]!;
    const name = `key:${random.below(KEYS)}`;
    const other = `key:${random.below(KEYS)}`;
    const known = this.#live(db, name);
    const expect = (expected: string, ...args: string[]): Promise<string> =>
      this.#expect(worker, db, expected, args);
    const draw = random.below(100);
    if (draw < 22) {
      const value = `${random.uint32()}.`.repeat(random.below(60));
      keys.set(name, { value, expireAtMs: 0 });
      return expect('+OK\r\n', 'set', name, value);
    }
    if (draw < 32) {
      keys.delete(name);
      return expect(known ? ':1\r\n' : ':0\r\n', 'del', name);
    }
    if (draw < 42) {
      if (known) known.expireAtMs = this.nowMs + 1 + random.below(3000);
      return expect(known ? ':1\r\n' : ':0\r\n', 'pexpireat', name, `${known?.expireAtMs ?? 9e12}`);
    }
    if (draw < 46) {
      const had = known !== undefined && known.expireAtMs !== 0;
      if (known) known.expireAtMs = 0;
      return expect(had ? ':1\r\n' : ':0\r\n', 'persist', name);
    }
    if (draw < 52) {
      if (known === undefined) return expect('-ERR no such key\r\n', 'rename', name, other);
      keys.delete(name);
      keys.set(other, known);
      return expect('+OK\r\n', 'rename', name, other);
    }
    if (draw < 57) return this.#move(worker, db, name, known);
    if (draw < 62) {
      if (known) known.value += 'xyz';
      else keys.set(name, { value: 'xyz', expireAtMs: 0 });
      return expect(`:${keys.get(name)!.value.length}\r\n`, 'append', name, 'xyz');
    }
    if (draw < 74) return expect(bulk(known), 'get', name);
    if (draw < 78) {
      const both = [known, this.#live(db, other)];
      return expect(`*2\r\n${both.map(bulk).join('')}`, 'mget', name, other);
    }
    if (draw < 82) return expect(`:${known ? 1 : 0}\r\n`, 'exists', name);
    if (draw < 85) {
      if (known === undefined) keys.set(name, { value: 'nx', expireAtMs: 0 });
      return expect(known ? ':0\r\n' : ':1\r\n', 'setnx', name, 'nx');
    }
    if (draw < 88) return this.#keys(worker, db);
    if (draw < 94) return this.#scan(worker, db);
    if (draw < 96) return this.#randomKey(worker, db);
    if (draw < 97) {
      keys.clear();
      return expect('+OK\r\n', 'flushdb');
    }
    if (draw < 98) {
      this.#databases.reverse();
      return expect('+OK\r\n', 'swapdb', '0', '1');
    }
    return this.#dbSize(worker, db);
  }

  #live(db: number, name: string): Known | undefined {
    const known = this.#databases[db]!.get(name);
    if (known === undefined || known.expireAtMs === 0 || known.expireAtMs > this.nowMs)
      return known;
    this.#databases[db]!.delete(name);
    return undefined;
  }

  #liveNames(db: number): string[] {
    const names = [...this.#databases[db]!.keys()];
    return names.filter((name) => this.#live(db, name) !== undefined).sort();
  }

  async #expect(worker: TestWorker, db: number, expected: string, args: string[]): Promise<string> {
    const reply = await worker.runPaged(db, ...args);
    if (reply === expected) return '';
    return `${args.join(' ').slice(0, 60)}: ${reply.slice(0, 60)}, not ${expected.slice(0, 60)}`;
  }

  #move(worker: TestWorker, db: number, name: string, known: Known | undefined): Promise<string> {
    const to = 1 - db;
    const moves = known !== undefined && this.#live(to, name) === undefined;
    if (moves) {
      this.#databases[db]!.delete(name);
      this.#databases[to]!.set(name, known);
    }
    return this.#expect(worker, db, moves ? ':1\r\n' : ':0\r\n', ['move', name, `${to}`]);
  }

  async #keys(worker: TestWorker, db: number): Promise<string> {
    const found = bulksOf(await worker.runPaged(db, 'keys', '*'), 1);
    return this.#compare(db, 'keys', found);
  }

  async #scan(worker: TestWorker, db: number): Promise<string> {
    const found: string[] = [];
    let cursor = '0';
    do {
      const count = `${1 + this.#random.below(20)}`;
      const reply = await worker.runPaged(db, 'scan', cursor, 'count', count);
      cursor = reply.split('\r\n')[2]!;
      found.push(...bulksOf(reply, 4));
    } while (cursor !== '0');
    return this.#compare(db, 'scan', found);
  }

  #compare(db: number, command: string, found: string[]): string {
    const wanted = this.#liveNames(db).join(' ');
    const got = found.sort().join(' ');
    return got === wanted ? '' : `${command}: ${got}, not ${wanted}`;
  }

  async #randomKey(worker: TestWorker, db: number): Promise<string> {
    const [key] = bulksOf(await worker.runPaged(db, 'randomkey'), 0);
    const names = this.#liveNames(db);
    if (key === undefined) return names.length === 0 ? '' : 'randomkey: none';
    return names.includes(key) ? '' : `randomkey: ${key}`;
  }

  /** Expired keys are counted until somebody has removed them. */
  async #dbSize(worker: TestWorker, db: number): Promise<string> {
    for (let i = 0; i < KEYS; i++) worker.runIn(db, 'exists', `key:${i}`);
    return this.#expect(worker, db, `:${this.#liveNames(db).length}\r\n`, ['dbsize']);
  }

  /** Compares everything; [] = equal. */
  async differences(worker: TestWorker): Promise<string[]> {
    const problems: string[] = [];
    for (let db = 0; db < DATABASES; db++) {
      problems.push(await this.#scan(worker, db));
      for (let i = 0; i < KEYS; i++) {
        const known = this.#live(db, `key:${i}`);
        problems.push(await this.#expect(worker, db, bulk(known), ['get', `key:${i}`]));
        const at = known === undefined ? -2 : known.expireAtMs || -1;
        const expected = `:${at}\r\n`;
        problems.push(await this.#expect(worker, db, expected, ['pexpiretime', `key:${i}`]));
      }
      problems.push(await this.#dbSize(worker, db));
    }
    return problems.filter((problem) => problem !== '');
  }
}

function bulk(known: Known | undefined): string {
  return known === undefined ? NULL : `$${known.value.length}\r\n${known.value}\r\n`;
}

/** Bulk strings of a reply behind its first `skip` lines; keys have no line ends in them. */
function bulksOf(reply: string, skip: number): string[] {
  if (reply === NULL) return [];
  const lines = reply.split('\r\n').slice(skip, -1);
  return lines.filter((line) => !line.startsWith('$'));
}
