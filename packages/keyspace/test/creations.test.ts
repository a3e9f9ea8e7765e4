// What a shard remembers of the keys created last: against a list of all of them.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createArena } from '../src/arena.ts';
import { Creations } from '../src/creations.ts';
import { CREATIONS } from '../src/layout.ts';

test('keys created since a moment, in several databases, and what is too long ago', async (t) => {
  const creations = new Creations(createArena({ poolBytes: 1, databases: 16, hashSecret: [1, 2] }));
  const random = new Random(5);
  const all: (readonly [hash: number, db: number])[] = [];
  for (let round = 0; round < 200; round++) {
    const since = creations.count(7);
    const from = all.length;
    for (let i = random.below(CREATIONS / 16); i > 0; i--) {
      const key = [random.below(2 ** 32) | 0, random.below(16)] as const;
      creations.note(7, ...key);
      creations.note(8, random.below(2 ** 32), 0);
      all.push(key);
    }
    for (const [hash, db] of all.slice(from)) {
      if (!creations.has(7, hash, db, since)) t.fail('one is forgotten');
      if (creations.has(7, hash, (db + 1) % 16, since)) t.fail('in another database');
    }
    const [hash, db] = all[from - 1] ?? [1, 1];
    if (creations.has(7, hash, db, since)) t.fail('one of before');
  }
  t.equal(creations.count(7), all.length);
  t.ok(creations.has(7, 12345, 3, 0), 'too long ago to be known');
  t.notOk(creations.has(7, 12345, 3, creations.count(7) - CREATIONS));
  t.equal(creations.count(9), 0);
});
