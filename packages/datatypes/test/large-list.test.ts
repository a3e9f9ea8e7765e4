// Large lists against a plain array: ends, middle edits, searches, chunks in order.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  EMPTY_LISTPACK_BYTES,
  LargeList,
  LargeValueError,
  listpackEntryBytes,
} from '../src/index.ts';
import { bytes, textOf } from './large-support.ts';

function listOf(list: LargeList, first = 0, count = 1e9, downwards = false): string[] {
  const texts: string[] = [];
  list.walk(first, count, downwards, (element) => texts.push(textOf(element)));
  return texts;
}

function randomElement(random: Random): string {
  const letter = String.fromCharCode(97 + random.below(4));
  if (random.chance(0.01)) return letter.repeat(random.below(12_000));
  if (random.chance(0.3)) return letter.repeat(random.below(200));
  return letter.repeat(random.below(4));
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

/** One random edit on both; returns false when they answered differently. */
function edit(list: LargeList, model: string[], random: Random, grows: boolean): boolean {
  const action = random.below(100);
  const text = randomElement(random);
  const index = random.below(model.length + 1);
  if (action < (grows ? 25 : 8)) {
    list.pushFirst(bytes(text));
    model.unshift(text);
  } else if (action < (grows ? 50 : 16)) {
    list.pushLast(bytes(text));
    model.push(text);
  } else if (action < 58) {
    const known = index < model.length;
    if (list.set(index, bytes(text)) !== known) return false;
    if (known) model[index] = text;
  } else if (action < (grows ? 78 : 64)) {
    if (!list.insert(index, bytes(text))) return false;
    model.splice(index, 0, text);
  } else if (action < 97) {
    const count = action < 94 ? 1 : random.below(20);
    const at = action < 70 ? 0 : action < 80 ? Math.max(0, model.length - count) : index;
    const gone = at < model.length ? model.splice(at, count) : [];
    if (list.removeRange(at, count) !== gone.length) return false;
  } else if (action < 99) {
    const found = list.get(index);
    if (found !== index < model.length) return false;
    if (found && textOf(list.element) !== model[index]) return false;
  } else if (random.chance(0.2)) {
    const wanted = random.below(9) - 4;
    return list.removeEqual(bytes(text), wanted) === removeEqual(model, text, wanted);
  }
  return true;
}

function removeEqual(model: string[], text: string, wanted: number): number {
  const most = wanted === 0 ? model.length : Math.abs(wanted);
  const matches = model.flatMap((element, index) => (element === text ? [index] : []));
  const gone = new Set(wanted < 0 ? matches.slice(-most) : matches.slice(0, most));
  const kept = model.filter((_, index) => !gone.has(index));
  model.splice(0, model.length);
  for (const element of kept) model.push(element);
  return gone.size;
}

/** Compares the listpack bytes, some limit given, with those of the model. */
function isCounted(list: LargeList, model: string[], random: Random): boolean {
  const counted = model
    .map((text) => listpackEntryBytes(bytes(text), 0, text.length))
    .reduce((sum, one) => sum + one, EMPTY_LISTPACK_BYTES);
  const most = random.below(2 * counted + 2);
  return list.listpackBytes(most) === (counted <= most ? counted : Infinity);
}

test('the same as an array', async (t) => {
  const seed = 801;
  const random = new Random(seed);
  const list = new LargeList();
  const model: string[] = [];
  for (let step = 0; step < 80_000; step++) {
    const grows = Math.floor(step / 10_000) % 2 === 0;
    if (!edit(list, model, random, grows)) return t.fail(`step ${step}, seed ${seed}`);
    if (list.count !== model.length) return t.fail(`step ${step}: count, seed ${seed}`);
    if (step % 97 === 0 && !isCounted(list, model, random)) {
      return t.fail(`step ${step}: listpack bytes, seed ${seed}`);
    }
    if (step % 997 !== 0) continue;
    if (!same(listOf(list), model)) return t.fail(`step ${step}: elements, seed ${seed}`);
    const first = random.below(model.length + 1);
    const count = random.below(500);
    const up = model.slice(first, first + count);
    if (!same(listOf(list, first, count), up)) return t.fail(`step ${step}: range, seed ${seed}`);
    const down = model.slice(Math.max(0, first - count + 1), first + 1).reverse();
    const walked = listOf(list, first, count, true);
    if (first < model.length && !same(walked, count === 0 ? [] : down)) {
      return t.fail(`step ${step}: range down, seed ${seed}`);
    }
  }
  t.pass(`seed ${seed}`);
});

test('a queue that is always short keeps few bytes', async (t) => {
  for (const leftwards of [true, false]) {
    const list = new LargeList();
    for (let i = 0; i < 100_000; i++) {
      if (leftwards) list.pushFirst(bytes(`job:${i}`));
      else list.pushLast(bytes(`job:${i}`));
      if (i < 300) continue;
      const at = leftwards ? list.count - 1 : 0;
      list.get(at);
      if (textOf(list.element) !== `job:${i - 300}`) return t.fail(`${i}`);
      list.removeRange(at, 1);
    }
    t.equal(list.count, 300);
    t.ok(list.memoryBytes < 30_000, `${list.memoryBytes} bytes`);
    list.removeRange(0, 300);
    t.ok(list.memoryBytes < 200, `${list.memoryBytes} bytes when empty`);
  }
});

test('positions as LPOS counts them', async (t) => {
  const list = new LargeList();
  const model: string[] = [];
  for (let i = 0; i < 3000; i++) {
    const text = i % 7 === 0 ? 'x' : `${i}`;
    list.pushLast(bytes(text));
    model.push(text);
  }
  const positions = (rank: number, wanted: number, maxLength: number): number[] => {
    const found: number[] = [];
    list.positions(bytes('x'), rank, wanted, maxLength, (index) => found.push(index));
    return found;
  };
  const all = model.flatMap((text, index) => (text === 'x' ? [index] : []));
  t.same(positions(1, 0, 0), all);
  t.same(positions(-1, 0, 0), [...all].reverse());
  t.same(positions(3, 2, 0), all.slice(2, 4));
  t.same(positions(-2, 3, 0), [...all].reverse().slice(1, 4));
  t.same(positions(1, 0, 15), [0, 7, 14]);
  t.same(positions(2, 5, 8), [7]);
  t.same(
    positions(-1, 0, 3),
    [2996 - (2996 % 7)].filter((index) => index >= 2997),
  );
  t.same(positions(9999, 0, 0), []);
  t.equal(list.indexOf(bytes('2999')), 2999);
  t.equal(list.indexOf(bytes('none')), -1);
});

test('trim', async (t) => {
  const make = (): LargeList => {
    const list = new LargeList();
    for (let i = 0; i < 2000; i++) list.pushLast(bytes(`${i}`));
    return list;
  };
  for (const [first, count] of [
    [0, 2000],
    [0, 1],
    [1999, 1],
    [500, 1000],
    [1990, 100],
    [2000, 5],
    [7, 0],
  ] as const) {
    const list = make();
    list.trim(first, count);
    const expected = Array.from({ length: 2000 }, (_, i) => `${i}`).slice(first, first + count);
    t.ok(same(listOf(list), expected), `${first} ${count}`);
  }
});

test('chunks stay in order and tell what changed', async (t) => {
  const seed = 802;
  const random = new Random(seed);
  const list = new LargeList();
  const store = new Map<number, string[]>();
  const dirty = new Set<number>();
  let renumbered = 0;
  list.listener = {
    changed: (position) => dirty.add(position),
    removed: (position) => dirty.add(position),
    renumbered: () => {
      renumbered++;
      store.clear();
      for (let i = 0; i < list.chunkCount; i++) dirty.add(list.chunkPosition(i));
    },
  };
  const flush = (): void => {
    for (const position of dirty) {
      const elements: string[] = [];
      const known = list.readChunk(position, (element) => elements.push(textOf(element)));
      if (known) store.set(position, elements);
      else store.delete(position);
    }
    dirty.clear();
  };
  const model: string[] = [];
  for (let step = 0; step < 30_000; step++) {
    // Many inserts in one place, so that positions between neighbours run out.
    if (step % 10_000 < 3000 && model.length > 2) {
      const text = 'in the middle'.repeat(20);
      list.insert(2, bytes(text));
      model.splice(2, 0, text);
    } else if (!edit(list, model, random, step < 25_000)) {
      return t.fail(`step ${step}, seed ${seed}`);
    }
    if (step % 500 !== 0) continue;
    flush();
    const stored = [...store].sort(([a], [b]) => a - b).flatMap(([, elements]) => elements);
    if (!same(stored, model)) return t.fail(`step ${step}: stored, seed ${seed}`);
  }
  t.ok(renumbered > 0, `renumbered ${renumbered} times`);
});

test('long elements and refusals', async (t) => {
  const list = new LargeList();
  const from = Buffer.alloc(100_000, 5);
  const lengths = [0, 1, 4095, 4096, 4097, 8192, 8193, 90_000, 0, 4096, 4096];
  for (const length of lengths) list.pushLast(from, 3, length);
  for (const [index, length] of lengths.entries()) {
    t.ok(list.get(index));
    t.equal(list.element.length, length);
  }
  t.ok(list.set(7, from, 0, 2));
  t.ok(list.set(0, from, 0, 50_000));
  t.ok(list.get(7) && list.element.length === 2);
  t.throws(() => list.pushFirst(from, 0, 2 ** 29 + 1), LargeValueError);
  t.throws(() => list.insert(3, from, 0, 2 ** 29 + 1), LargeValueError);
  t.equal(list.count, lengths.length);
  t.notOk(list.get(-1));
  t.notOk(list.get(11));
  t.notOk(list.insert(12, from, 0, 1));
  t.equal(list.removeRange(11, 1), 0);
  t.equal(list.removeRange(0, 1e9), 11);
  t.equal(list.chunkCount, 0);
});

test('elements of the list itself can be pushed, inserted and set', async (t) => {
  const seed = 803;
  const random = new Random(seed);
  const list = new LargeList();
  const model: string[] = [];
  for (let i = 0; i < 1000; i++) {
    const text = `${i}`.repeat(random.below(9));
    list.pushLast(bytes(text));
    model.push(text);
  }
  for (let step = 0; step < 5000; step++) {
    const from = random.below(model.length);
    const to = random.below(model.length);
    list.get(from);
    const { bytes: own, offset, length } = list.element;
    const action = step % 4;
    const text = model[from]!;
    if (action === 0) list.pushFirst(own, offset, length);
    else if (action === 1) list.pushLast(own, offset, length);
    else if (action === 2) list.insert(to, own, offset, length);
    else list.set(to, own, offset, length);
    if (action === 0) model.unshift(text);
    else if (action === 1) model.push(text);
    else model.splice(to, action === 2 ? 0 : 1, text);
    if (step % 2 === 0) {
      list.removeRange(to, 1);
      model.splice(to, 1);
    }
  }
  t.ok(same(listOf(list), model), `seed ${seed}`);
});
