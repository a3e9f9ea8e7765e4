// Channels on the real server, over several fronts: the bytes of Redis, exact counts, what CLIENT
// and INFO say, and the order of messages and writes.

import { Random } from '@forgekv/base';
import { describeReply, type ServerHandle, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { randomTranscript, TRANSCRIPTS } from './support/channel-transcripts.ts';
import { FrameClient } from './support/frame-client.ts';
import { play, type Record } from './support/play-transcript.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const RANDOM_STEPS = 150;

/** The server has to notice that clients went, or they are counted by the next transcript. */
async function nobodyListens(t: Test, server: ServerHandle): Promise<void> {
  const admin = await connect(t, server);
  const listeners = async (): Promise<string> =>
    describeReply(await admin.command('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  t.ok(await until(async () => (await listeners()) === '""'), 'nobody listens any more');
}

test('transcripts beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const transcripts = [...TRANSCRIPTS, randomTranscript(new Random(seed), RANDOM_STEPS)];
  const records = new Map<string, Record>();
  for (const transcript of transcripts) {
    records.set(transcript.name, await play(t, redis, transcript));
    await nobodyListens(t, redis);
  }
  for (const { fronts, workers } of LAYOUTS) {
    const server = await serve(t, { fronts, workers });
    for (const transcript of transcripts) {
      const wanted = records.get(transcript.name)!;
      const record = await play(t, server, transcript, wanted);
      await nobodyListens(t, server);
      t.strictSame(record, wanted, `${transcript.name}, ${fronts} fronts, ${workers} workers`);
    }
  }
});

for (const { fronts, workers } of LAYOUTS) {
  const layout = `${fronts} fronts, ${workers} workers`;

  test(`counts, ${layout}`, async (t) => {
    const server = await serve(t, { fronts, workers });
    const all = await Promise.all(
      Array.from({ length: 24 }, (_, i) => FrameClient.connect(t, server.port, i % 2 ? 3 : 2)),
    );
    const publisher = await connect(t, server);
    for (const [i, client] of all.entries()) {
      await client.call('SUBSCRIBE', 'all');
      t.equal(
        describeReply(await publisher.command('PUBLISH', 'all', `${i}`)),
        `(integer) ${i + 1}`,
      );
    }
    for (const [i, client] of all.entries()) {
      for (let j = i; j < all.length; j++) {
        const { raw } = (await client.frames(1))[0]!;
        const type = i % 2 ? '>' : '*';
        const body = `$${`${j}`.length}\r\n${j}\r\n`;
        t.equal(raw.toString(), `${type}3\r\n$7\r\nmessage\r\n$3\r\nall\r\n${body}`);
      }
    }
    t.equal(await infoField(publisher, 'pubsub_channels'), '1');
    t.ok(await until(async () => (await infoField(publisher, 'pubsub_clients')) === '24'));
    for (const [i, client] of all.entries()) {
      if (i % 3 === 0) await client.call('UNSUBSCRIBE', 'all');
      else if (i % 3 === 1) client.destroy();
    }
    const counted = async (): Promise<string> =>
      describeReply(await publisher.command('PUBSUB', 'NUMSUB', 'all'));
    t.ok(await until(async () => (await counted()) === '["all", (integer) 8]'), await counted());
    t.equal(describeReply(await publisher.command('PUBLISH', 'all', 'x')), '(integer) 8');
    const killed = await publisher.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    t.equal(describeReply(killed), '(integer) 8');
    t.equal(describeReply(await publisher.command('PUBLISH', 'all', 'x')), '(integer) 0');
    t.equal(await infoField(publisher, 'pubsub_channels'), '0');
  });

  test(`what CLIENT LIST says, ${layout}`, async (t) => {
    const server = await serve(t, { fronts, workers });
    const client = await FrameClient.connect(t, server.port, 3);
    for (const command of ['SUBSCRIBE a', 'PSUBSCRIBE b', 'PSUBSCRIBE c', 'SSUBSCRIBE d']) {
      await client.call(...command.split(' '));
    }
    const admin = await connect(t, server);
    const listed = async (...args: string[]): Promise<string> =>
      // All of it: the connection that found the server ready may still be listed first.
      describeReply(await admin.command('CLIENT', 'LIST', ...args), Infinity);
    t.match(await listed(), / laddr=127[^ ]* .* flags=P db=0 sub=1 psub=2 ssub=1 /);
    t.match(await listed('TYPE', 'pubsub'), / sub=1 psub=2 ssub=1 /);
    t.notMatch(await listed('TYPE', 'normal'), / sub=1 /);
    t.equal(await infoField(admin, 'pubsub_patterns'), '2');
    t.equal(await infoField(admin, 'pubsubshard_channels'), '1');
  });

  test(`messages come behind the writes before them, ${layout}`, async (t) => {
    const args = ['--hot-value-max-bytes', '64'];
    const server = await serve(t, { fronts, workers, args });
    const subscribers = await Promise.all(
      Array.from({ length: 8 }, () => FrameClient.connect(t, server.port, 3)),
    );
    for (const client of subscribers) await client.call('SUBSCRIBE', 'done');
    const writers = await Promise.all(Array.from({ length: 4 }, () => connect(t, server)));
    const rounds = 150;
    const write = async (id: number): Promise<void> => {
      const commands: string[][] = [];
      for (let i = 1; i <= rounds; i++) {
        // In place, on a worker, and both at once.
        commands.push(['SET', `small:${id}`, `${i}`], ['SET', `large:${id}`, `${i}`.padEnd(200)]);
        commands.push(['PUBLISH', 'done', `${id} ${i}`]);
      }
      for (let at = 0; at < commands.length; at += 30) {
        await writers[id]!.pipeline(commands.slice(at, at + 30));
      }
    };
    const follow = async (client: FrameClient): Promise<void> => {
      const last = writers.map(() => 0);
      const asked: [writer: number, round: number][] = [];
      let answered = 0;
      let problem = '';
      while (last.some((round) => round < rounds) || answered < asked.length * 2) {
        const reply = await client.next();
        if (reply.kind === 'push') {
          const [, , body] = reply.items;
          const [id, round] = (body?.kind === 'bulk' ? body.bytes.toString() : '').split(' ');
          const writer = Number(id);
          if (Number(round) !== last[writer]! + 1) problem ||= `${round} after ${last[writer]}`;
          last[writer] = Number(round);
          asked.push([writer, Number(round)]);
          client.send('GET', `small:${id}`);
          client.send('GETRANGE', `large:${id}`, '0', '10');
        } else {
          const [writer, round] = asked[answered >> 1]!;
          const seen = reply.kind === 'bulk' ? Number(reply.bytes.toString()) : -1;
          if (seen < round) problem ||= `${seen} seen of ${writer} when told of ${round}`;
          answered++;
        }
      }
      t.equal(problem, '');
    };
    const follows = subscribers.map(follow);
    await Promise.all(writers.map((_, id) => write(id)));
    await Promise.all(follows);
  });
}
