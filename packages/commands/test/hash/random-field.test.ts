// HRANDFIELD picks fairly, one by one, with repetition and without, from packed and large hashes.
// And HSCAN: every field once, however the hash is stored.

import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';

const FIELDS = 12;
const PICKS = 6_000;
/** 6 standard deviations of a count around its mean: never exceeded by chance. */
const TOLERANCE = 6 * Math.sqrt((PICKS / FIELDS) * (1 - 1 / FIELDS));

function filled(hotValueMaxBytes: number, fields = FIELDS): TestDatabase {
  const db = createTestDatabase({ hotValueMaxBytes });
  for (let i = 0; i < fields; i++) db.run('hset', 'h', `f${i}`, `v${i}`);
  return db;
}

test('every field is as likely as the others', async (t) => {
  for (const hotValueMaxBytes of [16_384, 4]) {
    const draws: readonly (readonly [string, (db: TestDatabase) => string[], number])[] = [
      ['one by one', (db) => [String(db.run('hrandfield', 'h'))], 1],
      ['repeated', (db) => db.run('hrandfield', 'h', '-500') as string[], 500],
      ['distinct', (db) => db.run('hrandfield', 'h', '3') as string[], 3],
      ['most of them', (db) => db.run('hrandfield', 'h', '10') as string[], 10],
    ];
    for (const [name, draw, each] of draws) {
      const db = filled(hotValueMaxBytes);
      const counts = new Map<string, number>();
      const rounds = name === 'one by one' ? PICKS / 4 : PICKS / each;
      for (let i = 0; i < rounds; i++) {
        const picked = draw(db);
        if (picked.length !== each) t.fail(`${picked.length} picks`);
        for (const field of picked) counts.set(field, (counts.get(field) ?? 0) + 1);
      }
      const mean = (rounds * each) / FIELDS;
      t.equal(counts.size, FIELDS);
      const worst = Math.max(...[...counts.values()].map((count) => Math.abs(count - mean)));
      t.ok(worst < TOLERANCE, `${name}: at most ${worst.toFixed()} off ${mean}`);
    }
  }
});

test('picks without repetition are distinct and come with their values', async (t) => {
  for (const hotValueMaxBytes of [16_384, 4]) {
    const db = filled(hotValueMaxBytes, 100);
    for (const count of [1, 2, 30, 50, 99, 100, 200]) {
      const picked = db.run('hrandfield', 'h', String(count), 'withvalues') as string[];
      const fields = picked.filter((_, i) => i % 2 === 0);
      t.equal(new Set(fields).size, Math.min(count, 100));
      t.ok(fields.every((field, i) => picked[2 * i + 1] === field.replace('f', 'v')));
    }
    const repeated = db.run('hrandfield', 'h', '-300', 'withvalues') as string[];
    t.equal(repeated.length, 600);
    t.ok(repeated.every((text, i) => i % 2 === 0 || text === repeated[i - 1]!.replace('f', 'v')));
    db.audit();
  }
});

test('HSCAN returns every field once', async (t) => {
  for (const [hotValueMaxBytes, fields] of [
    [16_384, 500],
    [16_384, 3000],
    [4, 7],
  ]) {
    const db = filled(hotValueMaxBytes!, fields);
    const seen: string[] = [];
    let cursor = '0';
    let pages = 0;
    do {
      const [next, page] = db.run('hscan', 'h', cursor, 'count', '50') as [string, string[]];
      seen.push(...page.filter((_, i) => i % 2 === 0));
      if (!page.every((text, i) => i % 2 === 0 || text === page[i - 1]!.replace('f', 'v'))) {
        t.fail('a value of another field');
      }
      cursor = next;
      pages++;
    } while (cursor !== '0');
    t.equal(seen.length, fields);
    t.equal(new Set(seen).size, fields);
    t.equal(pages === 1, fields === 500 || fields === 7, `${pages} pages`);
    const [, matched] = db.run('hscan', 'h', '0', 'match', 'f1', 'count', '100000') as [string, []];
    t.same(matched, ['f1', 'v1']);
    for (const odd of ['18446744073709551615', '4294967296', '-1', '12345']) {
      t.ok(Array.isArray(db.run('hscan', 'h', odd)), odd);
    }
    db.audit();
  }
});
