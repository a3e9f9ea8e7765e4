// Subscribers that do not read, messages of many megabytes, names without end: bounded, and nobody
// else's concern.

import { describeReply, encodeCommand } from '@forgekv/testkit';
import { test } from 'tap';
import { endure } from './support/endure.ts';
import { FrameClient } from './support/frame-client.ts';
import { residentBytes, withoutProc } from './support/process-figures.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const MB = 2 ** 20;
const PUBSUB_LIMIT = 'client-output-buffer-limit';

test('who does not read is dropped, others get everything', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1 });
  const admin = await connect(t, server);
  await admin.must('CONFIG', 'SET', PUBSUB_LIMIT, 'pubsub 4mb 0 0');
  const slow = await Promise.all(
    Array.from({ length: 6 }, () => FrameClient.connect(t, server.port)),
  );
  const good = await Promise.all(
    Array.from({ length: 4 }, (_, i) => FrameClient.connect(t, server.port, i % 2 ? 3 : 2)),
  );
  for (const client of [...slow, ...good]) await client.call('SUBSCRIBE', 'c');
  for (const client of slow) client.pause();
  const body = 'x'.repeat(100_000);
  const rounds = 150;
  await endure(t, server, async () => {
    for (let i = 0; i < rounds; i++) {
      await admin.must('PUBLISH', 'c', body);
      for (const client of good) {
        const reply = await client.next();
        const items = reply.kind === 'array' || reply.kind === 'push' ? reply.items : [];
        if (items[2]?.kind !== 'bulk' || items[2].bytes.length !== body.length) {
          t.fail(`message ${i} is ${describeReply(reply).slice(0, 80)}`);
        }
      }
    }
  });
  const left = describeReply(await admin.command('PUBSUB', 'NUMSUB', 'c'));
  t.equal(left, '["c", (integer) 4]', 'the slow ones are gone');
  for (const client of slow) client.destroy();
});

test('the soft limit', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1 });
  const admin = await connect(t, server);
  await admin.must('CONFIG', 'SET', PUBSUB_LIMIT, 'pubsub 0 64kb 1');
  const slow = await FrameClient.connect(t, server.port);
  await slow.call('SUBSCRIBE', 'c');
  slow.pause();
  const counted = async (): Promise<string> =>
    describeReply(await admin.command('PUBLISH', 'c', 'x'));
  // More than what the kernel takes.
  for (let i = 0; i < 20; i++) await admin.must('PUBLISH', 'c', 'x'.repeat(MB));
  t.equal(await counted(), '(integer) 1', 'not at once');
  t.ok(await until(async () => (await counted()) === '(integer) 0'), 'but after some seconds');
});

for (const { fronts, workers } of LAYOUTS) {
  const layout = `${fronts} fronts, ${workers} workers`;

  test(`a long message is not copied for everybody, ${layout}`, {
    skip: withoutProc(),
  }, async (t) => {
    const server = await serve(t, { fronts, workers });
    const admin = await connect(t, server);
    await admin.must('CONFIG', 'SET', PUBSUB_LIMIT, 'pubsub 0 0 0');
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, i) => FrameClient.connect(t, server.port, i % 2 ? 3 : 2)),
    );
    for (const [i, client] of all.entries()) {
      await (i % 3 ? client.call('SUBSCRIBE', 'c') : client.call('PSUBSCRIBE', 'c*'));
      client.pause();
    }
    const before = residentBytes(server.pid!);
    const body = 'y'.repeat(8 * MB);
    t.equal(describeReply(await admin.must('PUBLISH', 'c', body)), '(integer) 60');
    const marked = describeReply(await admin.must('PUBLISH', 'c', 'end'));
    t.equal(marked, '(integer) 60', 'who does not read is not dropped without a limit');
    const grown = (residentBytes(server.pid!) - before) / MB;
    t.ok(grown < 150, `${Math.round(grown)} MB for 60 times 8 MB`);
    for (const client of all) {
      client.resume();
      const [message, end] = await client.frames(2);
      const length = message!.raw.length - body.length;
      if (length < 30 || length > 80) t.fail(`a message of ${message!.raw.length} bytes`);
      if (!end!.raw.toString().endsWith('$3\r\nend\r\n')) t.fail('the end is missing');
    }
  });
}

test('more than the rings take, from all fronts to all', async (t) => {
  const server = await serve(t, { fronts: 3, workers: 1 });
  const subscribers = await Promise.all(
    Array.from({ length: 9 }, () => FrameClient.connect(t, server.port, 3)),
  );
  for (const client of subscribers) await client.call('PSUBSCRIBE', '*');
  const rounds = 40;
  const publishers = await Promise.all(Array.from({ length: 9 }, () => connect(t, server)));
  const published = publishers.map(async (client, id) => {
    for (let i = 0; i < rounds; i += 10) {
      const batch = Array.from({ length: 10 }, (_, j) => {
        return ['PUBLISH', `${id}`, `${i + j}`.padEnd(60_000)];
      });
      const replies = await client.pipeline(batch);
      if (replies.some((reply) => describeReply(reply) !== '(integer) 9')) t.fail('a wrong count');
    }
  });
  const followed = subscribers.map(async (client) => {
    const next = publishers.map(() => 0);
    for (let i = 0; i < rounds * publishers.length; i++) {
      const reply = await client.next();
      const items = reply.kind === 'push' ? reply.items : [];
      const [, , channel, body] = items.map((item) =>
        item.kind === 'bulk' ? Number(item.bytes.toString()) : -1,
      );
      if (body !== next[channel!]!++) t.fail(`message ${body} of ${channel} is not the next`);
    }
  });
  await Promise.all([...published, ...followed]);
  t.pass('everything came in order');
});

