// A worker publishes: exact counts at once, messages before the replies of the same run, whole
// whatever their size, and only when the log is handed over.

import { KeyHasher } from '@forgekv/base';
import { KeyChanges } from '@forgekv/commands';
import { ReplyWriter } from '@forgekv/protocol';
import {
  CHANNEL,
  ChannelTable,
  createChannelMemory,
  createDoorbellMemory,
  createRingMemory,
  Doorbell,
  KIND_REPLY,
  MessageIntake,
  RingConsumer,
} from '@forgekv/rings';
import { test } from 'tap';
import { ReplySender } from '../src/reply-sender.ts';
import { WorkerPublisher } from '../src/worker-publisher.ts';

test('through the front whose run it is', async (t) => {
  const shape = { threads: 3, fronts: 2 };
  const memory = createChannelMemory(shape, 64 * 1000);
  const hasher = new KeyHasher(1, 2);
  const front = new ChannelTable(memory, shape, 1, hasher);
  const doorbells = createDoorbellMemory(3);
  const rings = [createRingMemory(64 * 1024), createRingMemory(64 * 1024)];
  let isSettled = false;
  const senders = rings.map(
    (ring, i) =>
      new ReplySender(ring, new Doorbell(doorbells, i), new Doorbell(doorbells, 2), () => {
        isSettled = true;
      }),
  );
  const publisher = new WorkerPublisher(
    {
      channelTable: new ChannelTable(memory, shape, 2, hasher),
      ...{ thread: 2, changes: new KeyChanges() },
    },
    senders.map((replies) => ({ replies })),
  );
  const news = Buffer.from('news');
  t.equal(publisher.publish(news, Buffer.from('lost'), false), 0, 'nobody listens');
  const version = front.join(CHANNEL, news, true);

  const consumers = rings.map((ring) => new RingConsumer(ring));
  const writer = new ReplyWriter();
  publisher.runFor(senders[1]!, 7);
  const bodies = [Buffer.from('one'), Buffer.alloc(30_000, 'two'), Buffer.alloc(0)];
  for (const body of bodies) t.equal(publisher.publish(news, body, false), 1);
  t.equal(front.sent(2, 1), 3);
  writer.ok();
  senders[1]!.reply(7, writer, true);
  t.notOk(consumers[1]!.pending || isSettled, 'nothing is seen before the tick ends');
  senders[1]!.flush();
  t.ok(isSettled);
  t.notOk(consumers[0]!.pending, 'the other front gets nothing');
  const intake = new MessageIntake();
  const got: Buffer[] = [];
  while (consumers[1]!.next() && consumers[1]!.kind !== KIND_REPLY) {
    if (!intake.take(consumers[1]!)) continue;
    const { message } = intake;
    got.push(Buffer.from(message.body));
    const { version: counted, counter, low, high, kind } = message;
    t.strictSame(
      { counted, counter, low, high, kind },
      {
        ...{ counted: version + got.length, counter: 2, low: 2, high: 0, kind: CHANNEL },
      },
    );
  }
  t.equal(consumers[1]!.kind, KIND_REPLY, 'the reply comes last');
  t.strictSame(got, bodies);
  consumers[1]!.release();

  t.notOk(senders[1]!.hasMessages);
  publisher.publish(news, Buffer.from('later'), false);
  publisher.flush();
  t.ok(consumers[1]!.next() && intake.take(consumers[1]!), 'outside of runs');
  t.equal(Buffer.from(intake.message.body).toString(), 'later');
});
