// One ring in one thread: frames, wrapping, room, and the handshake of a producer that waits.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createRingMemory, FRAME_BYTES, RingConsumer, RingProducer } from '../src/byte-ring.ts';

const SIZE = 4096;

interface Pair {
  readonly memory: SharedArrayBuffer;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
}

/** A ring whose positions start at `position`, as after that many bytes have gone through. */
function ringAt(position = 0, size = SIZE): Pair {
  const memory = createRingMemory(size);
  const words = new Int32Array(memory);
  words[0] = position;
  words[16] = position;
  return { memory, producer: new RingProducer(memory), consumer: new RingConsumer(memory) };
}

function write(producer: RingProducer, payload: Uint8Array, kind = 1): boolean {
  const at = producer.reserve(payload.length, kind, 2, 3, 4, 5);
  if (at < 0) return false;
  producer.bytes.set(payload, at);
  return true;
}

function read(consumer: RingConsumer): Buffer | null {
  if (!consumer.next()) return null;
  const { payloadOffset, payloadBytes } = consumer;
  return Buffer.from(consumer.bytes.subarray(payloadOffset, payloadOffset + payloadBytes));
}

test('memory of wrong sizes is refused', async (t) => {
  for (const size of [0, 1, 2048, 4095, 4097, 6000, 1 << 27, -4096]) {
    t.throws(() => createRingMemory(size), { name: 'InvariantError' }, `${size}`);
  }
  t.equal(createRingMemory(4096).byteLength, 4096 + 192);
});

test('a frame is visible after publish and carries its numbers', async (t) => {
  const { producer, consumer } = ringAt();
  t.equal(consumer.next(), false);
  t.equal(producer.publish(), false, 'nothing to publish');
  const at = producer.reserve(5, -7, 2 ** 31 - 1, -(2 ** 31), 0, 42);
  producer.bytes.write('hello', at);
  t.equal(consumer.next(), false, 'not yet published');
  t.equal(consumer.pending, false);
  t.equal(producer.publish(), true);
  t.equal(producer.publish(), false);
  t.equal(consumer.pending, true);
  t.equal(read(consumer)?.toString(), 'hello');
  const { kind, a, b, c, d } = consumer;
  t.same([kind, a, b, c, d], [-7, 2 ** 31 - 1, -(2 ** 31), 0, 42]);
  t.equal(consumer.pending, false);
  t.equal(producer.usedBytes, FRAME_BYTES + 8);
  t.equal(consumer.release(), false, 'nobody waits');
  t.equal(producer.usedBytes, 0);
  t.equal(consumer.next(), false);
});

test('payloads of every size come through, in order, around the end', async (t) => {
  for (const start of [0, 8, SIZE - 8, 2 ** 31 - 4096, 2 ** 31 - 8, -8, -4096]) {
    const { producer, consumer } = ringAt(start);
    let wrapped = false;
    for (let size = 0; size <= producer.maxPayload; size++) {
      const payload = Buffer.alloc(size, size & 255);
      if (!write(producer, payload, size)) t.fail(`no room for ${size} bytes in an empty ring`);
      producer.publish();
      const got = read(consumer);
      if (got === null || !got.equals(payload)) t.fail(`payload of ${size} at ${start}`);
      if (consumer.kind !== size) t.fail(`kind of ${size}`);
      if (consumer.payloadOffset === 192 + FRAME_BYTES) wrapped = true;
      consumer.release();
    }
    t.ok(wrapped, `wrapped, from ${start}`);
    t.equal(producer.usedBytes, 0);
  }
});

test('payloads lie on 8 bytes and never wrap', async (t) => {
  const { producer, consumer } = ringAt();
  const random = new Random(11);
  for (let i = 0; i < 5000; i++) {
    const at = producer.reserve(random.below(producer.maxPayload + 1), 0, 0, 0, 0, 0);
    if (at % 8 !== 0) t.fail(`payload at ${at}`);
    producer.publish();
    consumer.next();
    if (consumer.payloadOffset !== at) t.fail('the consumer sees another place');
    if (consumer.payloadOffset + consumer.payloadBytes > 192 + SIZE) t.fail('wraps');
    consumer.release();
  }
  t.pass('5000 frames');
});

test('what is not visible yet can be made something else', async (t) => {
  for (const start of [0, SIZE - 64, -8]) {
    const { producer, consumer } = ringAt(start);
    write(producer, Buffer.alloc(100), 3);
    producer.publish();
    write(producer, Buffer.alloc(9), 3);
    write(producer, Buffer.alloc(900), 4);
    write(producer, Buffer.alloc(0), 3);
    producer.convert(3, 5);
    write(producer, Buffer.alloc(10), 3);
    producer.publish();
    const kinds: number[] = [];
    while (consumer.next()) kinds.push(consumer.kind);
    t.same(kinds, [3, 5, 4, 5, 3]);
    producer.convert(3, 5);
  }
});

