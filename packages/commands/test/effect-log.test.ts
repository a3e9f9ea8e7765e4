// What each command of the string and generic families logs, word for word, and that the log of
// random commands gives the same keyspace again. What replies wait for is in
// effect-dependencies.test.ts.

import { Random } from '@forgekv/base';
import { TYPE_STRING } from '@forgekv/keyspace';
import { planCommands } from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { PLACE_FRONT, PLACE_SCRIPT } from '../src/index.ts';
import { createTestDatabase, type TestDatabase } from './harness.ts';
import { asText, LoggedDatabase, replayInto } from './support/logged-database.ts';
import { split } from './support/run-table.ts';
import { registry } from './support/test-thread.ts';

const SEED = Number(process.env.FORGEKV_EFFECTS_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 2000;
const NOW_MS = 1_700_000_000_000;
const IN_10_S = NOW_MS + 10_000;

file.setTimeout(120_000);

/**
 * Command, then its effects; `!` before blind ones. Before each: n = 10, s = hello, f = 1.5, and x
 * = old, which expires in ten seconds.
 */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  // Reads, and changes that are none.
  ['get s'],
  ['mget s n'],
  ['getrange s 0 1'],
  ['strlen s'],
  ['lcs s x'],
  ['exists s n'],
  ['type s'],
  ['ttl x'],
  ['object encoding s'],
  ['touch s n'],
  ['dump s'],
  ['del none none2'],
  ['persist s'],
  ['getex s'],
  ['getdel none'],
  ['setnx s 1'],
  ['set s 1 nx'],
  ['set none 1 xx'],
  ['msetnx none 1 s 2'],
  ['renamenx s n'],
  ['copy s n'],
  ['expire none 100'],
  ['expire x 5 gt'],
  ['incr s'],
  ['setrange none 5 ""'],
  // SET and its relatives.
  ['set s new', '!set s new'],
  ['SET new 1', '!SET new 1'],
  ['set s new keepttl', '!SET s new'],
  ['set x new keepttl', `!SET x new PXAT ${IN_10_S}`],
  ['set s new ex 10', `!SET s new PXAT ${IN_10_S}`],
  ['set s new pxat 1800000000000', '!SET s new PXAT 1800000000000'],
  ['set s new get', '!SET s new'],
  ['set s new xx', '!SET s new'],
  ['setnx new 1', '!SET new 1'],
  ['setex s 10 new', `!SET s new PXAT ${IN_10_S}`],
  ['psetex s 10000 new', `!SET s new PXAT ${IN_10_S}`],
  ['getset s new', '!SET s new'],
  ['mset s 1 n 2 new 3', '!SET s 1', '!SET n 2', '!SET new 3'],
  ['msetnx a 1 b 2', '!SET a 1', '!SET b 2'],
  // Changes on the value before.
  ['append s !', 'append s !'],
  ['append new !', '!SET new !'],
  ['setrange s 1 XY', 'setrange s 1 XY'],
  ['incr n', 'incr n'],
  ['incr x2', 'incr x2'],
  ['incrby n 5', 'incrby n 5'],
  ['decrby n 5', 'decrby n 5'],
  ['decr n', 'decr n'],
  ['incrbyfloat f 1', '!SET f 2.5'],
  // Times.
  ['expire s 10', `PEXPIREAT s ${IN_10_S}`],
  ['pexpire s 10000', `PEXPIREAT s ${IN_10_S}`],
  ['expireat s 1800000000', 'PEXPIREAT s 1800000000000'],
  ['pexpireat s 1800000000001', 'PEXPIREAT s 1800000000001'],
  ['expire s -1', '!DEL s'],
  ['persist x', 'PERSIST x'],
  ['getex s ex 10', `PEXPIREAT s ${IN_10_S}`],
  ['getex x persist', 'PERSIST x'],
  ['getex s exat 1', '!DEL s'],
  // Removals and moves.
  ['del s n none', '!DEL s', '!DEL n'],
  ['unlink s', '!DEL s'],
  ['getdel s', '!DEL s'],
  ['rename s n', '!SET n hello', '!DEL s'],
  ['rename x new', `!SET new old PXAT ${IN_10_S}`, '!DEL x'],
  ['copy s new', '!SET new hello'],
  ['copy x s replace', `!SET s old PXAT ${IN_10_S}`],
  ['move s 1', '!SET s hello', '!DEL s'],
];

