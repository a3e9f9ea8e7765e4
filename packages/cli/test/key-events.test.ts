// Keyspace notifications beside Redis: which events of which keys, in which order, for every
// command of a script, in place and by hop, with packed, large and cold values, in slices and in
// transactions; and of what expires or is evicted.

import { encodeCommands, type ServerHandle, skipWithoutRedis, startRedis } from '@forgekv/testkit';
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

const SETTINGS: readonly (readonly string[])[] = [
  [],
  ['--debug-force-hop', 'yes'],
  LARGE,
  ['--debug-slice-elements', '1', ...LARGE],
  ['--hot-value-max-bytes', '64', ...COLD],
  [...COLD, ...LARGE],
];

test('events beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const wanted = await play(t, redis, 'KEAmn');
  for (const args of SETTINGS) {
    const server = await serve(t, { fronts: 2, workers: 2, args });
    t.strictSame(await play(t, server, 'KEAmn'), wanted, `all ${args.join(' ')}`);
    await server.stop();
  }
  const few = await play(t, redis, 'E$lx');
  const server = await serve(t, { fronts: 1, workers: 1 });
  t.strictSame(await play(t, server, 'E$lx'), few, 'some');
});
