// Large values under hashes that collide and sizes that do not fit: errors, never a hang. Nobody
// can make members collide who does not know the secret; here the hasher is made to.

import { KeyHasher, Random } from '@forgekv/base';
import { test } from 'tap';
import { LargeHash, LargeSet, LargeSortedSet, LargeValueError } from '../src/index.ts';
import { bytes, chiSquare, options, textOf } from './large-support.ts';

/** Only these bits of a hash differ between members. */
class NarrowHasher extends KeyHasher {
  readonly #mask: number;

  constructor(mask: number) {
    super(1, 2);
    this.#mask = mask;
  }

  override digest(from: Uint8Array, view: DataView, offset: number, length: number): number {
    return super.digest(from, view, offset, length) & this.#mask;
  }
}

function narrow(mask: number): { hasher: KeyHasher; random: Random } {
  return { hasher: new NarrowHasher(mask), random: new Random(3) };
}

test('a few hashes for many members', async (t) => {
  const seed = 1001;
  const random = new Random(seed);
  // 64 hashes, four of which share 24 bits; up to 16 members of each.
  const set = new LargeSet(narrow(0xf000_0003 | 0));
  const model = new Set<string>();
  for (let step = 0; step < 20_000; step++) {
    const text = `${random.below(1000)}`;
    const grows = step % 4000 < 2000;
    if (random.chance(grows ? 0.8 : 0.2)) {
      if (set.insert(bytes(text)) === model.has(text)) t.fail(`step ${step}, seed ${seed}`);
      model.add(text);
    } else if (set.delete(bytes(text)) !== model.delete(text)) {
      t.fail(`step ${step}, seed ${seed}`);
    }
  }
  const seen: string[] = [];
  let cursor = 0;
  do cursor = set.scan(cursor, 1, (member) => seen.push(textOf(member)));
  while (cursor !== 0);
  t.same(seen.sort(), [...model].sort());
});

test('one hash for all members is refused at some point, and nothing breaks', async (t) => {
  const set = new LargeSet(narrow(0));
  const sorted = new LargeSortedSet(narrow(0));
  const hash = new LargeHash(narrow(0));
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const name = bytes(`member${i}`);
    const changes = [
      () => set.insert(name),
      () => sorted.set(i, name),
      () => hash.set(name, 0, name.length, name, 0, name.length, 1000 + i),
    ];
    for (const change of changes) {
      try {
        change();
      } catch (error) {
        if (!(error instanceof LargeValueError) || error.code !== 'value-too-large') throw error;
        refused++;
      }
    }
  }
  t.equal(set.count, 255);
  t.equal(refused, 3 * 145);
  t.equal(sorted.count, 255);
  t.equal(hash.timedCount, 255);
  const seen: string[] = [];
  t.equal(set.scan(0, 1, (member) => seen.push(textOf(member))) >= 0, true);
  t.equal(seen.length, 255, 'all at once: a cursor cannot tell them apart');
  for (let i = 0; i < 255; i++) {
    const name = bytes(`member${i}`);
    if (!set.delete(name) || !sorted.delete(name) || !hash.delete(name)) t.fail(`${i}`);
  }
  t.equal(set.count + sorted.count + hash.count, 0);
  t.ok(set.insert(bytes('again')));
});

test('picks among very few members are fair', async (t) => {
  const set = new LargeSet(options(1002));
  t.notOk(set.pickMember());
  for (const text of ['a', 'b', 'c']) set.insert(bytes(text));
  const counts = new Map([
    ['a', 0],
    ['b', 0],
    ['c', 0],
  ]);
  for (let i = 0; i < 9000; i++) {
    set.pickMember();
    const text = textOf(set.member);
    counts.set(text, counts.get(text)! + 1);
  }
  // Two degrees of freedom: above 13.8 once in a thousand seeds.
  const distance = chiSquare(counts.values(), 3000);
  t.ok(distance < 13.8, `chi-square ${distance}`);
});

test('a pop of random members takes each once', async (t) => {
  const set = new LargeSet(options(1003));
  for (let i = 0; i < 5000; i++) set.insert(bytes(`${i}`));
  const seen = new Set<string>();
  while (set.pickMember()) {
    seen.add(textOf(set.member));
    if (!set.deleteNamed()) return t.fail('a member that was picked is there');
  }
  t.equal(seen.size, 5000);
});

test('lengths above 512 MB are refused before anything is read', async (t) => {
  const one = Buffer.alloc(1);
  const tooLong = 2 ** 29 + 1;
  const sorted = new LargeSortedSet(options(1004));
  const hash = new LargeHash(options(1004));
  t.throws(() => sorted.set(1, one, 0, tooLong), { code: 'element-too-long' });
  t.throws(() => hash.set(one, 0, tooLong, one, 0, 1), { code: 'element-too-long' });
  t.throws(() => hash.set(one, 0, 1, one, 0, tooLong), { code: 'element-too-long' });
  t.equal(sorted.count + hash.count, 0);
});