function filled(t: Test): LoggedDatabase {
  const logged = new LoggedDatabase(t);
  const { db } = logged;
  db.nowMs = NOW_MS;
  db.run('mset', 'n', '10', 's', 'hello', 'f', '1.5', 'x', 'old');
  db.run('pexpire', 'x', '10000');
  return logged;
}

test('effects of string and generic commands', async (t) => {
  for (const isInline of [false, true]) {
    for (const [command, ...expected] of ROWS) {
      const logged = filled(t);
      logged.db.isInline = isInline;
      const effects = logged.effectsOf(...split(command));
      t.same(effects.sort(), [...expected].sort(), command);
      logged.db.audit();
    }
  }
});

test('an expired key is removed in the log by whoever meets it', async (t) => {
  const logged = filled(t);
  logged.db.nowMs = IN_10_S;
  t.same(logged.effectsOf('get', 'x'), ['!DEL x']);
  t.same(logged.effectsOf('get', 'x'), []);
});

test('an effect names the LSN its key had before', async (t) => {
  const logged = new LoggedDatabase(t);
  const { db } = logged;
  db.run('set', '{k}1', 'a');
  db.run('set', '{k}2', 'a');
  db.run('append', '{k}1', 'b');
  db.run('del', '{k}1');
  db.run('append', '{k}1', 'c');
  const lsns = logged.all().map(({ lsn, previousLsn }) => [lsn, previousLsn]);
  t.same(lsns, [
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 3],
    [5, 0],
  ]);
});

test('times that no double holds', async (t) => {
  const logged = filled(t);
  const latest = `${2n ** 63n - 1n}`;
  t.same(logged.effectsOf('pexpireat', 's', latest), [`PEXPIREAT s ${latest}`]);
  const copy = createTestDatabase();
  replayInto(copy, logged.all());
  copy.db = 0;
  t.equal(copy.run('pexpiretime', 's'), logged.db.run('pexpiretime', 's'));
});

/**
 * What recovery brings back: of every entry its LSN, and the values. Encodings come from the value
 * again, and a collection may be kept in another form, so it is compared by its elements.
 */
function restored(db: TestDatabase): unknown[] {
  const lines = db.dump().split('\n');
  const entries = lines
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [about, ...rest] = line.split(' ');
      const [database, shard, type, , lsn] = about!.split(',');
      const value = type === String(TYPE_STRING) ? rest : [];
      return [database, shard, type, lsn, ...value].join(' ');
    })
    .sort();
  db.nowMs = 0;
  const values = [0, 1, 2].flatMap((database) => {
    db.db = database;
    const keys = (db.run('keys', '*') as string[]).sort().map((key) => Buffer.from(key, 'latin1'));
    return keys.map((key) => [key, db.run('pexpiretime', key), elements(db, key)]);
  });
  return [entries, values];
}

function elements(db: TestDatabase, key: Buffer): unknown {
  switch (db.run('type', key)) {
    case '+list':
      return db.run('lrange', key, '0', '-1');
    case '+set':
      return (db.run('smembers', key) as string[]).sort();
    case '+zset':
      return db.run('zrange', key, '0', '-1', 'withscores');
    case '+hash': {
      const fields = (db.run('hkeys', key) as string[]).sort();
      return fields.map((field) => [field, db.run('hget', key, Buffer.from(field, 'latin1'))]);
    }
    default:
      return null;
  }
}

/** Commands of one block, `;` between them, and its effects. Before each as above, and c = 102. */
const BLOCKS: readonly (readonly [string, ...string[]])[] = [
  ['incr n; incr n', '!SET n 12'],
  ['incr n; incrby n 5; decr n; incr n', '!SET n 16'],
  ['incr new; incr new; incr new', '!SET new 3'],
  ['incr n; pexpire n 10000', `!SET n 11 PXAT ${IN_10_S}`],
  ['incr n; expire n 10; incr n', `!SET n 12 PXAT ${IN_10_S}`],
  ['incr x2; persist x2; incr x2', '!SET x2 2'],
  ['set n 1; incr n', '!SET n 2'],
  ['set x 1; incr x; incr x', '!SET x 3'],
  ['incr s; incr n; incr n', '!SET n 12'],
  ['get n; incr n; get s; incr n', '!SET n 12'],
  // Something else in between.
  ['incr n; append s !; incr n', 'incr n', 'append s !', 'incr n'],
  ['incr n; del n; incr n; incr n', 'incr n', '!DEL n', '!SET n 2'],
  // Not as one would make it again, or as an effect that would be shorter.
  ['append s !; append s ?', 'append s !', 'append s ?'],
  ['decr c; decr c; decr c', '!SET c 100', 'decr c'],
  ['expire n 10; persist n', `PEXPIREAT n ${IN_10_S}`, 'PERSIST n'],
];

