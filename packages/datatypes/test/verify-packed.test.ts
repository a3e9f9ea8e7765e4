// Hostile bytes: whatever `verifyPacked` lets pass can be read from either side and changed
// without leaving the value; what these classes make always passes.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  ElementBytes,
  FORM_HASH,
  FORM_INTSET,
  FORM_LIST,
  FORM_SET,
  FORM_SORTED_SET,
  Int64,
  listpackEntryBytes,
  MAX_PACKED_BYTES,
  PackedHash,
  PackedIntset,
  PackedList,
  PackedSet,
  PackedSortedSet,
  type PackedValue,
  packedForm,
  verifyPacked,
} from '../src/index.ts';
import { element, PackedArena, randomText } from './packed-arena.ts';

const hash = new PackedHash();
const list = new PackedList();
const set = new PackedSet();
const intset = new PackedIntset();
const sortedSet = new PackedSortedSet();

/** Adds one element to a sound value of any form. */
function add(random: Random, arena: PackedArena, form: number): void {
  const text = randomText(random);
  const one = element(text);
  if (form === FORM_HASH) {
    if (random.chance(0.1) && arena.length > 0 && !hash.isTimed) {
      arena.edit(hash, hash.planTimed(), () => hash.applyTimed());
    }
    arena.edit(hash, hash.planSet(hash.find(one), one, 3), () =>
      hash.applySet(one, element('abc')),
    );
  } else if (form === FORM_LIST) {
    const entry = listpackEntryBytes(one.bytes, one.offset, one.length);
    arena.edit(
      list,
      list.planPush(random.chance(0.5), 1, list.elementBytes(one.length), entry),
      () => {
        list.applyPush();
        list.writePushed(one);
      },
    );
  } else if (form === FORM_SET) {
    if (!set.find(one)) arena.edit(set, set.planAdd(one.length), () => set.applyAdd(one));
  } else if (form === FORM_INTSET) {
    const value = new Int64();
    value.setNumber(random.chance(0.9) ? random.below(100_000) - 50_000 : random.uint32() * 9999);
    if (!intset.find(value)) {
      arena.edit(intset, intset.planAdd(value), () => intset.applyAdd(value));
    }
  } else {
    const score = random.below(10) - 5;
    if (sortedSet.locate(one, score)) sortedSet.applyMove(one, score);
    else arena.edit(sortedSet, sortedSet.planInsert(one), () => sortedSet.applyInsert(one, score));
  }
}

function open(arena: PackedArena): PackedValue | PackedIntset {
  const { bytes, view, offset, length } = arena;
  const values = [null, hash, list, set, intset, sortedSet];
  return values[packedForm(bytes, offset)]!.open(bytes, view, offset, length);
}

function make(random: Random, form: number): PackedArena {
  const arena = new PackedArena(random);
  for (const value of [hash, list, set, intset, sortedSet]) value.openEmpty();
  for (let i = random.below(12); i >= 0; i--) add(random, arena, form);
  return arena;
}

/** True when a cursor sees the same records from both sides, all inside of the value. */
function isReadable(arena: PackedArena): boolean {
  const value = open(arena);
  if (value instanceof PackedIntset) {
    const one = new Int64();
    for (let i = 0; i < value.count; i++) {
      value.read(i, one);
      if (!value.find(one) || value.index !== i) return false;
    }
    return true;
  }
  const end = arena.offset + arena.length;
  const places: number[] = [];
  while (value.next()) {
    places.push(value.payloadAt, value.payloadBytes);
    if (value.payloadAt <= arena.offset || value.payloadAt + value.payloadBytes > end) return false;
  }
  for (let i = value.count - 1; i >= 0; i--) {
    if (!value.seek(i)) return false;
    if (places[2 * i] !== value.payloadAt || places[2 * i + 1] !== value.payloadBytes) return false;
    if (!isFoundHere(value, end)) return false;
  }
  return true;
}

/** True when looking for the element under the cursor leads back to it. */
function isFoundHere(value: PackedValue, end: number): boolean {
  const { index, bytes, view } = value;
  if (value instanceof PackedHash) {
    value.read();
    if (value.valueBytes < 0 || value.valueAt + value.valueBytes > end) return false;
    const field = new ElementBytes().set(bytes, view, value.fieldAt, value.fieldBytes);
    return value.find(field) && value.index === index;
  }
  if (value instanceof PackedSortedSet) {
    value.read();
    const member = new ElementBytes().set(bytes, view, value.memberAt, value.memberBytes);
    const { score } = value;
    return value.locate(member, score) && value.index === index && value.insertIndex >= index;
  }
  if (value instanceof PackedSet) {
    const member = new ElementBytes().set(bytes, view, value.payloadAt, value.payloadBytes);
    return value.find(member) && value.index === index;
  }
  return true;
}

