// The sketch of hot keys: who is in it, how counts fade, and that readers see whole keys.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createHotKeyMemory, HotKeySketch, readHotKeys } from '../src/index.ts';
import type { HotKeyJob } from './hot-key-writer.ts';
import { runThread } from './run-thread.ts';

const NOW_MS = 1_000_000;

function names(memories: readonly SharedArrayBuffer[], most = 3, nowMs = NOW_MS): string[] {
  return readHotKeys(memories, 1, most, nowMs).map(({ key, db }) => `${key} ${db}`);
}

function hashOf(text: string): number {
  return [...text].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7);
}

function add(sketch: HotKeySketch, text: string, db = 0, nowMs = NOW_MS): void {
  const bytes = Buffer.from(`--${text}--`);
  sketch.add(bytes, 2, bytes.length - 4, hashOf(text), db, nowMs);
}

test('the hottest of very many', (t) => {
  const memories = [createHotKeyMemory(), createHotKeyMemory()];
  const sketches = memories.map((memory) => new HotKeySketch(memory));
  t.strictSame(names(memories), []);
  const random = new Random(1);
  for (let i = 0; i < 20_000; i++) {
    const dice = random.below(100);
    const text = dice < 20 ? 'first' : dice < 30 ? 'second' : `key ${random.below(100_000)}`;
    add(sketches[i & 1]!, text);
  }
  t.strictSame(names(memories, 2), ['first 0', 'second 0']);
  const [first] = readHotKeys(memories, 64, 1, NOW_MS);
  // As if all had come in one second: 4000 samples, each of 64, a tenth of which is a rate.
  t.ok(Math.abs(first!.perSecond - 25_600) < 4000, `${first!.perSecond} per second`);
  t.equal(readHotKeys(memories, 1, 1000, NOW_MS).length > 64, true);
  t.end();
});

test('counts fade', (t) => {
  const memory = createHotKeyMemory();
  const sketch = new HotKeySketch(memory);
  for (let second = 0; second < 100; second++) {
    for (let i = 0; i < 10; i++) add(sketch, 'steady', 0, NOW_MS + second * 1000);
  }
  const nowMs = NOW_MS + 99_000;
  const [steady] = readHotKeys([memory], 64, 1, nowMs);
  t.ok(Math.abs(steady!.perSecond - 640) < 64, `${steady!.perSecond} per second`);
  t.strictSame(names([memory], 1, nowMs + 120_000), [], 'nobody asks for it any more');
  t.end();
});

test('keys are kept apart', (t) => {
  const memory = createHotKeyMemory();
  const sketch = new HotKeySketch(memory);
  add(sketch, 'a');
  add(sketch, 'a', 5);
  add(sketch, '');
  add(sketch, 'x'.repeat(1000));
  t.strictSame(names([memory], 9).toSorted(), [' 0', 'a 0', 'a 5', `${'x'.repeat(128)} 0`].sort());
  t.end();
});

async function read(isPlanted: boolean): Promise<string> {
  const memory = createHotKeyMemory();
  const job: HotKeyJob = { memory, steps: 600_000, isPlanted };
  let isWriting = true;
  const writer = runThread<string>('./hot-key-writer.js', job).finally(() => {
    isWriting = false;
  });
  let problem = '';
  while (isWriting) {
    for (const { key } of readHotKeys([memory], 1, 1000)) {
      if (key.some((byte) => byte !== key[0])) problem = `${key}`;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writer;
  return problem;
}

test('readers see whole keys', async (t) => {
  t.equal(await read(false), '');
  t.not(await read(true), '', 'a version that is not raised is noticed');
});
