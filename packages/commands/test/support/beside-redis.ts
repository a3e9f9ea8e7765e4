// The same commands to a real redis-server and to a test database, compared reply by reply. For
// what has to be the same byte for byte; the random commands of testkit cover the rest.

import {
  type CommandArg,
  compareReplies,
  RespClient,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from '../harness.ts';

const BATCH = 200;
const MOST_REPORTED = 5;

/** A Redis and a database in the same state. */
export class BesideRedis {
  readonly db: TestDatabase;
  readonly redis: RespClient;
  readonly #t: Test;
  #compared = 0;
  #differences = 0;

  constructor(t: Test, redis: RespClient, db: TestDatabase) {
    this.#t = t;
    this.redis = redis;
    this.db = db;
  }

  /** Runs commands on both and compares all replies. */
  async same(commands: readonly (readonly CommandArg[])[]): Promise<void> {
    for (let at = 0; at < commands.length; at += BATCH) {
      const batch = commands.slice(at, at + BATCH);
      const expected = await this.redis.pipeline(batch);
      for (const [index, command] of batch.entries()) {
        const difference = compareReplies(expected[index]!, this.db.reply(...command));
        this.#compared++;
        if (difference === undefined) continue;
        const shown = command.map((arg) => JSON.stringify(String(arg)).slice(0, 200)).join(' ');
        if (++this.#differences <= MOST_REPORTED) this.#t.fail(`${shown}: ${difference}`);
      }
    }
  }

  /** Reports how much was compared. */
  report(seed?: number): void {
    this.#t.equal(this.#differences, 0, `${this.#compared} replies, seed ${seed ?? 'none'}`);
    this.db.audit();
  }
}

/** A test that needs a redis-server; skipped, loudly, where there is none. */
export function testBesideRedis(
  name: string,
  run: (both: BesideRedis, t: Test) => Promise<void>,
  options: TestDatabaseOptions = {},
): void {
  test(name, { skip: skipWithoutRedis() }, async (t) => {
    const server = await startRedis();
    t.teardown(() => server.stop());
    const redis = await RespClient.connect({ port: server.port });
    t.teardown(() => redis.close());
    await run(new BesideRedis(t, redis, createTestDatabase(options)), t);
  });
}