test('messages never come in the middle of a reply', async (t) => {
  const server = await serve(t, {
    ...{ fronts: 2, workers: 2 },
    args: ['--debug-slice-elements', '16', '--hot-value-max-bytes', '64'],
  });
  const publisher = await connect(t, server);
  const client = await FrameClient.connect(t, server.port, 3);
  const members = Array.from({ length: 20_000 }, (_, i) => `member ${i}`);
  await publisher.must('RPUSH', 'list', ...members);
  await client.call('SUBSCRIBE', 'c');
  let isOver = false;
  let sent = 0;
  const publishing = (async () => {
    while (!isOver) {
      await publisher.must('PUBLISH', 'c', `${sent}`);
      sent++;
    }
  })();
  let next = 0;
  for (let round = 0; round < 10; round++) {
    client.send('LRANGE', 'list', 0, -1);
    for (;;) {
      const reply = await client.next();
      if (reply.kind === 'push') {
        const [, , body] = reply.items;
        if (body?.kind !== 'bulk' || Number(body.bytes.toString()) !== next) t.fail('wrong order');
        next++;
        continue;
      }
      t.equal(reply.kind === 'array' ? reply.items.length : describeReply(reply), members.length);
      break;
    }
  }
  isOver = true;
  await publishing;
  t.ok(sent > 10, `${sent} messages`);
});

for (const keys of [[], ['SET', 'k', '1'], ['RPUSH', 'long', 'x'.repeat(100)]]) {
  test(`nor in that of a transaction with ${keys[0]}`, async (t) => {
    const args = ['--hot-value-max-bytes', '64'];
    const server = await serve(t, { fronts: 2, workers: 2, args });
    const client = await FrameClient.connect(t, server.port, 3);
    await client.call('SUBSCRIBE', 'c');
    const commands = [['PUBLISH', 'c', '1'], keys, ['PUBLISH', 'c', '2'], ['PING']];
    const block = commands.filter((command) => command.length > 0);
    for (const command of [['MULTI'], ...block, ['EXEC'], ['PING']]) client.send(...command);
    const replies = (await client.frames(block.length + 5)).map(({ reply }) =>
      describeReply(reply),
    );
    const messages = replies.filter((text) => text.includes('"message"'));
    const rest = replies.filter((text) => !text.includes('"message"'));
    t.match(messages[0], /"1"/);
    t.match(messages[1], /"2"/);
    t.equal(messages.length, 2);
    t.match(rest.at(-2), /^\[\(integer\) 1, .*PONG/, rest.join());
    t.match(rest.at(-1), 'PONG');
  });
}

test('timeout is not for subscribers', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1, args: ['--timeout', '1'] });
  const [listener, idle] = await Promise.all([
    FrameClient.connect(t, server.port),
    FrameClient.connect(t, server.port),
  ]);
  await listener.call('SUBSCRIBE', 'c');
  t.ok(await until(() => idle.hasEnded), 'an idle connection is closed');
  const admin = await connect(t, server);
  t.equal(describeReply(await admin.command('PUBLISH', 'c', 'x')), '(integer) 1');
  t.equal(await listener.shown(), '["message", "c", "x"]');
});

test('names and patterns of any length', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1 });
  const client = await FrameClient.connect(t, server.port, 3);
  const admin = await connect(t, server);
  const longest = 'n'.repeat(64 * 1024);
  t.match(describeReply(await client.call('SUBSCRIBE', longest)), /^push \["subscribe"|subscribe/);
  t.equal(describeReply(await admin.command('PUBLISH', longest, 'x')), '(integer) 1');
  await client.next();
  t.match(
    describeReply(await client.call('SUBSCRIBE', `${longest}n`)),
    /ERR the name of a channel is longer than 65536 bytes/,
  );
  t.match(
    describeReply(await client.call('PSUBSCRIBE', 'p'.repeat(4097))),
    /ERR a pattern is longer than 4096 bytes/,
  );
  await client.call('UNSUBSCRIBE');
  await client.call('PSUBSCRIBE', `${'*a'.repeat(1500)}b`);
  // Whoever matches this naively takes for ever.
  await endure(t, server, async () => {
    client.sendBytes(encodeCommand(['PING']));
    await client.next();
    t.equal(describeReply(await admin.command('PUBLISH', 'a'.repeat(10_000), 'x')), '(integer) 0');
  });
  t.equal(await infoField(admin, 'pubsub_patterns'), '1');
});
