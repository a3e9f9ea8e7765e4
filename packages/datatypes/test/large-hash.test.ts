// Large hashes against a plain map, with values that grow and shrink and times that come.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { KEEP_TIME, LargeHash, LargeValueError } from '../src/index.ts';
import { bytes, chiSquare, options, randomMember, textOf } from './large-support.ts';

interface Known {
  readonly value: string;
  readonly expireAtMs: number;
}

function put(hash: LargeHash, field: string, value: string, expireAtMs = 0): boolean {
  const name = bytes(field);
  const content = bytes(value);
  return hash.set(name, 0, name.length, content, 0, content.length, expireAtMs);
}

function contentsOf(hash: LargeHash): Map<string, Known> {
  const contents = new Map<string, Known>();
  let cursor = 0;
  do {
    cursor = hash.scan(cursor, 64, (field, value, expireAtMs) => {
      contents.set(textOf(field), { value: textOf(value), expireAtMs });
    });
  } while (cursor !== 0);
  return contents;
}

function randomValue(random: Random): string {
  const length = random.chance(0.002) ? random.below(60_000) : random.below(80);
  return String.fromCharCode(97 + random.below(26)).repeat(length);
}

function sorted(contents: Map<string, Known>): [string, Known][] {
  return [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
}

test('the same as a plain map', async (t) => {
  const seed = 601;
  const random = new Random(seed);
  const hash = new LargeHash(options(seed));
  const model = new Map<string, Known>();
  let failures = 0;
  let nowMs = 1000;
  for (let step = 0; step < 100_000; step++) {
    const field = randomMember(random, step % 40_000 < 20_000 ? 6000 : 600);
    const known = model.get(field);
    const action = random.below(100);
    nowMs += random.below(2);
    if (action < 45) {
      const value = randomValue(random);
      const time = random.chance(0.2) ? nowMs + random.below(20_000) : 0;
      const chosen = time === 0 && random.chance(0.5) ? KEEP_TIME : time;
      if (put(hash, field, value, chosen) !== (known === undefined)) failures++;
      const expireAtMs = chosen === KEEP_TIME ? (known?.expireAtMs ?? 0) : chosen;
      model.set(field, { value, expireAtMs });
    } else if (action < 65) {
      if (hash.delete(bytes(field)) !== model.delete(field)) failures++;
    } else if (action < 75) {
      const expireAtMs = random.chance(0.3) ? 0 : nowMs + random.below(20_000);
      const done = hash.setExpireAtMs(expireAtMs, bytes(field));
      if (done !== (known !== undefined)) failures++;
      if (known !== undefined) model.set(field, { value: known.value, expireAtMs });
    } else if (action < 98) {
      const found = hash.get(bytes(field));
      if (found !== (known !== undefined)) failures++;
      else if (found && textOf(hash.value) !== known!.value) failures++;
      else if (found && hash.expireAtMs !== known!.expireAtMs) failures++;
    } else {
      const due = [...model].filter(([, { expireAtMs }]) => expireAtMs > 0 && expireAtMs <= nowMs);
      const removed: string[] = [];
      const count = hash.removeExpired(nowMs, 1e9, (name) => removed.push(textOf(name)));
      if (count !== due.length) failures++;
      t.same(removed.sort(), due.map(([name]) => name).sort(), { diagnostic: false });
      for (const [name] of due) model.delete(name);
    }
    if (step % 10_000 === 0) t.same(sorted(contentsOf(hash)), sorted(model), `step ${step}`);
  }
  t.equal(failures, 0, `seed ${seed}`);
  t.same(sorted(contentsOf(hash)), sorted(model));
  t.equal(hash.timedCount, [...model.values()].filter((known) => known.expireAtMs > 0).length);
});

test('the next field to expire', async (t) => {
  const hash = new LargeHash(options(602));
  t.equal(hash.nextExpireAtMs, 0);
  for (let i = 0; i < 1000; i++) put(hash, `${i}`, 'value', i % 2 === 0 ? 5000 - i : 0);
  t.equal(hash.nextExpireAtMs, 4002);
  t.equal(hash.removeExpired(4001, 10), 0);
  t.equal(hash.removeExpired(4100, 10), 10, 'not more than wanted');
  t.equal(hash.nextExpireAtMs, 4022);
  t.ok(hash.setExpireAtMs(0, bytes('978')));
  t.equal(hash.nextExpireAtMs, 4024);
  t.ok(hash.get(bytes('978')) && textOf(hash.value) === 'value' && hash.expireAtMs === 0);
  t.equal(hash.removeExpired(1e9, 1e9), 489);
  t.equal(hash.count, 501);
  t.equal(hash.nextExpireAtMs, 0);
});

test('a value of every size keeps its field', async (t) => {
  const hash = new LargeHash(options(603));
  for (let i = 0; i < 50; i++) put(hash, `neighbour${i}`, `${i}`);
  for (const size of [0, 1, 100, 16_000, 16_383, 20_000, 20_000, 70_000, 16_000, 3, 0]) {
    put(hash, 'field', 'v'.repeat(size), size % 2 === 0 ? KEEP_TIME : 77);
    t.ok(hash.get(bytes('field')));
    t.equal(hash.value.length, size);
    t.ok(textOf(hash.value) === 'v'.repeat(size));
  }
  t.equal(hash.expireAtMs, 77, 'kept through all sizes');
  for (let i = 0; i < 50; i++) t.ok(hash.get(bytes(`neighbour${i}`)));
  const large = Buffer.alloc(1);
  t.throws(() => hash.set(large, 0, 1, large, 0, 2 ** 29 + 1), LargeValueError);
  t.equal(hash.count, 51);
});

test('picks are fair and bring the value', async (t) => {
  const hash = new LargeHash(options(604));
  for (let i = 0; i < 300; i++) put(hash, `${i}`, `v${i}`);
  const counts = new Array<number>(300).fill(0);
  let failures = 0;
  for (let i = 0; i < 60_000; i++) {
    hash.pick();
    if (textOf(hash.value) !== `v${textOf(hash.member)}`) failures++;
    counts[Number(textOf(hash.member))]!++;
  }
  t.equal(failures, 0);
  const distance = chiSquare(counts, 200);
  t.ok(distance > 200 && distance < 400, `chi-square ${distance}`);
  let sampled = 0;
  hash.sample(40, (field, value) => {
    if (textOf(value) === `v${textOf(field)}`) sampled++;
  });
  t.equal(sampled, 40);
});

test('a young heap that moves does not take values along', async (t) => {
  // Each step makes the record of one field longer, while the segment it is in is replaced.
  const hash = new LargeHash(options(605));
  for (let size = 1; size < 3000; size += 7) {
    put(hash, 'a', 'a'.repeat(size));
    put(hash, 'b', 'b'.repeat(3000 - size));
    hash.setExpireAtMs(size % 3, bytes('a'));
    if (!hash.get(bytes('a')) || textOf(hash.value) !== 'a'.repeat(size)) t.fail(`a ${size}`);
    if (!hash.get(bytes('b')) || textOf(hash.value) !== 'b'.repeat(3000 - size))
      t.fail(`b ${size}`);
  }
  t.equal(hash.count, 2);
});
