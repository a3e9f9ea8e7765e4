// What the commands on streams log, word for word, and that the log of random ones makes the same
// streams again, with groups and all that is pending.

import { Random } from '@forgekv/base';
import { describeReply } from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { split } from '../support/run-table.ts';
import { masked, RandomStreams } from './random-streams.ts';

const SEED = Number(process.env.FORGEKV_EFFECTS_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 1500;
/** Early, so that times are not taken out of what is compared. */
const NOW_MS = 900_000_000_000;

file.setTimeout(60_000);

/**
 * Command, then its effects; `!`: blind ones. Before each: s has 1-1 to 3-1, and a group g that has
 * read 1-1 for a; t is a string.
 */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  ['xlen s'],
  ['xrange s - +'],
  ['xread streams s 0'],
  ['xpending s g'],
  ['xinfo stream s full'],
  ['xadd s 1-1 f v'],
  ['xadd none nomkstream * f v'],
  ['xadd t * f v'],
  ['xdel s 9'],
  ['xtrim s maxlen 3'],
  ['xack s g 2-1'],
  ['xclaim s g b 0 2-1'],
  ['xgroup create s g 0'],
  ['xgroup createconsumer s g a'],
  ['xgroup destroy s h'],
  ['xadd s 4-1 f v', 'xadd s 4-1 f v'],
  ['xadd new 4-1 f v', 'xadd new 4-1 f v'],
  ['xadd s * f v', `XADD s ${NOW_MS}-0 f v`],
  ['xadd s 3-* f v', 'XADD s 3-2 f v'],
  ['xadd s maxlen = 2 4-1 f v', 'xadd s maxlen = 2 4-1 f v'],
  ['xadd s maxlen 2 * f v', `XADD s MAXLEN = 2 ${NOW_MS}-0 f v`],
  ['xadd s maxlen ~ 2 4-1 f v', 'XADD s 4-1 f v'],
  ['xadd s minid 2 4-* f v', 'XADD s MAXLEN = 3 4-0 f v'],
  ['xtrim s maxlen 1', 'XTRIM s MAXLEN = 1'],
  ['xtrim s minid 2-1', 'XTRIM s MAXLEN = 2'],
  ['xdel s 2-1 9', 'xdel s 2-1 9'],
  ['xsetid s 9', 'xsetid s 9'],
  ['xgroup create s h $', 'xgroup create s h $'],
  ['xgroup create new h $ mkstream', 'xgroup create new h $ mkstream'],
  ['xgroup setid s g 0', 'xgroup setid s g 0'],
  ['xgroup destroy s g', 'xgroup destroy s g'],
  ['xgroup createconsumer s g b', 'xgroup createconsumer s g b'],
  ['xgroup delconsumer s g a', 'xgroup delconsumer s g a'],
  ['xack s g 1-1 2-1', 'xack s g 1-1 2-1'],
  [
    'xreadgroup group g b streams s >',
    `XCLAIM s g b 0 2-1 3-1 TIME ${NOW_MS} RETRYCOUNT 1 FORCE JUSTID LASTID 3-1`,
    'XGROUP SETID s g 3-1 ENTRIESREAD 3',
  ],
  [
    'xreadgroup group g b count 1 noack streams s >',
    'XGROUP CREATECONSUMER s g b',
    'XGROUP SETID s g 2-1 ENTRIESREAD 2',
  ],
  [
    'xreadgroup group g a streams s 0',
    `XCLAIM s g a 0 1-1 TIME ${NOW_MS} RETRYCOUNT 2 FORCE JUSTID LASTID 1-1`,
  ],
  ['xreadgroup group g b streams s 0', 'XGROUP CREATECONSUMER s g b'],
  [
    'xclaim s g b 0 1-1 2-1 force',
    `XCLAIM s g b 0 1-1 2-1 TIME ${NOW_MS} RETRYCOUNT 2 FORCE JUSTID LASTID 1-1`,
  ],
  ['xclaim s g b 0 2-1 lastid 2-1', 'XGROUP SETID s g 2-1 ENTRIESREAD 1'],
  [
    'xautoclaim s g b 0 0',
    `XCLAIM s g b 0 1-1 TIME ${NOW_MS} RETRYCOUNT 2 FORCE JUSTID LASTID 1-1`,
  ],
  ['del s', '!DEL s'],
];

function filled(t: Test): LoggedDatabase {
  const logged = new LoggedDatabase(t);
  const { db } = logged;
  db.nowMs = NOW_MS;
  for (const id of ['1-1', '2-1', '3-1']) db.run('xadd', 's', id, 'f', 'v');
  db.run('xgroup', 'create', 's', 'g', '0');
  db.run(...split('xreadgroup group g a count 1 streams s >'));
  db.run('set', 't', 'text');
  return logged;
}

test('effects', async (t) => {
  for (const isInline of [false, true]) {
    for (const [command, ...expected] of ROWS) {
      const logged = filled(t);
      logged.db.isInline = isInline;
      t.same(logged.effectsOf(...split(command)), expected, command);
      logged.db.audit();
    }
  }
});

test('what was removed is not pending any more, and that is told', async (t) => {
  const logged = filled(t);
  logged.db.run('xdel', 's', '1-1');
  t.same(logged.effectsOf(...split('xclaim s g b 0 1-1')), ['XACK s g 1-1']);
  logged.db.run(...split('xreadgroup group g a streams s >'));
  logged.db.run('xdel', 's', '2-1');
  t.same(logged.effectsOf(...split('xautoclaim s g b 0 0')), [
    `XCLAIM s g b 0 3-1 TIME ${NOW_MS} RETRYCOUNT 2 FORCE JUSTID LASTID 3-1`,
    'XACK s g 2-1',
  ]);
});

function state(db: TestDatabase): string {
  const commands = ['k0', 'k1', 'k2'].flatMap((key) => [
    ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
    ['XPENDING', key, 'g', '-', '+', '1000'],
    ['EXISTS', key],
  ]);
  return commands
    .map((command) => describeReply(masked(command, db.reply(...command)), Infinity))
    .join('\n');
}

for (const entries of [100, 3]) {
  test(`random ones, nodes of ${entries} entries, seed ${SEED}`, async (t) => {
    const logged = new LoggedDatabase(t);
    const copy = createTestDatabase();
    const { db } = logged;
    for (const { limits } of [db.front, db.worker, copy.front, copy.worker]) {
      limits.streamNode = { bytes: 4096, entries };
    }
    const random = new Random(SEED);
    const streams = new RandomStreams(random);
    db.nowMs = NOW_MS;
    for (let ran = 0; ran < COMMANDS; ran++) {
      db.nowMs++;
      db.isInline = ran % 5 === 0;
      db.run(...streams.command());
      if (ran % 7 === 0) logged.settle();
    }
    db.isInline = false;
    const effects = logged.all();
    replayInto(copy, effects);
    copy.db = 0;
    copy.nowMs = db.nowMs;
    t.equal(state(copy), state(db), `${COMMANDS} commands, ${effects.length} effects`);
    t.ok(effects.length > COMMANDS / 5);
    copy.audit();
    db.audit();
  });
}
