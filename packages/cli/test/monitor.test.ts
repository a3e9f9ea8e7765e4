// MONITOR beside Redis: which commands are shown, how, and in which order; in place and by hop, in
// transactions, on other fronts. And who monitors: what he may ask for, how he stops, his bounds.

import { describeReply, type ServerHandle, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { connect, connectToEveryFront, infoField, serve } from './support/servers.ts';

const BINARY = Buffer.from('\0\x01\x07\b\t\n\v\r\x1b "\\~\x7f\x80\xff', 'latin1');

const SCRIPT: readonly (readonly (string | Buffer)[])[] = [
  ['SET', 'a', BINARY],
  ['get', 'a'],
  ['GET'],
  ['NOSUCH', 'a'],
  ['CLIENT', 'NOSUCH'],
  ['AUTH', 'secret'],
  ['AUTH', 'somebody', 'secret'],
  ['HELLO', '2', 'AUTH', 'somebody', 'secret'],
  ['HELLO', '2', 'SETNAME', 'me'],
  ['LPUSH', 'a', 'wrong type'],
  ['MULTI'],
  ['SET', 'q', ''],
  ['GET', 'q'],
  ['SELECT', '2'],
  ['PING'],
  ['CONFIG', 'GET', 'port'],
  ['INCR', 'n'],
  ['LPUSH', 'a', 'b'],
  ['EXEC'],
  ['SELECT', '0'],
  ['MULTI'],
  ['GET'],
  ['EXEC'],
  ['EXEC'],
  ['MULTI'],
  ['GET', 'a'],
  ['DISCARD'],
  ['MULTI'],
  ['PING'],
  ['EXEC'],
  ['WATCH', 'a'],
  ['SET', 'a', 'other'],
  ['MULTI'],
  ['GET', 'a'],
  ['EXEC'],
  ['UNWATCH'],
  ['CONFIG', 'GET', 'port'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'GETNAME'],
  ['CLIENT', 'SETNAME', 'x'],
  ['SELECT', '3'],
  ['MSET', 'a', '1', 'b', '2', 'c', '3'],
  ['SUNIONSTORE', 'd', 'e', 'f'],
  ['SELECT', '0'],
  ['MONITOR', 'too many'],
  ['SLOWLOG', 'GET'],
  ['DEBUG', 'SLEEP', '0'],
  ['SUBSCRIBE', 'x'],
  ['UNSUBSCRIBE', 'x'],
  ['PUBLISH', 'x', 'y'],
  ['OBJECT', 'ENCODING', 'a'],
  ['COMMAND', 'COUNT'],
  ['KEYS', '*'],
  ['DBSIZE'],
  ['MEMORY', 'USAGE', 'a'],
  ['FLUSHALL'],
  ['RESET'],
  ['QUIT'],
];

/** What is shown of the script, without times and ports. */
async function play(t: Test, server: ServerHandle): Promise<string[]> {
  const monitor = await FrameClient.connect(t, server.port);
  monitor.send('MONITOR');
  t.equal(await monitor.shown(), '+"OK"');
  const sender = await FrameClient.connect(t, server.port);
  for (const args of SCRIPT) sender.send(...args);
  const lines: string[] = [];
  for (;;) {
    const { raw } = (await monitor.frames(1))[0]!;
    const line = raw.toString('latin1');
    const [, seconds, shown] = /^\+(\d+\.\d{6}) (\[.*)\r\n$/s.exec(line) ?? [];
    if (Math.abs(Number(seconds) * 1000 - Date.now()) > 60_000) t.fail(`not a time: ${line}`);
    lines.push(shown!.replace(/127\.0\.0\.1:\d+/, 'address'));
    if (shown!.endsWith('"QUIT"')) break;
  }
  monitor.destroy();
  return lines;
}

test('what is shown beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const wanted = await play(t, redis);
  for (const args of [[], ['--debug-force-hop', 'yes']]) {
    const server = await serve(t, { fronts: 2, workers: 2, args });
    t.strictSame(await play(t, server), wanted, args.join(' '));
    if (args.length === 0) await asMonitor(t, server, redis);
    await server.stop();
  }
});

/** What somebody gets who monitors and says something himself. */
async function sequence(t: Test, server: ServerHandle, resp: 2 | 3): Promise<string[]> {
  const monitor = await FrameClient.connect(t, server.port, resp);
  const shown: string[] = [];
  const say = async (frames: number, ...args: string[]): Promise<void> => {
    monitor.send(...args);
    for (const { raw } of await monitor.frames(frames)) {
      shown.push(raw.toString('latin1').replace(/\d+\.\d+ \[(\d+) [^\]]+\]/, '[$1]'));
    }
  };
  await say(1, 'MONITOR');
  await say(1, 'GET', 'a');
  await say(1, 'SET', 'a', 'b');
  await say(2, 'SELECT', '1');
  // Not answered the second time.
  monitor.send('MONITOR');
  await say(2, 'PING');
  await say(1, 'MULTI');
  await say(1, 'PING');
  await say(4, 'EXEC');
  await say(1, 'RESET');
  await say(1, 'GET', 'a');
  monitor.send('MULTI');
  monitor.send('MONITOR');
  await say(3, 'EXEC');
  monitor.destroy();
  return shown;
}

async function asMonitor(t: Test, server: ServerHandle, redis: ServerHandle): Promise<void> {
  for (const resp of [2, 3] as const) {
    t.strictSame(await sequence(t, server, resp), await sequence(t, redis, resp), `RESP${resp}`);
  }
  const admin = await connect(t, server);
  const clients = await connectToEveryFront(t, server, 2);
  const monitor = await FrameClient.connect(t, server.port);
  await monitor.call('MONITOR');
  t.match(describeReply(await admin.command('CLIENT', 'LIST'), 9999), / flags=O /);
  t.equal(await infoField(admin, 'pubsub_clients'), '0');
  for (const [i, client] of clients.entries()) await client.must('SET', `key ${i}`, 'x');
  const shown = new Set<string>();
  while (shown.size < clients.length) {
    const [, key] = /SET.*(key \d+)/.exec(await monitor.shown()) ?? [];
    if (key !== undefined) shown.add(key);
  }
  const long = 'x'.repeat(100_000);
  await admin.must('SET', 'long', long);
  const line = (await monitor.frames(1))[0]!.raw.toString();
  t.match(line, /x\.\.\. \(\d+ more bytes\)"\r\n$/);
  t.ok(line.length < long.length);
}
