// Clients that load, call and delete function libraries until the server is gone, each its own and
// one that is everybody's, and what has to be there afterwards. Every library says its version, and
// what its functions write says which version wrote it.

import type { CommandArg, Prng, RespClient } from '@forgekv/testkit';
import { untilCut } from './accounts.ts';

const VERSION = /-- version (\d+)/;

/** The code of a library whose functions are named after it. */
export function libraryCode(name: string, version: number, bytes = 0): string {
  return [
    `#!lua name=${name}`,
    `-- version ${version} ${'x'.repeat(bytes)}`,
    `redis.register_function('${name}_put', function(keys)`,
    `  redis.call('set', keys[1], '${version}')`,
    `  return ${version}`,
    'end)',
  ].join('\n');
}

/** The version of each library that a server has, by name. */
export async function versionsOf(client: RespClient): Promise<Map<string, number>> {
  const versions = new Map<string, number>();
  const reply = await client.must('FUNCTION', 'LIST', 'WITHCODE');
  if (reply.kind !== 'array') throw new Error('FUNCTION LIST answers an array');
  for (const library of reply.items) {
    if (library.kind !== 'array') throw new Error('FUNCTION LIST has libraries');
    const texts = library.items.map((item) => (item.kind === 'bulk' ? item.bytes.toString() : ''));
    const code = texts[texts.indexOf('library_code') + 1] ?? '';
    const name = texts[texts.indexOf('library_name') + 1] ?? '';
    versions.set(name, Number(VERSION.exec(code)?.[1] ?? -1));
  }
  return versions;
}

/** What one writer has been told, and what it was waiting for. */
interface Book {
  /** Of its library, 0: none. */
  acknowledged: number;
  /** What it may be instead, since the answer did not come; -1: nothing. */
  inFlight: number;
  /** The version that wrote its mark, as far as it was told. */
  mark: number;
  /** The same for what the library of all wrote for it. */
  seen: number;
}

export class LibraryWriters {
  readonly #books: Book[];
  /** The library of all: what was told to the one who loads it. */
  #shared = 0;
  #last = 0;
  /** Changes that were acknowledged. */
  changes = 0;

  constructor(count: number) {
    const none = { acknowledged: 0, inFlight: -1, mark: 0, seen: 0 };
    this.#books = Array.from({ length: count }, () => ({ ...none }));
  }

  /** Goes on until the connection ends; writer 0 also loads the library of all. */
  async write(client: RespClient, who: number, prng: Prng): Promise<void> {
    await untilCut(async () => {
      const book = this.#books[who]!;
      const kind = prng.below(10);
      if (who === 0 && kind < 4) await this.#loadShared(client);
      else if (kind < 3) await this.#load(client, who, book, prng.below(4) === 0 ? 3000 : 0);
      else if (kind === 3) await this.#delete(client, who, book);
      else if (kind < 7) await this.#call(client, who, book);
      else await this.#callShared(client, who, book);
    });
  }

  /** Load and note, in one transaction: never one without the other. */
  async #load(client: RespClient, who: number, book: Book, bytes: number): Promise<void> {
    const version = ++this.#last;
    const load = ['FUNCTION', 'LOAD', 'REPLACE', libraryCode(`own_${who}`, version, bytes)];
    await this.#change(client, who, book, version, load);
  }

  async #delete(client: RespClient, who: number, book: Book): Promise<void> {
    await this.#change(client, who, book, 0, ['FUNCTION', 'DELETE', `own_${who}`]);
  }

  async #change(
    client: RespClient,
    who: number,
    book: Book,
    version: number,
    change: readonly CommandArg[],
  ): Promise<void> {
    book.inFlight = version;
    const note = ['SET', `version:${who}`, String(version)];
    await client.pipeline([['MULTI'], note, change, ['EXEC']]);
    book.acknowledged = version;
    book.inFlight = -1;
    this.changes++;
  }

  async #call(client: RespClient, who: number, book: Book): Promise<void> {
    const reply = await client.command('FCALL', `own_${who}_put`, '1', `mark:${who}`);
    if (reply.kind === 'integer') book.mark = Number(reply.value);
  }

  async #loadShared(client: RespClient): Promise<void> {
    const version = ++this.#last;
    await client.must('FUNCTION', 'LOAD', 'REPLACE', libraryCode('shared', version));
    this.#shared = version;
    this.changes++;
  }

  /** Its loader may not know yet that it is there: then it must be there for this reply. */
  async #callShared(client: RespClient, who: number, book: Book): Promise<void> {
    const reply = await client.command('FCALL', 'shared_put', '1', `seen:${who}`);
    if (reply.kind === 'integer') book.seen = Number(reply.value);
  }

  /**
   * Compares what a server has after a crash with what was told; goes on from there.
   * @param loses what was not synced may be gone: only that nothing is half there is looked at
   */
  async check(client: RespClient, loses = false): Promise<string[]> {
    const problems: string[] = [];
    const versions = await versionsOf(client);
    const number = async (key: string): Promise<number> => {
      const reply = await client.command('GET', key);
      return reply.kind === 'bulk' ? Number(reply.bytes.toString()) : 0;
    };
    const shared = versions.get('shared') ?? 0;
    if (!loses && shared < this.#shared) problems.push(`shared is ${shared}, not ${this.#shared}`);
    this.#shared = shared;
    for (const [who, book] of this.#books.entries()) {
      const found = versions.get(`own_${who}`) ?? 0;
      const noted = await number(`version:${who}`);
      const say = (what: string): void => {
        problems.push(`${who}: ${what} (has ${found}, ${JSON.stringify(book)})`);
      };
      if (noted !== found) say(`its version was noted as ${noted}`);
      if (!loses && found !== book.acknowledged && found !== book.inFlight) say('was told else');
      if (!loses && (await number(`mark:${who}`)) < book.mark) say('its mark is lost');
      if (!loses && shared < book.seen) say(`shared is ${shared}`);
      Object.assign(book, { acknowledged: found, inFlight: -1, mark: 0, seen: 0 });
    }
    return problems;
  }
}
