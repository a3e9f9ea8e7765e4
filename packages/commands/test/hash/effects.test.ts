// What commands on hashes log, word for word; that expired fields are removed in the log by whoever
// meets them; and what the sweeper's findings lead to.

import { Random } from '@forgekv/base';
import { type Test, test } from 'tap';
import { DueHashes } from '../../src/index.ts';
import { createTestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { split } from '../support/run-table.ts';

const SEED = Number(process.env.FORGEKV_HASH_SEED ?? Date.now() & 0x7fffffff);
const NOW_MS = 1_700_000_000_000;
const FORMS = [16_384, 4];

/** Command, then its effects. Before each: h has a = 1, n = 5, and t = x for ten seconds. */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  ['hget h a'],
  ['hmget h a n'],
  ['hgetall h'],
  ['hlen h'],
  ['hrandfield h 2'],
  ['hscan h 0'],
  ['hset h'],
  ['hsetnx h a 2'],
  ['hdel h x'],
  ['hdel none x'],
  ['hincrby h a x'],
  ['hpersist h fields 2 a x'],
  ['httl h fields 1 t'],
  ['hexpire h 10 xx fields 1 a'],
  ['hexpire h 0 fields 1 x'],
  ['hexpire none 10 fields 1 a'],
  ['hset h a 2', 'hset h a 2'],
  ['HSET new a 1 b 2', 'HSET new a 1 b 2'],
  ['hmset h a 2', 'hmset h a 2'],
  ['hsetnx h b 2', 'hsetnx h b 2'],
  ['hincrby h n 5', 'hincrby h n 5'],
  ['hincrbyfloat h n 0.5', 'hincrbyfloat h n 0.5'],
  ['hdel h a x', 'hdel h a x'],
  ['hdel h a n t', '!DEL h'],
  ['hpersist h fields 2 t a', 'hpersist h fields 2 t a'],
  ['hexpire h 20 fields 2 a n', `HPEXPIREAT h ${NOW_MS + 20_000} FIELDS 2 a n`],
  ['hpexpire h 20 nx fields 3 a t x', `HPEXPIREAT h ${NOW_MS + 20} FIELDS 1 a`],
  ['hexpireat h 1800000000 fields 1 a', 'HPEXPIREAT h 1800000000000 FIELDS 1 a'],
  ['hexpire h 0 fields 2 a a', 'HDEL h a'],
  ['hpexpireat h 5 fields 3 a n t', '!DEL h'],
];

function createLogged(t: Test, hotValueMaxBytes: number): LoggedDatabase {
  const logged = new LoggedDatabase(t, { hotValueMaxBytes });
  fill(logged);
  return logged;
}

function fill({ db }: LoggedDatabase): void {
  db.nowMs = NOW_MS;
  db.run('del', 'h', 'new');
  db.run('hset', 'h', 'a', '1', 'n', '5', 't', 'x');
  db.run('hexpire', 'h', '10', 'fields', '1', 't');
}

test('effects of hash commands', async (t) => {
  for (const hotValueMaxBytes of FORMS) {
    const logged = createLogged(t, hotValueMaxBytes);
    for (const [command, ...expected] of ROWS) {
      fill(logged);
      t.same(logged.effectsOf(...split(command)), expected, command);
      logged.db.audit();
    }
  }
});

test('expired fields are removed in the log, before the effect of the command', async (t) => {
  const rows: readonly (readonly [string, ...string[]])[] = [
    ['hget h t', 'HDEL h t'],
    ['hset h t 1', 'HDEL h t', 'hset h t 1'],
    ['hdel h a n t', 'HDEL h t', '!DEL h'],
    ['hlen h', 'HDEL h t'],
  ];
  for (const hotValueMaxBytes of FORMS) {
    const logged = createLogged(t, hotValueMaxBytes);
    const { db } = logged;
    for (const [command, ...expected] of rows) {
      fill(logged);
      db.nowMs += 10_000;
      t.same(logged.effectsOf(...split(command)), expected, command);
      t.same(logged.effectsOf('hlen', 'h'), []);
    }
    fill(logged);
    db.run('hdel', 'h', 'a', 'n');
    db.nowMs += 10_000;
    t.same(logged.effectsOf('hset', 'h', 'b', '1'), ['!DEL h', 'hset h b 1']);
    t.equal(db.stat('expiredFields'), rows.length + 1);
    db.audit();
  }
});

