// What a large value says changed, as a copy kept up to date from it shows.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { type ByteRange, DirtyElements, LargeHash, LargeSortedSet } from '../src/index.ts';
import { bytes, options, randomMember, textOf } from './large-support.ts';

test('a copy that is written element by element stays the same', async (t) => {
  const seed = 901;
  const random = new Random(seed);
  const hash = new LargeHash(options(seed));
  const dirty = new DirtyElements(options(seed), { maxElements: 500, maxBytes: 20_000 });
  hash.listener = dirty;
  const copy = new Map<string, string>();
  let overflows = 0;
  for (let flush = 0; flush < 200; flush++) {
    const changes = random.below(900);
    for (let i = 0; i < changes; i++) {
      const field = bytes(randomMember(random, 3000));
      const value = bytes(`${random.uint32()}`);
      const action = random.below(10);
      if (action < 6) hash.set(field, 0, field.length, value, 0, value.length, action * 1000);
      else if (action < 9) hash.delete(field);
      else hash.removeExpired(random.below(3000), 3);
    }
    if (dirty.all) {
      overflows++;
      t.equal(dirty.count, 0);
      copy.clear();
      hash.scan(0, 1e9, (field, value) => copy.set(textOf(field), textOf(value)));
    }
    const part = dirty.detach();
    const wanted = 1 + random.below(300);
    const write = (field: ByteRange, removed: boolean): void => {
      if (removed) {
        copy.delete(textOf(field));
        return;
      }
      hash.get(field.bytes, field.offset, field.length);
      copy.set(textOf(field), textOf(hash.value));
    };
    while (part.next(wanted, write));
    t.equal(copy.size, hash.count, `flush ${flush}`);
  }
  hash.scan(0, 1e9, (field, value) => {
    if (copy.get(textOf(field)) !== textOf(value)) t.fail(textOf(field));
  });
  t.ok(overflows > 10 && overflows < 190, `${overflows} overflows, seed ${seed}`);
});

test('bounds hold', async (t) => {
  const set = new LargeSortedSet(options(902));
  const dirty = new DirtyElements(options(902), { maxElements: 10, maxBytes: 100 });
  set.listener = dirty;
  for (let i = 0; i < 10; i++) set.set(i, bytes(`${i}`));
  for (let i = 0; i < 10; i++) set.set(i + 1, bytes(`${i}`));
  t.equal(dirty.count, 10);
  t.notOk(dirty.all);
  set.removeRanks(0, 3);
  const states: string[] = [];
  dirty
    .detach()
    .next(100, (member, removed) => states.push(`${removed ? '-' : '+'}${textOf(member)}`));
  t.same(states.sort(), ['+3', '+4', '+5', '+6', '+7', '+8', '+9', '-0', '-1', '-2']);
  set.set(1, bytes('a'.repeat(101)));
  t.ok(dirty.all, 'too many bytes');
  dirty.detach().next(1, () => t.fail('nothing is remembered'));
  t.notOk(dirty.all);
  for (let i = 0; i < 11; i++) set.set(i, bytes(`b${i}`));
  t.ok(dirty.all, 'too many members');
});
