// Keyspace notifications beside Redis: which events of which keys, in which order, for every
// command of a script, in place and by hop, with packed, large and cold values, in slices and in
// transactions; and of what expires or is evicted.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  describeReply,
  encodeCommands,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { KEY_EVENT_SCRIPT } from './support/key-event-script.ts';
import { connect, serve } from './support/servers.ts';

const PATTERN = '__key*__*';
const MARK = '__keymark__';

/** Plays the script in one pipeline; returns its lines, and behind each the events it led to. */
async function play(t: Test, server: ServerHandle, classes: string): Promise<string[]> {
  const client = await connect(t, server);
  await client.must('FLUSHALL');
  await client.must('CONFIG', 'SET', 'notify-keyspace-events', classes);
  const listener = await FrameClient.connect(t, server.port);
  await listener.call('PSUBSCRIBE', PATTERN);
  const sender = await FrameClient.connect(t, server.port);
  const commands: string[][] = [];
  const marks: string[] = [];
  let isQueueing = false;
  for (const line of KEY_EVENT_SCRIPT) {
    commands.push(line.split(' '));
    if (line === 'MULTI') isQueueing = true;
    if (line === 'EXEC') isQueueing = false;
    if (isQueueing) continue;
    marks.push(line);
    commands.push(['PUBLISH', MARK, line]);
  }
  sender.sendBytes(encodeCommands(commands));
  const record: string[] = [];
  for (const mark of marks) {
    record.push(mark);
    for (;;) {
      const shown = (await listener.shown()).replace(`["pmessage", "${PATTERN}", `, '[');
      if (shown.startsWith(`["${MARK}"`)) break;
      record.push(shown);
    }
  }
  listener.destroy();
  sender.destroy();
  return record;
}

const LARGE = [
  ...['--hash-max-listpack-entries', '0', '--list-max-listpack-size', '1'],
  ...['--set-max-intset-entries', '0', '--zset-max-listpack-entries', '0'],
];
const COLD = ['--debug-keep-cold', 'yes'];

const LONG_WAY = ['--debug-force-hop', 'yes', '--debug-slice-elements', '1'];

/** How servers are started, and what is set between two runs of the script. */
const SERVERS = [
  { args: [], settings: [[], LARGE] },
  { args: LONG_WAY, settings: [[], LARGE] },
  { args: [...COLD, '--hot-value-max-bytes', '64'], settings: [[], LARGE] },
];

test('events beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const all = await play(t, redis, 'KEAmn');
  const some = await play(t, redis, 'E$lx');
  for (const { args, settings } of SERVERS) {
    const server = await serve(t, { fronts: 2, workers: 2, args });
    const client = await connect(t, server);
    for (const setting of settings) {
      if (setting.length > 0) {
        await client.must('CONFIG', 'SET', ...setting.map((word) => word.replace('--', '')));
      }
      t.strictSame(await play(t, server, 'KEAmn'), all, [...args, ...setting].join(' '));
    }
    t.strictSame(await play(t, server, 'E$lx'), some, 'some');
    if (args === LONG_WAY) continue;
    await t.test('what expires', (t) => expiring(t, server, client));
    await t.test('what is evicted', (t) => evicting(t, server, client));
    await server.stop();
  }
});

/** The next events a client gets that listens to some keys, in any order. */
async function nextEvents(listener: FrameClient, count: number): Promise<string[]> {
  const frames = await listener.frames(count);
  return frames.map(({ reply }) => describeReply(reply).replace(/^\["p?message", /, '[')).sort();
}

async function expiring(t: Test, server: ServerHandle, client: RespClient): Promise<void> {
  await client.must('FLUSHALL');
  await client.must('CONFIG', 'SET', 'notify-keyspace-events', 'Egxh');
  const listener = await FrameClient.connect(t, server.port);
  for (const event of ['expired', 'hexpired', 'del']) {
    await listener.call('SUBSCRIBE', `__keyevent@1__:${event}`);
  }
  await client.must('SELECT', '1');
  // By themselves: nobody asks for them.
  await client.must('SET', 'a', 'x', 'PX', '20');
  await client.must('SET', 'b', 'x'.repeat(1000), 'PX', '20');
  t.same(await nextEvents(listener, 2), [
    '["__keyevent@1__:expired", "a"]',
    '["__keyevent@1__:expired", "b"]',
  ]);
  await client.must('HSET', 'h', 'f', '1');
  await client.must('HPEXPIRE', 'h', '20', 'FIELDS', '1', 'f');
  await sleep(25);
  // Fields of what is only in a store expire when it is asked for.
  await client.must('HLEN', 'h');
  t.same(await nextEvents(listener, 2), [
    '["__keyevent@1__:del", "h"]',
    '["__keyevent@1__:hexpired", "h"]',
  ]);
  // Or by who opens them, or just before by themselves; each of them is said once.
  const said: string[] = [];
  const times = 50;
  for (let i = 0; i < times; i++) {
    await client.must('SET', 'c', 'x', 'PX', '1');
    await sleep(2);
    said.push(describeReply(await client.command('DEL', 'c', 'c')));
    said.push(...(await nextEvents(listener, 1)));
  }
  const each = ['(integer) 0', '["__keyevent@1__:expired", "c"]'];
  t.same(said, Array.from({ length: times }, () => each).flat());
  await client.must('SELECT', '0');
}

async function evicting(t: Test, server: ServerHandle, client: RespClient): Promise<void> {
  await client.must('FLUSHALL');
  await client.must('CONFIG', 'SET', 'notify-keyspace-events', 'Ee$g');
  const listener = await FrameClient.connect(t, server.port);
  await listener.call('PSUBSCRIBE', '__keyevent@0__:*');
  await client.must('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '1mb');
  const value = 'v'.repeat(1000);
  const keys = 2000;
  const sets = Array.from({ length: keys }, (_, i) => ['SET', `k${i}`, value]);
  await client.exchange(encodeCommands(sets), keys);
  const there = new Set<string>();
  let evicted = 0;
  for (let set = 0; set < keys; ) {
    const [, , channel, key] = JSON.parse(await listener.shown());
    if (channel === '__keyevent@0__:set') {
      set++;
      there.add(key);
    } else {
      if (channel !== '__keyevent@0__:evicted') t.fail(`unexpected ${channel}`);
      if (!there.delete(key)) t.fail(`${key} was evicted before it was set`);
      evicted++;
    }
  }
  t.ok(evicted > 500, `${evicted} of ${keys} evicted`);
}
