// Packed lists against an array; the bytes a listpack would take; what a queue costs.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { listpackEntryBytes, PackedList, verifyPacked } from '../src/index.ts';
import { element, PackedArena, randomInteger, randomText } from './packed-arena.ts';

function push(arena: PackedArena, list: PackedList, isLeft: boolean, texts: string[]): void {
  const elements = texts.map(element);
  let bytes = 0;
  let listpackBytes = 0;
  for (const one of elements) {
    bytes += list.elementBytes(one.length);
    listpackBytes += listpackEntryBytes(one.bytes, one.offset, one.length);
  }
  arena.edit(list, list.planPush(isLeft, elements.length, bytes, listpackBytes), () => {
    list.applyPush();
    for (const one of elements) list.writePushed(one);
  });
}

function textHere(list: PackedList): string {
  return list.bytes.toString('latin1', list.payloadAt, list.payloadAt + list.payloadBytes);
}

function contents(list: PackedList): string[] {
  const found: string[] = [];
  list.rewind();
  while (list.next()) found.push(textHere(list));
  return found;
}

function contentsBackward(list: PackedList): string[] {
  const found: string[] = [];
  list.toEnd();
  while (list.previous()) found.push(textHere(list));
  return found.reverse();
}

function removeRange(arena: PackedArena, list: PackedList, index: number, count: number): void {
  const length = list.planRemoveRange(index, count);
  arena.edit(list, length, () => list.applyRemoveRange(count));
}

/** Does something random to both; `model` never ends above 400 elements. */
function change(random: Random, arena: PackedArena, list: PackedList, model: string[]): void {
  const action = model.length > 380 ? 60 : random.below(100);
  const text = random.chance(0.3) ? randomInteger(random) : randomText(random);
  const index = random.below(Math.max(1, model.length));
  if (action < 40 || model.length === 0) {
    const texts = Array.from({ length: 1 + random.below(4) }, () => randomText(random));
    texts.push(text);
    const isLeft = random.chance(0.5);
    push(arena, list, isLeft, texts);
    if (isLeft) model.unshift(...texts.reverse());
    else model.push(...texts);
  } else if (action < 60) {
    const count = 1 + random.below(Math.min(6, model.length));
    const isLeft = random.chance(0.5);
    removeRange(arena, list, isLeft ? 0 : model.length - count, count);
    model.splice(isLeft ? 0 : model.length - count, count);
  } else if (action < 70) {
    const count = 1 + random.below(Math.min(8, model.length - index));
    removeRange(arena, list, index, count);
    model.splice(index, count);
  } else if (action < 80) {
    const one = element(text);
    list.seek(index);
    arena.edit(list, list.planSet(one), () => list.applyElement(one));
    model[index] = text;
  } else if (action < 90) {
    const one = element(text);
    const isBefore = random.chance(0.5);
    list.seek(index);
    arena.edit(list, list.planInsert(isBefore, one), () => list.applyElement(one));
    model.splice(isBefore ? index : index + 1, 0, text);
  } else if (action < 95) {
    const wanted = model[index]!;
    list.rewind();
    while (list.next()) {
      if (textHere(list) !== wanted) continue;
      arena.edit(list, list.planRemove(), () => list.applyRemove());
    }
    model.splice(0, model.length, ...model.filter((other) => other !== wanted));
  } else if (action === 99 && model.length > 0) {
    const slack = list.slackBytes;
    arena.edit(list, list.length - slack, () => list.dropSlack());
  } else if (model.length > 20) {
    const count = model.length - index - random.below(model.length - index);
    const length = list.trim(index, count);
    arena.edit(list, length, () => {});
    model.splice(0, model.length, ...model.slice(index, index + count));
  }
}

