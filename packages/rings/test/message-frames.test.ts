// Messages through a small ring: whatever their size, they come as they went.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createRingMemory, RingConsumer, RingProducer } from '../src/byte-ring.ts';
import { type Message, MessageIntake, messageBytes, putMessage } from '../src/message-frames.ts';

test('messages of any size', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const memory = createRingMemory(4096);
  const producer = new RingProducer(memory);
  const consumer = new RingConsumer(memory);
  const intake = new MessageIntake();
  const sizes = [0, 1, 100, 900, 1000, 1001, 1024, 4080, 4096, 5000, 40_000];
  const bytes = (): Buffer => {
    const length = sizes[random.below(sizes.length)]!;
    return Buffer.alloc(length, `${random.uint32()} `);
  };
  let frames = 0;
  for (let i = 0; i < 500; i++) {
    const message: Message = {
      ...{ channel: bytes(), body: bytes(), isSharded: random.chance(0.5) },
      ...{ version: random.uint32() * 2 ** 20 + random.below(2 ** 20), counter: i },
      ...{ low: random.uint32() | 0, high: random.uint32() | 0, invalidates: false },
    };
    let sent = 0;
    let came = false;
    while (!came) {
      sent = putMessage(producer, message, sent);
      producer.publish();
      while (consumer.next()) {
        frames++;
        came = intake.take(consumer);
        if (came) {
          const { channel, body, ...facts } = intake.message;
          const { channel: sentChannel, body: sentBody, ...sentFacts } = message;
          t.strictSame(facts, sentFacts);
          t.ok(Buffer.compare(channel, sentChannel) === 0 && Buffer.compare(body, sentBody) === 0);
        }
      }
      consumer.release();
    }
    t.equal(sent, messageBytes(message));
  }
  t.ok(frames > 1000, `${frames} frames`);
});
