// Which fronts are told of a key: those that have added its hash, until they take the last one
// away, and those that want all keys. What is told, written and read back.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  createTrackingMemory,
  InvalidationWriter,
  type Redirected,
  readInvalidations,
  TrackingFilter,
} from '../src/index.ts';

test('fronts by hash', async (t) => {
  const memory = createTrackingMemory();
  const a = new TrackingFilter(memory, 1);
  const b = new TrackingFilter(memory, 33);
  const looks = new TrackingFilter(memory);
  t.notOk(looks.isOn || looks.find(7) || looks.findAll());
  a.setOn(true, false);
  a.add(7);
  a.add(7 + (1 << 18));
  b.setOn(true, false);
  b.add(7);
  t.ok(looks.isOn && looks.find(7));
  t.same([looks.low, looks.high, looks.keys], [2, 2, 3]);
  t.ok(looks.findAll());
  t.same([looks.low, looks.high], [2, 2]);
  a.remove(7);
  t.ok(looks.find(7));
  t.same([looks.low, looks.high], [2, 2], 'another key has the same place');
  a.remove(7);
  t.ok(looks.find(7));
  t.same([looks.low, looks.high], [0, 2]);
  t.notOk(looks.find(8));
  a.setBroadcast(true);
  t.ok(looks.find(8));
  t.same([looks.low, looks.high], [2, 0]);
  a.setBroadcast(false);
  b.remove(7);
  b.setOn(false, true);
  t.ok(looks.isOn);
  a.setOn(false, true);
  t.notOk(looks.isOn);
  t.ok(
    new Int32Array(memory).every((word) => word === 0),
    'nothing is left',
  );
  t.throws(() => a.remove(7));
});

test('what fronts are told', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const key = (): Buffer =>
    Buffer.alloc(random.below(random.chance(0.1) ? 70_000 : 20), `${random.uint32()}`);
  const id = (): number => random.uint32() * 2 ** 20 + random.below(2 ** 20);
  const writer = new InvalidationWriter();
  for (let body = 0; body < 50; body++) {
    const written: unknown[][] = [];
    for (let i = random.below(20); i >= 0; i--) {
      const what = random.below(4);
      if (what === 0) {
        written.push(['changed', key(), id()]);
        writer.changed(written.at(-1)![1] as Buffer, written.at(-1)![2] as number);
      } else if (what === 1) {
        written.push(['flushed', id()]);
        writer.flushed(written.at(-1)![1] as number);
      } else if (what === 2) {
        const keys = Array.from({ length: random.below(4) }, key);
        const form = random.pick([0, 2, 3] as const);
        const push: Redirected = {
          client: id(),
          source: id(),
          front: random.below(64),
          form,
          keys,
        };
        written.push(['to', push]);
        writer.to(push);
      } else {
        written.push(['nobody', id(), id()]);
        writer.nobody(written.at(-1)![1] as number, written.at(-1)![2] as number);
      }
    }
    const read: unknown[][] = [];
    readInvalidations(writer.take(), {
      changed: (...args) => read.push(['changed', ...args]),
      flushed: (...args) => read.push(['flushed', ...args]),
      to: (...args) => read.push(['to', ...args]),
      nobody: (...args) => read.push(['nobody', ...args]),
    });
    t.strictSame(read, written);
    t.equal(writer.length, 0);
  }
});
