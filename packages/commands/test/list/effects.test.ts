// What the commands on lists log, word for word, and that the log of random ones makes the same
// lists again.

import { Random } from '@forgekv/base';
import { t as file, type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { split } from '../support/run-table.ts';
import { RandomLists } from './random-lists.ts';

const SEED = Number(process.env.FORGEKV_EFFECTS_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 1500;

file.setTimeout(60_000);

/** Command, then its effects; `!`: blind ones. Before each: l = a b c b, one = x, s = text. */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  ['llen l'],
  ['lrange l 0 -1'],
  ['lpos l b'],
  ['lpushx none a'],
  ['lpop none'],
  ['lpop l 0'],
  ['lrem l 0 x'],
  ['linsert l before x y'],
  ['lset l 9 x'],
  ['ltrim l 0 -1'],
  ['lmove none l left left'],
  ['lmove l s left left'],
  ['lmpop 2 none s left'],
  ['sort l alpha'],
  ['sort l alpha store s x'],
  ['LPUSH l x y', 'LPUSH l x y'],
  ['rpush new x', 'rpush new x'],
  ['rpushx l x', 'rpushx l x'],
  ['lpop l', 'lpop l'],
  ['rpop l 2', 'rpop l 2'],
  ['lpop one', '!DEL one'],
  ['rpop l 9', '!DEL l'],
  ['lset l 0 x', 'lset l 0 x'],
  ['linsert l after b x', 'linsert l after b x'],
  ['lrem l -1 b', 'lrem l -1 b'],
  ['lrem one 0 x', '!DEL one'],
  ['ltrim l 1 2', 'ltrim l 1 2'],
  ['ltrim l 5 2', '!DEL l'],
  ['lmpop 2 none l left', 'LPOP l 1'],
  ['lmpop 2 none l right count 3', 'RPOP l 3'],
  ['lmpop 1 one right count 3', '!DEL one'],
  ['blpop l 0', 'LPOP l'],
  ['brpop none l other 0', 'RPOP l'],
  ['blpop one 0', '!DEL one'],
  ['blpop none 0'],
  ['blmpop 0 2 none l left count 2', 'LPOP l 2'],
  ['blmove l one left right 0', 'LPOP l', 'RPUSH one a'],
  ['blmove l l left right 0', 'LMOVE l l LEFT RIGHT'],
  ['brpoplpush l l 0', 'LMOVE l l RIGHT LEFT'],
  ['brpoplpush one l 0', 'LPUSH l x', '!DEL one'],
  ['lmove l one left right', 'LPOP l', 'RPUSH one a'],
  ['lmove l new right left', 'LPUSH new b', 'RPOP l'],
  ['lmove one l left right', '!DEL one', 'RPUSH l x'],
  ['rpoplpush l l', 'rpoplpush l l'],
  ['sort none store l', '!DEL l'],
  ['sort none store none'],
];

function filled(t: Test): LoggedDatabase {
  const logged = new LoggedDatabase(t);
  logged.db.run('rpush', 'l', 'a', 'b', 'c', 'b');
  logged.db.run('rpush', 'one', 'x');
  logged.db.run('set', 's', 'text');
  return logged;
}

test('effects', async (t) => {
  for (const [command, ...expected] of ROWS) {
    const logged = filled(t);
    const effects = logged.effectsOf(...split(command));
    t.same(effects.sort(), [...expected].sort(), command);
    logged.db.audit();
  }
});

test('what SORT stores is told as it is', async (t) => {
  const logged = filled(t);
  logged.db.run('expire', 's', '100');
  const effects = logged.effectsOf('sort', 'l', 'alpha', 'desc', 'store', 's');
  t.equal(effects.length, 1);
  t.match(effects[0], /^!RESTORE s 0 /);
  const copy = createTestDatabase();
  replayInto(copy, logged.all());
  copy.db = 0;
  t.strictSame(copy.run('lrange', 's', '0', '-1'), ['c', 'b', 'b', 'a']);
  t.equal(copy.run('ttl', 's'), -1);
});

function state(db: TestDatabase): string {
  const keys = ['k0', 'k1', 'k2', 'k3', 'sorted'];
  return JSON.stringify(
    keys.map((key) => [
      key,
      db.run('pexpiretime', key),
      db.run('object', 'encoding', key),
      db.run('lrange', key, '0', '-1'),
    ]),
  );
}

for (const [hotValueMaxBytes, listSize] of [
  [16_384, -2],
  [200, 5],
] as const) {
  test(`random ones, up to ${hotValueMaxBytes} bytes hot, seed ${SEED}`, async (t) => {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    const copy = createTestDatabase({ hotValueMaxBytes });
    for (const { limits } of [logged.db.front, logged.db.worker, copy.front, copy.worker]) {
      limits.listSize = listSize;
    }
    const random = new Random(SEED);
    const lists = new RandomLists(random, 3000);
    for (let ran = 0; ran < COMMANDS; ran++) {
      logged.db.isInline = ran % 5 === 0;
      logged.db.run(...lists.command());
      if (random.chance(0.02)) logged.db.run('sort', lists.key(), 'alpha', 'store', 'sorted');
      if (random.chance(0.02)) logged.db.run('expire', lists.key(), '100');
      if (random.chance(0.01)) logged.db.run('copy', lists.key(), lists.key(), 'replace');
      if (ran % 7 === 0) logged.settle();
    }
    const effects = logged.all();
    replayInto(copy, effects);
    copy.db = 0;
    t.equal(state(copy), state(logged.db), `${COMMANDS} commands, ${effects.length} effects`);
    t.ok(effects.length > COMMANDS / 5);
    copy.audit();
    logged.db.audit();
  });
}