test(`the log of random commands gives the same again, seed ${SEED}`, async (t) => {
  for (const hotValueMaxBytes of [16_384, 100, 4]) {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    const { db } = logged;
    db.nowMs = NOW_MS;
    const random = new Random(SEED + hotValueMaxBytes);
    const field = () => `f${random.below(10)}`;
    for (let i = 0; i < 700; i++) {
      db.nowMs += random.below(30);
      const key = `h${random.below(3)}`;
      const value = 'v'.repeat(random.below(20));
      db.run(
        ...random.pick([
          ['hset', key, field(), value, field(), value],
          ['hsetnx', key, field(), value],
          ['hincrby', key, `n${random.below(3)}`, '7'],
          ['hincrbyfloat', key, `n${random.below(3)}`, '1e2'],
          ['hdel', key, field(), field()],
          ['hpexpire', key, `${random.below(500)}`, 'fields', '2', field(), field()],
          ['hpexpire', key, `${random.below(500)}`, 'lt', 'fields', '2', field(), field()],
          ['hpersist', key, 'fields', '2', field(), field()],
          ['copy', key, `h${random.below(3)}`, 'replace'],
          ['hget', key, field()],
        ]),
      );
      if (i % 50 === 0) logged.settle();
    }
    const copy = createTestDatabase({ hotValueMaxBytes });
    const effects = logged.all();
    replayInto(copy, effects);
    // What has expired since the last command is gone when it is asked for.
    copy.nowMs = db.nowMs;
    copy.db = 0;
    for (const key of ['h0', 'h1', 'h2']) {
      const pairs = (one: typeof db) => {
        const all = one.run('hgetall', key) as string[];
        const fields = all.filter((_, index) => index % 2 === 0).sort();
        const times = fields.map((name) => one.run('hpexpiretime', key, 'fields', '1', name));
        return [fields, fields.map((name) => one.run('hget', key, name)), times];
      };
      t.same(pairs(copy), pairs(db), `${key}, ${effects.length} effects`);
    }
    copy.audit();
    db.audit();
  }
});

test('hashes the sweeper found are opened, and lose what is due', async (t) => {
  for (const hotValueMaxBytes of FORMS) {
    const logged = createLogged(t, hotValueMaxBytes);
    const { db } = logged;
    db.run('hset', 'g', 'x', '1');
    db.run('hpexpire', 'g', '5', 'fields', '1', 'x');
    db.run('set', 's', 'text');
    logged.settle();
    const due = new DueHashes(db.worker);
    const { table } = db.worker;
    const look = (key: string, nowMs: number): number => {
      db.run('hlen', key);
      db.run('exists', key);
      table.locks.lock(db.front.table.shard);
      const bytes = Buffer.from(`${key}   `);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      table.selectKey(bytes, view, 0, key.length, 0);
      const answer = due.look(0, table.find(), nowMs);
      table.locks.unlock(table.shard);
      return answer;
    };
    t.equal(look('s', NOW_MS), 0);
    t.equal(look('h', NOW_MS), NOW_MS + 10_000);
    t.equal(look('g', NOW_MS + 5), NOW_MS + 5);
    t.equal(look('h', NOW_MS + 10_000), NOW_MS + 10_000);
    const used = look('h', NOW_MS + 10_000);
    t.equal(used, NOW_MS + 10_000, 'twice is once too often, and does no harm');
    const before = logged.all().length;
    due.remove(NOW_MS + 10_000);
    t.equal(db.worker.noTouch, false);
    const effects = logged.all().slice(before);
    const texts = effects.map(({ args }) => args.map(String).join(' '));
    t.same(texts.sort(), ['DEL g', 'HDEL h t']);
    t.equal(db.run('exists', 'g', 'h'), 1);
    t.equal(db.run('hlen', 'h'), 2);
    due.remove(NOW_MS + 10_000);
    db.audit();
  }
});