test('the same as an array', async (t) => {
  const seed = 621;
  const random = new Random(seed);
  t.comment(`seed ${seed}`);
  const list = new PackedList();
  let edits = 0;
  for (let round = 0; round < 200; round++) {
    const arena = new PackedArena(random);
    const model: string[] = [];
    for (let step = 0; step < 300; step++, edits++) {
      if (arena.length === 0) list.openEmpty();
      else list.open(arena.bytes, arena.view, arena.offset, arena.length);
      change(random, arena, list, model);
      if (list.count !== model.length) return t.fail(`count, seed ${seed}, step ${step}`);
      if (model.length === 0) {
        arena.take(Buffer.alloc(0));
        continue;
      }
      const index = random.below(model.length);
      if (!list.seek(index) || textHere(list) !== model[index]) return t.fail(`seek ${index}`);
      if (list.seek(-1) || list.seek(model.length)) return t.fail('seek outside');
      if (step % 10 !== 0) continue;
      const problem = verifyPacked(arena.bytes, arena.offset, arena.length);
      if (problem !== null) return t.fail(problem);
      const wanted = JSON.stringify(model);
      const isSame = JSON.stringify(contents(list)) === wanted;
      if (!isSame || JSON.stringify(contentsBackward(list)) !== wanted) {
        return t.fail(`contents, seed ${seed}, round ${round}, step ${step}`);
      }
    }
  }
  t.ok(edits >= 60_000, `${edits} edits`);
});

test('a queue in either direction moves few bytes and stays small', async (t) => {
  for (const isLeft of [true, false]) {
    const arena = new PackedArena(new Random(622));
    const list = new PackedList().openEmpty();
    const text = 'x'.repeat(62);
    push(
      arena,
      list,
      isLeft,
      Array.from({ length: 100 }, () => text),
    );
    const offsets = new Set<number>();
    let moves = 0;
    for (let i = 0; i < 1000; i++) {
      list.seek(50);
      const before = list.payloadAt - arena.offset;
      push(arena, list, isLeft, [text]);
      removeRange(arena, list, isLeft ? list.count - 1 : 0, 1);
      // The bytes of an element in the middle stay where they are unless everything moves.
      list.seek(isLeft ? 51 : 49);
      if (list.payloadAt - arena.offset !== before) moves++;
      offsets.add(arena.length);
    }
    t.ok(moves <= 70, `${moves} moves of the whole list for 1000 elements`);
    t.ok(Math.max(...offsets) < 2 * 64 * 101 + 100, 'never twice its size');
    t.equal(list.count, 100);
  }
});

test('slack never exceeds what the caller allows', async (t) => {
  const arena = new PackedArena(new Random(623));
  const list = new PackedList().openEmpty();
  push(arena, list, false, ['a'.repeat(500), 'b']);
  const needed = list.elementBytes(10);
  t.equal(list.planPush(true, 1, needed, 0, arena.length + needed), arena.length + needed);
  t.equal(list.planPush(true, 1, needed, 0, arena.length + needed + 5), arena.length + needed + 5);
  t.ok(list.planPush(true, 1, needed, 0) > arena.length + needed + 100);
});

test('bytes in a listpack', async (t) => {
  const sizes: [string, number][] = [
    ['', 2],
    ['0', 2],
    ['127', 2],
    ['128', 3],
    ['-1', 3],
    ['-4096', 3],
    ['4095', 3],
    ['4096', 4],
    ['-4097', 4],
    ['32767', 4],
    ['-32769', 5],
    ['8388607', 5],
    ['8388608', 6],
    ['2147483647', 6],
    ['-2147483648', 6],
    ['2147483648', 10],
    ['9223372036854775807', 10],
    ['-9223372036854775808', 10],
    ['9223372036854775808', 21],
    ['-0', 4],
    ['01', 4],
    ['+1', 4],
    ['x'.repeat(63), 65],
    ['x'.repeat(64), 67],
    ['x'.repeat(125), 128],
    ['x'.repeat(126), 130],
    ['x'.repeat(4095), 4099],
    ['x'.repeat(4096), 4103],
  ];
  for (const [text, bytes] of sizes) {
    t.equal(listpackEntryBytes(Buffer.from(text), 0, text.length), bytes, text.slice(0, 24));
  }
});
