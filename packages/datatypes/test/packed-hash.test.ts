// Packed hashes against a Map, with and without expiries, while the value moves about.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { ElementBytes, PackedHash, verifyPacked } from '../src/index.ts';
import { element, PackedArena, randomText } from './packed-arena.ts';

interface Known {
  value: string;
  expireAtMs: number;
}

/** Everything a hash says when it is read from the first pair to the last. */
function contents(hash: PackedHash): [string, Known][] {
  const pairs: [string, Known][] = [];
  hash.rewind();
  while (hash.next()) {
    hash.read();
    const { bytes, fieldAt, fieldBytes, valueAt, valueBytes, expireAtMs } = hash;
    const field = bytes.toString('latin1', fieldAt, fieldAt + fieldBytes);
    const value = bytes.toString('latin1', valueAt, valueAt + valueBytes);
    pairs.push([field, { value, expireAtMs }]);
  }
  return pairs;
}

function set(arena: PackedArena, hash: PackedHash, name: string, text: string, atMs = 0): void {
  const field = element(name);
  const value = element(text);
  const length = hash.planSet(hash.find(field), field, value.length);
  arena.edit(hash, length, () => hash.applySet(field, value, atMs));
}

function setTimed(arena: PackedArena, hash: PackedHash): void {
  arena.edit(hash, hash.planTimed(), () => hash.applyTimed());
}

test('the same as a Map', async (t) => {
  const seed = 611;
  const random = new Random(seed);
  t.comment(`seed ${seed}`);
  const hash = new PackedHash();
  let edits = 0;
  for (let round = 0; round < 300; round++) {
    const arena = new PackedArena(random);
    const model = new Map<string, Known>();
    const timedFrom = random.chance(0.5) ? random.below(150) : 1000;
    for (let step = 0; step < 200; step++, edits++) {
      if (arena.length === 0) hash.openEmpty();
      else hash.open(arena.bytes, arena.view, arena.offset, arena.length);
      const name = random.chance(0.5) ? randomText(random) : `f${random.below(40)}`;
      if (hash.find(element(name)) !== model.has(name)) return t.fail(`find, step ${step}`);
      const action = random.below(100);
      if (arena.length > 0 && step >= timedFrom && !hash.isTimed) setTimed(arena, hash);
      if (action < 60 || model.size === 0) {
        const text = randomText(random);
        const expireAtMs = hash.isTimed && random.chance(0.4) ? 1 + random.below(1e9) : 0;
        set(arena, hash, name, text, expireAtMs);
        model.set(name, { value: text, expireAtMs });
      } else if (action < 80 && hash.find(element(name))) {
        arena.edit(hash, hash.planRemove(), () => hash.applyRemove());
        model.delete(name);
      } else if (action < 90 && hash.isTimed && hash.find(element(name))) {
        hash.setExpiry(step + 1);
        model.get(name)!.expireAtMs = step + 1;
      } else {
        const index = random.below(model.size);
        const count = 1 + random.below(Math.min(4, model.size - index));
        const length = hash.planRemoveRange(index, count);
        arena.edit(hash, length, () => hash.applyRemoveRange(count));
        for (const key of [...model.keys()].slice(index, index + count)) model.delete(key);
      }
      if (hash.count !== model.size) return t.fail(`count, seed ${seed}, step ${step}`);
      if (model.size === 0) {
        arena.take(Buffer.alloc(0));
        continue;
      }
      if (step % 10 === 0 || step === 199) {
        const problem = verifyPacked(arena.bytes, arena.offset, arena.length);
        if (problem !== null) return t.fail(problem);
        const same = JSON.stringify(contents(hash)) === JSON.stringify([...model]);
        if (!same) return t.fail(`contents, seed ${seed}, round ${round}, step ${step}`);
        const times = [...model.values()].map((known) => known.expireAtMs).filter((ms) => ms > 0);
        const earliest = times.length === 0 ? 0 : Math.min(...times);
        if (hash.earliestExpiry() !== earliest) return t.fail('earliest expiry');
      }
    }
  }
  t.ok(edits >= 60_000, `${edits} edits`);
});

test('lengths around the border of one and two bytes', async (t) => {
  const random = new Random(612);
  for (const fieldBytes of [0, 1, 3, 4, 5, 127, 128, 129, 255, 256, 300]) {
    for (const valueBytes of [0, 1, 116, 117, 118, 119, 125, 126, 127, 128, 5000]) {
      const arena = new PackedArena(random);
      const hash = new PackedHash().openEmpty();
      const field = 'f'.repeat(fieldBytes);
      const most = hash.pairBytes(fieldBytes, valueBytes);
      set(arena, hash, field, 'v'.repeat(valueBytes));
      t.equal(arena.length, 4 + most, 'as long as announced');
      set(arena, hash, `${field}x`, 'other');
      setTimed(arena, hash);
      t.equal(verifyPacked(arena.bytes, arena.offset, arena.length), null);
      t.equal(hash.find(element(field)), true);
      t.equal(hash.valueBytes, valueBytes);
      t.equal(hash.find(element(`${field}y`)), false);
      t.equal(hash.find(element(`${field}x`)), true);
    }
  }
});

test('removing while going through all pairs', async (t) => {
  const arena = new PackedArena(new Random(613));
  const hash = new PackedHash().openEmpty();
  for (let i = 0; i < 50; i++) set(arena, hash, `f${i}`, `${i}`);
  hash.rewind();
  let seen = 0;
  while (hash.next()) {
    hash.read();
    const number = Number(
      hash.bytes.toString('latin1', hash.valueAt, hash.valueAt + hash.valueBytes),
    );
    t.equal(number, seen++);
    if (number % 2 === 1) arena.edit(hash, hash.planRemove(), () => hash.applyRemove());
  }
  t.equal(seen, 50, 'every pair was seen once');
  t.same(
    contents(hash).map(([field]) => field),
    Array.from({ length: 25 }, (_, i) => `f${2 * i}`),
  );
  t.equal(verifyPacked(arena.bytes, arena.offset, arena.length), null);
});

test('bytes are compared and ordered as memcmp does', async (t) => {
  const random = new Random(614);
  let failures = 0;
  for (let i = 0; i < 20_000; i++) {
    const a = Buffer.from(randomText(random, 2), 'latin1');
    const b = random.chance(0.3) ? Buffer.from(a) : Buffer.from(randomText(random, 2), 'latin1');
    const view = new DataView(a.buffer, a.byteOffset, a.length);
    const given = new ElementBytes().setBuffer(b);
    if (Math.sign(given.compareTo(view, 0, a.length)) !== Buffer.compare(a, b)) failures++;
    if (a.length === b.length && given.equals(a, view, 0) !== a.equals(b)) failures++;
  }
  t.equal(failures, 0);
});
