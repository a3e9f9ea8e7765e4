// Packed sets and intsets against a Set, and integers as two halves against BigInt.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { Int64, PackedIntset, PackedSet, parseInt64, verifyPacked } from '../src/index.ts';
import { element, PackedArena, randomInteger, randomText } from './packed-arena.ts';

function members(set: PackedSet): string[] {
  const found: string[] = [];
  set.rewind();
  while (set.next()) {
    found.push(set.bytes.toString('latin1', set.payloadAt, set.payloadAt + set.payloadBytes));
  }
  return found;
}

function integer(text: string): Int64 {
  const value = new Int64();
  if (!value.parse(Buffer.from(text), 0, text.length)) throw new Error(`no integer: ${text}`);
  return value;
}

function integers(set: PackedIntset): string[] {
  const value = new Int64();
  const text = Buffer.alloc(20);
  return Array.from({ length: set.count }, (_, i) => {
    set.read(i, value);
    return text.toString('latin1', 0, value.write(text, 0));
  });
}

test('a set is the same as a Set', async (t) => {
  const seed = 631;
  const random = new Random(seed);
  t.comment(`seed ${seed}`);
  const set = new PackedSet();
  for (let round = 0; round < 200; round++) {
    const arena = new PackedArena(random);
    const model = new Set<string>();
    for (let step = 0; step < 300; step++) {
      if (arena.length === 0) set.openEmpty();
      else set.open(arena.bytes, arena.view, arena.offset, arena.length);
      const text = random.chance(0.5) ? randomText(random) : `${random.below(100)}`;
      const member = element(text);
      const isFound = set.find(member);
      if (isFound !== model.has(text)) return t.fail(`find, seed ${seed}, step ${step}`);
      if (isFound) {
        arena.edit(set, set.planRemove(), () => set.applyRemove());
        model.delete(text);
      } else if (random.chance(0.7) || model.size === 0) {
        const length = set.planAdd(member.length);
        const wanted = Math.max(4, arena.length) + set.memberBytes(member.length);
        if (length !== wanted) return t.fail('length');
        arena.edit(set, length, () => set.applyAdd(member));
        model.add(text);
      } else {
        const index = random.below(model.size);
        arena.edit(set, set.planRemoveRange(index, 1), () => set.applyRemoveRange(1));
        model.delete([...model][index]!);
      }
      if (set.count !== model.size) return t.fail('count');
      if (model.size === 0) arena.take(Buffer.alloc(0));
      else if (step % 10 === 0) {
        const problem = verifyPacked(arena.bytes, arena.offset, arena.length);
        if (problem !== null) return t.fail(problem);
        if (members(set).join() !== [...model].join()) return t.fail(`members, step ${step}`);
      }
    }
  }
});

test('an intset is the same as a sorted Set, in all widths', async (t) => {
  const seed = 632;
  const random = new Random(seed);
  t.comment(`seed ${seed}`);
  const set = new PackedIntset();
  let edits = 0;
  for (let round = 0; round < 300; round++) {
    const arena = new PackedArena(random);
    const model = new Set<bigint>();
    for (let step = 0; step < 300; step++) {
      if (arena.length === 0) set.openEmpty();
      else set.open(arena.bytes, arena.view, arena.offset, arena.length);
      const mostPower = 1 + Math.floor(step / 4.6);
      const power = random.below(Math.min(64, mostPower));
      let wanted = 2n ** BigInt(power) + BigInt(random.below(60)) - 30n;
      if (random.chance(0.5)) wanted = -wanted;
      wanted = BigInt.asIntN(64, wanted);
      const value = integer(`${wanted}`);
      const isFound = set.find(value);
      if (isFound !== model.has(wanted)) return t.fail(`find ${wanted}, step ${step}`);
      if (!isFound) {
        edits++;
        arena.edit(set, set.planAdd(value), () => set.applyAdd(value));
        model.add(wanted);
      } else if (random.chance(0.8)) {
        edits++;
        arena.edit(set, set.planRemove(set.index), () => set.applyRemove());
        model.delete(wanted);
      }
      if (model.size === 0) arena.take(Buffer.alloc(0));
      else if (step % 10 === 0 || step === 299) {
        const problem = verifyPacked(arena.bytes, arena.offset, arena.length);
        if (problem !== null) return t.fail(problem);
        const sorted = [...model].sort((a, b) => (a < b ? -1 : 1));
        if (integers(set).join() !== sorted.join()) return t.fail(`seed ${seed}, step ${step}`);
      }
    }
  }
  t.ok(edits >= 60_000, `${edits} edits`);
});

test('a width changes where 16 and 32 bits end', async (t) => {
  const widths: [string, number][] = [
    ['32767', 2],
    ['32768', 4],
    ['-32768', 2],
    ['-32769', 4],
    ['2147483647', 4],
    ['2147483648', 8],
    ['-2147483648', 4],
    ['-2147483649', 8],
    ['9223372036854775807', 8],
    ['-9223372036854775808', 8],
    ['0', 2],
    ['-1', 2],
    ['4294967295', 8],
  ];
  for (const [text, width] of widths) t.equal(integer(text).width, width, text);
});

test('an intset becomes a set with the same members', async (t) => {
  const random = new Random(633);
  const scratch = Buffer.alloc(32_764);
  const text = Buffer.alloc(20);
  for (let round = 0; round < 200; round++) {
    const arena = new PackedArena(random);
    const set = new PackedIntset().openEmpty();
    for (let i = random.below(100); i >= 0; i--) {
      const value = integer(`${BigInt.asIntN(60, BigInt(random.uint32()) ** 2n) >> BigInt(i)}`);
      if (!set.find(value)) arena.edit(set, set.planAdd(value), () => set.applyAdd(value));
    }
    const wanted = integers(set);
    const length = set.bytesAsSet(new Int64(), text);
    t.equal(set.longestText(new Int64(), text), Math.max(...wanted.map((one) => one.length)));
    set.writeAsSet(scratch, 0, new Int64(), text);
    t.equal(verifyPacked(scratch, 0, length), null);
    arena.take(scratch.subarray(0, length));
    const other = new PackedSet().open(arena.bytes, arena.view, arena.offset, length);
    t.same(members(other), wanted);
  }
});

test('integers as two halves', async (t) => {
  const seed = 634;
  const random = new Random(seed);
  const value = new Int64();
  const out = Buffer.alloc(20);
  let failures = 0;
  const digits = () => Array.from({ length: random.below(21) }, () => random.below(10)).join('');
  for (let i = 0; i < 100_000; i++) {
    const other = (random.chance(0.5) ? '-' : '') + digits();
    const text = random.chance(0.5) ? randomInteger(random) : other;
    const bytes = Buffer.from(text);
    const wanted = parseInt64(bytes, 0, bytes.length);
    if (value.parse(bytes, 0, bytes.length) !== (wanted !== null)) failures++;
    if (wanted === null) continue;
    if (BigInt(value.high) * 4294967296n + BigInt(value.low) !== wanted) failures++;
    if (out.toString('latin1', 0, value.write(out, 0)) !== text) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});
