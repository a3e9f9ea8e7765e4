// What the commands on sketches log, word for word, and that the log of random ones makes the same
// sketches again, byte for byte: what is left to chance is a part of the value.

import { Random } from '@forgekv/base';
import { t as file, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { split } from '../support/run-table.ts';

const SEED = Number(process.env.FORGEKV_EFFECTS_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 800;

file.setTimeout(60_000);

/** Command, then its effects; `!`: blind ones. One after the other. */
const ROWS: readonly (readonly [string, ...string[]])[] = [
  ['bf.exists b x'],
  ['bf.add b x', 'bf.add b x'],
  ['bf.add b x'],
  ['bf.madd b x y', 'bf.madd b x y'],
  ['bf.insert b nocreate items y'],
  ['bf.reserve r 0.01 5', 'bf.reserve r 0.01 5'],
  ['bf.reserve r 0.01 5'],
  ['cf.add c x', 'cf.add c x'],
  ['cf.addnx c x'],
  ['cf.count c x'],
  ['cf.del c x', 'cf.del c x'],
  ['cf.del c x'],
  ['cf.compact c', 'cf.compact c'],
  ['cms.initbydim m 5 2', 'cms.initbydim m 5 2'],
  ['cms.incrby m x 3', 'cms.incrby m x 3'],
  ['cms.incrby m x -3'],
  ['cms.query m x'],
  ['cms.merge m 1 m weights 2', '!RESTORE m 0 (# bytes) REPLACE ABSTTL'],
  ['topk.reserve k 2', 'topk.reserve k 2'],
  ['topk.add k a b c', 'topk.add k a b c'],
  ['topk.list k'],
  ['tdigest.create t', 'tdigest.create t'],
  ['tdigest.add t 1 2', 'tdigest.add t 1 2'],
  ['tdigest.quantile t 0.5'],
  ['tdigest.merge u 1 t', '!RESTORE u 0 (# bytes) REPLACE ABSTTL'],
  ['tdigest.reset t', 'tdigest.reset t'],
];

test('the effects of each command', (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    for (const [command, ...expected] of ROWS) {
      const found = logged.effectsOf(...split(command));
      t.same(
        found.map((effect) => effect.replace(/\(\d+ /, '(# ')),
        expected,
        command,
      );
    }
  }
  t.end();
});

const KEYS = ['k0', 'k1', 'k2', 'k3'];

/** A random command: mostly one that suits what its key holds. */
function command(random: Random, db: TestDatabase): string {
  const key = random.pick(KEYS);
  const item = (): string => `${Math.floor(random.below(300) ** 2 / 300)}`;
  const items = Array.from({ length: 1 + random.below(4) }, item).join(' ');
  const pairs = items.replace(/\d+/g, (one) => `${one} ${random.below(5)}`);
  if (random.chance(0.01)) return `del ${key}`;
  if (random.chance(0.02)) return `rename ${key} ${random.pick(KEYS)}`;
  if (random.chance(0.02)) return `copy ${key} ${random.pick(KEYS)} replace`;
  switch (db.run('type', key)) {
    case '+none':
      return random.pick([
        `bf.reserve ${key} 0.05 ${1 + random.below(30)} expansion ${1 + random.below(3)}`,
        `bf.reserve ${key} 0.05 40 nonscaling`,
        `cf.reserve ${key} ${8 + random.below(50)} expansion ${random.below(3)}`,
        `cms.initbydim ${key} ${10 + random.below(90)} ${1 + random.below(4)}`,
        `topk.reserve ${key} 6 ${1 + random.below(20)} 4 0.8`,
        `tdigest.create ${key} compression ${1 + random.below(40)}`,
      ]);
    case '+MBbloom--':
      return random.pick([`bf.add ${key} ${item()}`, `bf.madd ${key} ${items}`]);
    case '+MBbloomCF':
      return random.pick([
        ...[`cf.add ${key} ${item()}`, `cf.addnx ${key} ${item()}`, `cf.del ${key} ${item()}`],
        ...[`cf.insert ${key} items ${items}`, `cf.insertnx ${key} items ${items}`],
        ...[`cf.del ${key} ${item()}`, `cf.del ${key} ${item()}`, `cf.compact ${key}`],
      ]);
    case '+CMSk-TYPE':
      return random.pick([
        `cms.incrby ${key} ${pairs}`,
        `cms.incrby ${key} ${pairs}`,
        `cms.merge ${key} 2 ${key} ${random.pick(KEYS)} weights 1 1`,
      ]);
    case '+TopK-TYPE':
      return random.pick([`topk.add ${key} ${items}`, `topk.incrby ${key} ${pairs}`]);
    default:
      return random.pick([
        ...[`tdigest.add ${key} ${items}`, `tdigest.add ${key} ${items}`],
        ...[`tdigest.merge ${random.pick(KEYS)} 1 ${key}`, `tdigest.add ${key} -${item()}.5`],
      ]);
  }
}

for (const hotValueMaxBytes of [16384, 1500, 4]) {
  test(`random ones, values up to ${hotValueMaxBytes} bytes hot, seed ${SEED}`, (t) => {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    const { db } = logged;
    const copy = createTestDatabase({ hotValueMaxBytes: hotValueMaxBytes === 4 ? 16384 : 600 });
    const random = new Random(SEED);
    for (let ran = 0; ran < COMMANDS; ran++) {
      db.run(...split(command(random, db)));
      if (ran % 7 === 0) logged.settle();
      if (ran % 100 === 0) db.audit();
    }
    const effects = logged.all();
    replayInto(copy, effects);
    copy.db = 0;
    for (const key of KEYS) t.equal(copy.run('dump', key), db.run('dump', key), key);
    t.ok(effects.length > COMMANDS / 3, `${effects.length} effects`);
    copy.audit();
    db.audit();
    t.end();
  });
}