test('a block tells once of a key that it changes several times in a row', async (t) => {
  for (const [commands, ...expected] of BLOCKS) {
    const logged = filled(t);
    logged.db.run('set', 'c', '102');
    const { log } = logged.db.front;
    const before = logged.all().length;
    log!.beginBlock();
    for (const command of commands.split('; ')) logged.db.run(...split(command));
    log!.endBlock();
    t.same(logged.all().slice(before).map(asText).sort(), [...expected].sort(), commands);
    const copy = createTestDatabase();
    replayInto(copy, logged.all());
    t.same(restored(copy), restored(logged.db), commands);
  }
});

test('a key that was told of again names its place in the log', async (t) => {
  const logged = filled(t);
  const { log, table } = logged.db.front;
  const key = Buffer.from('n'.padEnd(9));
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  log!.beginBlock();
  for (let times = 1; times < 20; times++) {
    logged.db.run('incr', 'n');
    table.selectKey(key, view, 0, 1, 0);
    const { shard } = table;
    table.locks.lock(shard);
    const entry = table.find();
    t.equal(table.logOf(entry) - 1, 0, `${times} times`);
    t.ok(table.logPositionOf(entry) > 0);
    table.locks.unlock(shard);
  }
  log!.endBlock();
});

test('what another block has told stays, and so does what was sealed', async (t) => {
  const logged = filled(t);
  const { log } = logged.db.front;
  const before = logged.all().length;
  for (let block = 0; block < 2; block++) {
    log!.beginBlock();
    logged.db.run('incr', 'n');
    log!.endBlock();
  }
  log!.beginBlock();
  logged.db.run('incr', 'n');
  log!.seal();
  logged.db.run('incr', 'n');
  log!.endBlock();
  logged.db.run('incr', 'n');
  t.same(logged.all().slice(before).map(asText), Array(5).fill('incr n'));
});

test(`the log of random blocks gives the same again: seed ${SEED}`, async (t) => {
  const logged = new LoggedDatabase(t);
  const { db } = logged;
  const { log } = db.front;
  const random = new Random(SEED);
  const told = ['incr k', 'decrby k 7', 'pexpire k 5000', 'persist k', 'append k 1', 'set k 99'];
  const others = ['get k', 'getdel k', 'rename k l', 'copy k l', 'incr l', 'set k text', 'del k l'];
  for (let block = 0; block < 500; block++) {
    log!.beginBlock();
    for (let i = random.below(8); i >= 0; i--) {
      const choice = random.below(3) > 0 ? told : others;
      db.run(...split(choice[random.below(choice.length)]!));
      if (random.below(20) === 0) log!.seal();
    }
    log!.endBlock();
    if (random.below(5) === 0) logged.settle();
  }
  const effects = logged.all();
  const copy = createTestDatabase();
  replayInto(copy, effects);
  t.same(restored(copy), restored(db), `${effects.length} effects`);
  t.equal(db.hops, 0);
});

for (const hotValueMaxBytes of [16_384, 64]) {
  const name = `values up to ${hotValueMaxBytes} bytes hot, seed ${SEED}`;
  test(`the log of random commands gives the same again: ${name}`, async (t) => {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    const { db } = logged;
    const plan = planCommands({ seed: SEED, commands: COMMANDS, connections: 1 });
    let ran = 0;
    for (const { args } of plan) {
      const id = registry.table.lookup(args[0]!, 0, args[0]!.length);
      if (registry.places[id] === PLACE_SCRIPT) continue;
      const isOfKeys = id >= 0 && registry.places[id] !== PLACE_FRONT;
      if (!isOfKeys && String(args[0]).toLowerCase() !== 'object') continue;
      db.isInline = ran % 5 === 0;
      db.db = ran % 3;
      db.run(...args);
      ran++;
      if (ran % 100 === 0) db.nowMs += 50;
      if (ran % 7 === 0) logged.settle();
    }
    const effects = logged.all();
    const copy = createTestDatabase({ hotValueMaxBytes });
    const { worker } = copy;
    worker.databases.restore(db.worker.databases.map());
    replayInto(copy, effects);
    t.same(restored(copy), restored(db), `${ran} commands, ${effects.length} effects`);
    t.ok(effects.length > 200);
    copy.audit();
  });
}
