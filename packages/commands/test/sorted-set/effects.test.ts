// The log of random commands on sorted sets and geo indexes gives the same members, scores and
// expiry times again. The form is not compared: what has become small is packed again when a value
// is logged as a whole.

import { DEFAULT_FAMILIES, planCommands } from '@forgekv/testkit';
import { t as file, test } from 'tap';
import { PLACE_FRONT } from '../../src/index.ts';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { registry } from '../support/test-thread.ts';

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 1500;
const DATABASES = 2;
const NAMES = ['sorted-set', 'geo', 'string', 'expiry', 'generic'];
const FAMILIES = DEFAULT_FAMILIES.filter(({ name }) => NAMES.includes(name));

file.setTimeout(120_000);

/** Every key of every database, with what it holds. */
function contents(db: TestDatabase): string[] {
  const found: string[] = [];
  for (let index = 0; index < DATABASES; index++) {
    db.db = index;
    for (const key of db.run('keys', '*') as string[]) {
      const bytes = Buffer.from(key, 'latin1');
      const isSorted = db.run('type', bytes) === '+zset';
      const value = isSorted
        ? db.run('zrange', bytes, '0', '-1', 'withscores')
        : db.run('dump', bytes);
      found.push(JSON.stringify([index, key, db.run('pexpiretime', bytes), value]));
    }
  }
  return found.sort();
}

for (const hotValueMaxBytes of [16_384, 64]) {
  test(`values up to ${hotValueMaxBytes} bytes hot, seed ${SEED}`, async (t) => {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    const { db } = logged;
    let ran = 0;
    for (const { args } of planCommands({ seed: SEED, commands: COMMANDS, families: FAMILIES })) {
      const id = registry.table.lookup(args[0]!, 0, args[0]!.length);
      if (id < 0 || registry.places[id] === PLACE_FRONT) continue;
      db.db = ran % DATABASES;
      db.isInline = ran % 5 === 0;
      db.run(...args);
      ran++;
      if (ran % 100 === 0) db.nowMs += 50;
      if (ran % 7 === 0) logged.settle();
    }
    const effects = logged.all();
    const copy = createTestDatabase({ hotValueMaxBytes });
    copy.worker.databases.restore(db.worker.databases.map());
    replayInto(copy, effects);
    copy.nowMs = db.nowMs;
    t.same(contents(copy), contents(db), `${ran} commands, ${effects.length} effects`);
    t.ok(effects.length > COMMANDS / 4);
    copy.audit();
  });
}
