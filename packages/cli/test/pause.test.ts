// CLIENT PAUSE and UNPAUSE reach every front, hold back what they should and nothing else, and
// lose nothing of what was held back.

import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, encodeCommands, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { connect, connectToEveryFront, LAYOUTS, serve } from './support/servers.ts';

const LARGE_ARGS = ['--hot-value-max-bytes', '64'];
const LARGE = 'L'.repeat(300);
/** Long enough that a held command would have been answered. */
const HELD_MS = 250;
/** How soon every front goes on after UNPAUSE or the end of a pause; a busy machine needs time. */
const RESUME_MS = 1000;

/** A command that is on its way, and whether its reply has come. */
class Sent {
  isAnswered = false;
  readonly reply: Promise<string>;

  constructor(client: RespClient, args: readonly string[]) {
    this.reply = client.command(...args).then((reply) => {
      this.isAnswered = true;
      return describeReply(reply, 20);
    });
    this.reply.catch(() => {});
  }
}

async function within(t: Test, ms: number, replies: readonly Promise<string>[]): Promise<string[]> {
  const startMs = performance.now();
  const said = await Promise.all(replies);
  const tookMs = Math.round(performance.now() - startMs);
  t.ok(tookMs < ms, `answered ${tookMs} ms later`);
  return said;
}

for (const { fronts, workers } of LAYOUTS) {
  test(`CLIENT PAUSE, ${fronts} fronts, ${workers} workers`, async (t) => {
    const server = await serve(t, { fronts, workers, args: LARGE_ARGS });
    const clients = await connectToEveryFront(t, server, fronts);
    const admin = await connect(t, server);
    await admin.must('MSET', 'small', '1', 'large', LARGE);

    await t.test('WRITE holds writes on every front, not reads', async (t) => {
      await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
      const sent = clients.map((client, i) => {
        return new Sent(client, i % 2 ? ['INCR', 'count'] : ['APPEND', 'large', 'x']);
      });
      await sleep(HELD_MS);
      t.same(
        sent.filter(({ isAnswered }) => isAnswered),
        [],
      );
      const reader = await connect(t, server);
      t.equal(describeReply(await reader.command('GET', 'small')), '"1"');
      t.equal(describeReply(await reader.command('STRLEN', 'large')), '(integer) 300');
      t.equal(describeReply(await reader.command('EXISTS', 'count')), '(integer) 0');
      t.match(await reader.command('CLIENT', 'LIST'), { kind: 'bulk' });
      await admin.must('CLIENT', 'UNPAUSE');
      await within(
        t,
        RESUME_MS,
        sent.map(({ reply }) => reply),
      );
      const half = Math.floor(clients.length / 2);
      t.equal(describeReply(await reader.command('GET', 'count')), `"${half}"`);
      const grown = 300 + clients.length - half;
      t.equal(describeReply(await reader.command('STRLEN', 'large')), `(integer) ${grown}`);
    });

    await t.test('a write behind a read that ran elsewhere is held too', async (t) => {
      await admin.must('SET', 'behind', 'before');
      await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
      const client = await connect(t, server);
      const commands = [
        ['GETRANGE', 'large', '0', '1'],
        ['SET', 'behind', 'after'],
        ['GET', 'behind'],
      ];
      const replies = client.exchange(encodeCommands(commands), 3);
      await sleep(HELD_MS);
      t.equal(describeReply(await admin.command('GET', 'behind')), '"before"');
      await admin.must('CLIENT', 'UNPAUSE');
      t.same(
        (await replies).map(({ reply }) => describeReply(reply)),
        ['"LL"', '+"OK"', '"after"'],
      );
    });

    await t.test('inline commands come out of a pause as they went in', async (t) => {
      await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
      const client = await connect(t, server);
      const replies = client.exchange(
        Buffer.from('SET "inline \\x41" \'it\\\'s "it"\'\r\nGET "inline A"\r\nECHO "a b"\r\n'),
        3,
      );
      await sleep(HELD_MS);
      await admin.must('CLIENT', 'UNPAUSE');
      t.same(
        (await replies).map(({ reply }) => describeReply(reply)),
        ['+"OK"', '"it\'s \\"it\\""', '"a b"'],
      );
    });

    await t.test('ALL holds everything, and ends by itself', async (t) => {
      const startMs = performance.now();
      await admin.must('CLIENT', 'PAUSE', '400', 'ALL');
      const sent = clients.map(
        (client, i) => new Sent(client, i % 2 ? ['PING'] : ['GET', 'small']),
      );
      const late = await connect(t, server);
      sent.push(new Sent(late, ['STRLEN', 'large']));
      await sleep(HELD_MS);
      t.same(
        sent.filter(({ isAnswered }) => isAnswered),
        [],
      );
      const said = await within(
        t,
        150 + RESUME_MS,
        sent.map(({ reply }) => reply),
      );
      t.ok(performance.now() - startMs >= 400, 'not before the time was over');
      t.equal(said[0], '"1"');
      t.equal(said[1], '+"PONG"');
    });

    await t.test('a client that is killed, or leaves, while it is held', async (t) => {
      await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
      const [killed, leaving] = [await connect(t, server), await connect(t, server)];
      const id = describeReply(await killed.command('CLIENT', 'ID')).replace(/\D/g, '');
      new Sent(killed, ['SET', 'killed', 'x']);
      leaving.send(encodeCommands([['SET', 'left', 'x']]));
      await sleep(50);
      leaving.destroy();
      t.equal(describeReply(await admin.command('CLIENT', 'KILL', 'ID', id)), '(integer) 1');
      await killed.closed;
      await admin.must('CLIENT', 'UNPAUSE');
      t.equal(describeReply(await admin.command('GET', 'killed')), '(nil $-1)');
      t.match(await admin.command('PING'), { text: 'PONG' });
    });
  });
}