function damage(random: Random, good: Buffer): Buffer {
  let bad: Buffer = Buffer.from(good);
  const action = random.below(10);
  if (action === 0) bad = bad.subarray(0, random.below(bad.length + 1));
  else if (action === 1) bad = Buffer.concat([bad, Buffer.alloc(1 + random.below(4))]);
  else if (action === 2) bad[0] = 1 + random.below(5);
  else if (action === 3) bad[1] = random.below(10);
  else if (action === 4) bad[2] = random.below(20);
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(bad.length);
    if (random.chance(0.5)) bad[at] = random.below(256);
    else if (bad.length > 0) bad[at] = (bad[at]! + random.below(5) - 2) & 255;
  }
  return bad;
}

test('what passes can be read and changed', async (t) => {
  const seed = 651;
  const random = new Random(seed);
  t.comment(`seed ${seed}`);
  const reasons = new Map<string, number>();
  let sound = 0;
  for (let round = 0; round < 600; round++) {
    const form = 1 + (round % 5);
    const arena = make(random, form);
    const good = arena.copy();
    if (verifyPacked(good, 0, good.length) !== null) return t.fail(`round ${round}: sound`);
    for (let i = 0; i < 100; i++) {
      arena.take(damage(random, good));
      const problem = verifyPacked(arena.bytes, arena.offset, arena.length);
      reasons.set(problem ?? 'sound', (reasons.get(problem ?? 'sound') ?? 0) + 1);
      if (problem !== null) continue;
      sound++;
      if (!isReadable(arena)) return t.fail(`seed ${seed}, round ${round}, damage ${i}`);
      open(arena);
      add(random, arena, packedForm(arena.bytes, arena.offset));
      const after = verifyPacked(arena.bytes, arena.offset, arena.length);
      if (after !== null) return t.fail(`changed: ${after}, round ${round}, damage ${i}`);
    }
  }
  t.comment(JSON.stringify(Object.fromEntries(reasons)));
  t.ok(sound > 3000, `${sound} damaged values were sound`);
  t.ok(reasons.size > 15, 'all kinds of damage were met');
});

test('random bytes', async (t) => {
  const seed = 652;
  const random = new Random(seed);
  const arena = new PackedArena(random);
  let sound = 0;
  for (let i = 0; i < 100_000; i++) {
    const bytes = Buffer.alloc(random.below(24));
    for (let j = 0; j < bytes.length; j++) bytes[j] = random.below(random.chance(0.9) ? 3 : 256);
    if (bytes.length > 3) {
      bytes[0] = 1 + random.below(5);
      bytes[1] = bytes[0] === FORM_INTSET ? 2 : 0;
      bytes[3] = 0;
    }
    arena.take(bytes);
    if (verifyPacked(arena.bytes, arena.offset, arena.length) !== null) continue;
    sound++;
    if (!isReadable(arena)) return t.fail(`seed ${seed}, ${bytes.toString('hex')}`);
  }
  t.ok(sound > 300, `${sound} sound`);
});

test('places that are none', async (t) => {
  const bytes = Buffer.from([FORM_SET, 0, 1, 0, 1, 65, 1]);
  t.equal(verifyPacked(bytes, 0, 7), null);
  t.equal(verifyPacked(bytes, 0, 8), 'outside');
  t.equal(verifyPacked(bytes, -1, 7), 'outside');
  t.equal(verifyPacked(bytes, 1, 7), 'outside');
  t.equal(verifyPacked(bytes, 0, -1), 'outside');
  t.equal(verifyPacked(bytes, 0, Number.NaN), 'outside');
  t.equal(verifyPacked(bytes, 0, 1.5), 'outside');
  t.equal(verifyPacked(bytes, 0, 3), 'too short');
  t.equal(verifyPacked(Buffer.alloc(40_000, 1), 0, MAX_PACKED_BYTES + 1), 'too long');
  t.equal(verifyPacked(Buffer.from([FORM_SET, 0, 0, 0]), 0, 4), 'empty');
  t.equal(verifyPacked(Buffer.from([FORM_SORTED_SET, 0, 1, 0, 1, 65, 1]), 0, 7), 'no score');
});