test('a larger payload than a ring takes is a bug', async (t) => {
  const { producer } = ringAt();
  t.equal(producer.maxPayload, SIZE / 4 - FRAME_BYTES);
  t.throws(() => producer.reserve(producer.maxPayload + 1, 0, 0, 0, 0, 0), {
    name: 'InvariantError',
  });
});

test('a full ring refuses, keeps what it has, and takes more after a release', async (t) => {
  for (const start of [0, 24, 2 ** 31 - 48, -2000]) {
    const { producer, consumer } = ringAt(start & ~7);
    let written = 0;
    while (write(producer, Buffer.alloc(100, written))) written++;
    t.ok(written >= 30, `${written} frames fit`);
    t.equal(write(producer, Buffer.alloc(100)), false, 'still full');
    producer.publish();
    for (let i = 0; i < written; i++) {
      const payload = read(consumer);
      if (!payload?.equals(Buffer.alloc(100, i))) t.fail(`frame ${i}`);
    }
    t.equal(consumer.next(), false);
    t.equal(write(producer, Buffer.alloc(100)), false, 'stepped over is not released');
    t.equal(consumer.release(), true, 'the producer waits for room');
    t.equal(consumer.release(), false, 'said once');
    t.ok(write(producer, Buffer.alloc(100)), 'room again');
  }
});

test('who waits for room is told by every release that makes some', async (t) => {
  const { producer, consumer } = ringAt();
  while (write(producer, Buffer.alloc(500))) producer.publish();
  for (let i = 0; i < 50; i++) {
    t.equal(write(producer, Buffer.alloc(500)), false);
    t.ok(consumer.next());
    t.equal(consumer.release(), true, `release ${i}`);
    while (write(producer, Buffer.alloc(500))) producer.publish();
  }
});

/** Runs with `before` called before every Atomics.store to a word, as if by another thread. */
function withStores(word: number, before: () => void, run: () => void): void {
  const store = Atomics.store;
  const hooked = (words: Int32Array, index: number, value: number): number => {
    Atomics.store = store;
    if (index === word) before();
    Atomics.store = hooked as typeof store;
    return store(words, index, value);
  };
  Atomics.store = hooked as typeof store;
  try {
    run();
  } finally {
    Atomics.store = store;
  }
}

test('the races of the handshake, played through', async (t) => {
  const TAIL = 16;
  const WANTS_ROOM = 32;
  const fill = ({ producer, consumer }: Pair): void => {
    while (write(producer, Buffer.alloc(500))) producer.publish();
    new Int32Array(producer.bytes.buffer)[WANTS_ROOM] = 0;
    consumer.next();
  };
  const late = ringAt();
  fill(late);
  withStores(
    WANTS_ROOM,
    () => t.equal(late.consumer.release(), false),
    () => {
      t.ok(write(late.producer, Buffer.alloc(500)), 'released before the producer said it waits');
    },
  );
  const early = ringAt();
  fill(early);
  withStores(
    TAIL,
    () => t.equal(write(early.producer, Buffer.alloc(500)), false),
    () => {
      t.equal(early.consumer.release(), true, 'the producer looked before the release was visible');
    },
  );
});

test('ends made later go on where the ring stands', async (t) => {
  const { memory, producer } = ringAt();
  write(producer, Buffer.from('one'));
  producer.publish();
  const consumer = new RingConsumer(memory);
  t.equal(read(consumer)?.toString(), 'one');
  consumer.release();
  const second = new RingProducer(memory);
  write(second, Buffer.from('two'));
  second.publish();
  t.equal(read(consumer)?.toString(), 'two');
});

test('a damaged frame ends the process', async (t) => {
  const { memory, producer, consumer } = ringAt();
  write(producer, Buffer.from('x'));
  producer.publish();
  new Int32Array(memory)[48] = -5;
  t.throws(() => consumer.next(), { name: 'InvariantError' });
});

test('random frames against a queue', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const { producer, consumer } = ringAt((random.uint32() | 0) & ~7);
  const queue: Buffer[] = [];
  let published = 0;
  let refused = 0;
  for (let step = 0; step < 50_000; step++) {
    const action = random.below(10);
    if (action < 5) {
      const size = random.chance(0.1) ? random.below(producer.maxPayload + 1) : random.below(64);
      const payload = Buffer.alloc(size, step & 255);
      if (write(producer, payload)) queue.push(payload);
      else refused++;
    } else if (action < 6) {
      producer.publish();
      published = queue.length;
    } else if (action < 9) {
      const payload = read(consumer);
      if ((payload === null) !== (published === 0)) return t.fail(`step ${step}: ${published}`);
      if (payload === null) continue;
      published--;
      if (!queue.shift()!.equals(payload)) return t.fail(`payload at step ${step}`);
    } else {
      consumer.release();
    }
  }
  t.ok(refused > 100, `${refused} times full`);
});