test('CLIENT PAUSE WRITE, transactions and expiry', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2, args: LARGE_ARGS });
  const admin = await connect(t, server);
  await admin.must('SET', 'small', '1');
  await t.test('EXEC of writes is held, of reads not', async (t) => {
    const [writer, reader] = [await connect(t, server), await connect(t, server)];
    for (const client of [writer, reader]) await client.must('MULTI');
    await writer.must('SET', 'small', '2');
    await reader.must('GET', 'small');
    await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
    const held = new Sent(writer, ['EXEC']);
    t.equal(describeReply(await reader.command('EXEC')), '["1"]');
    await sleep(HELD_MS);
    t.notOk(held.isAnswered);
    await admin.must('CLIENT', 'UNPAUSE');
    t.equal(await held.reply, '[+"OK"]');
    await admin.must('SET', 'small', '1');
  });

  await t.test('nothing expires by itself, nor by being read', async (t) => {
    const events = await FrameClient.connect(t, server.port);
    await admin.must('CONFIG', 'SET', 'notify-keyspace-events', 'Ex');
    await events.call('SUBSCRIBE', '__keyevent@0__:expired');
    await admin.must('SET', 'short', LARGE, 'PX', '50');
    await admin.must('SET', 'brief', 'x', 'PX', '50');
    await admin.must('CLIENT', 'PAUSE', '60000', 'WRITE');
    const keys = await admin.command('DBSIZE');
    await sleep(HELD_MS);
    t.equal(describeReply(await admin.command('GET', 'brief')), '(nil $-1)');
    t.equal(describeReply(await admin.command('STRLEN', 'short')), '(integer) 0');
    t.same(await admin.command('DBSIZE'), keys);
    t.equal(events.received, 1, 'nothing was said but that it listens');
    await admin.must('CLIENT', 'UNPAUSE');
    const said = [await events.shown(), await events.shown()].sort();
    const message = (key: string) => `["message", "__keyevent@0__:expired", "${key}"]`;
    t.same(said, [message('brief'), message('short')]);
    await admin.must('CONFIG', 'SET', 'notify-keyspace-events', '');
  });
});
