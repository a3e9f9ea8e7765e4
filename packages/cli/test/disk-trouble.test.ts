// A full disk, and one that fails to sync: writes are refused, reads are served, and nothing
// acknowledged is lost, whatever happens next.

import { describeReply, freePort, type ServerHandle } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { failSyncs, smallDisk } from './support/bad-disk.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';
import { WriteLog } from './support/write-log.ts';

const MISCONF = 'MISCONF Errors writing to the AOF file: ';
const PATIENCE_MS = 20_000;
const REFUSED_WRITES: readonly (readonly string[])[] = [
  ['SET', 'key:1', 'other'],
  ['DEL', 'key:1'],
  ['INCR', 'counter'],
  ['MSET', 'a', '1', 'b', '2'],
  ['EXPIRE', 'key:1', '100'],
  ['RENAME', 'key:1', 'key:2'],
  ['FLUSHALL'],
];

/** Checks a server that refuses writes: which, how, and what it still does. */
async function checkRefusing(t: Test, server: ServerHandle, httpPort: number): Promise<void> {
  const client = await connect(t, server);
  const replies = await client.pipeline(REFUSED_WRITES);
  for (const [i, reply] of replies.entries()) {
    const text = reply.kind === 'error' ? reply.text : describeReply(reply);
    t.ok(text.startsWith(MISCONF), `${REFUSED_WRITES[i]?.[0]}: ${text}`);
  }
  t.match(describeReply(await client.command('GET', 'key:1')), 'key:1=', 'reads are served');
  t.match(await client.command('PING'), { text: 'PONG' });
  const says = async (): Promise<string> => infoField(client, 'aof_last_write_status');
  t.ok(await until(async () => (await says()) === 'err'), 'INFO says so');
  // The server tries again all the time, and may have room for a moment.
  const isUnready = async (): Promise<boolean> => {
    const ready = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
    return ready.status === 503 && /^writes are refused: E/.test(await ready.text());
  };
  t.ok(await until(isUnready), '/readyz says so');
  const isMeasured = async (): Promise<boolean> => {
    const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
    return /^redis_aof_last_write_status 0$/m.test(metrics);
  };
  t.ok(await until(isMeasured), 'the metrics say so');
  client.destroy();
}

for (const { fronts, workers } of [
  { fronts: 1, workers: 1 },
  { fronts: 2, workers: 2 },
]) {
  test(`the disk is full, ${fronts} fronts, ${workers} workers`, async (t) => {
    const disk = smallDisk(t, 24);
    if (disk === null) return;
    const httpPort = await freePort();
    const args = ['--http-port', String(httpPort), '--memtable-size-mb', '128'];
    const server = await serve(t, { fronts, workers, args, dir: disk.path });
    const log = new WriteLog(server, 8000);
    t.teardown(() => log.close());
    const isFull = async () => !(await log.write()) && log.refused.length >= 3;
    t.ok(await fills(isFull), 'writes are refused');
    t.same([...log.errors], [`${MISCONF}No space left on device`]);
    t.ok(log.acknowledged.length > 200, `${log.acknowledged.length} writes fitted`);
    await checkRefusing(t, server, httpPort);

    disk.resize(64);
    t.ok(await until(() => log.write(), PATIENCE_MS), 'it takes writes again by itself');
    for (let i = 0; i < 300; i++) await log.write();
    t.same(await log.violations(), [], 'before the crash');
    await server.kill9();
    await server.restart();
    t.same(await log.violations(), [], 'nothing acknowledged is lost, nothing refused is there');
    t.match(server.log(), 'the write-ahead log takes writes again');
  });
}

test('the disk fills up in the middle of ticks, fields and keys expire meanwhile', async (t) => {
  const disk = smallDisk(t, 24);
  if (disk === null) return;
  const args = ['--memtable-size-mb', '128', '--wal-segment-mb', '1'];
  const server = await serve(t, { fronts: 2, workers: 2, args, dir: disk.path });
  const client = await connect(t, server);
  await client.command('SET', 'stays', 'v', 'PX', '100000');
  // Some are executed by fronts, some by workers: what was done in such a tick gets no reply.
  const logs = Array.from({ length: 12 }, (_, i) => {
    return new WriteLog(server, i % 2 === 0 ? 20_000 : 8000, `${i}:`);
  });
  t.teardown(() => logs.forEach((log) => void log.close()));
  const soon = Date.now() + 1000;
  const dying = Array.from({ length: 200 }, (_, i) => [
    ['SET', `dying:${i}`, 'v', 'PXAT', String(soon)],
    ['HSET', `hash:${i}`, 'stays', '1', 'goes', '2'],
    ['HPEXPIREAT', `hash:${i}`, String(soon), 'FIELDS', '1', 'goes'],
  ]);
  await client.pipeline(dying.flat());
  const isFull = async (log: WriteLog): Promise<boolean> => {
    return !(await log.write()) && log.refused.length >= 3;
  };
  const filled = await Promise.all(logs.map((log) => fills(() => isFull(log))));
  t.ok(filled.every(Boolean), 'writes are refused');
  t.ok(await until(() => Date.now() > soon));
  const seen = await client.pipeline(
    Array.from({ length: 200 }, (_, i) => [
      ['GET', `dying:${i}`],
      ['HGETALL', `hash:${i}`],
    ]).flat(),
  );
  const told = new Set(seen.map((reply) => describeReply(reply)));
  t.same(told, new Set(['(nil $-1)', '["stays", "1"]']));
  t.match(await client.command('GET', 'stays'), { bytes: Buffer.from('v') }, 'reads are served');

  disk.resize(96);
  for (const log of logs) t.ok(await until(() => log.write(), PATIENCE_MS), 'it goes on');
  for (const log of logs) t.same(await log.violations(), [], 'before the crash');
  await server.kill9();
  await server.restart();
  for (const log of logs) t.same(await log.violations(), [], 'nothing acknowledged is lost');
  const after = await connect(t, server);
  t.match(describeReply(await after.command('HGETALL', 'hash:7')), '["stays", "1"]');
  t.match(describeReply(await after.command('EXISTS', 'dying:7')), '(integer) 0');
});

/** Asks without waiting in between. */
async function fills(isFull: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (performance.now() < deadlineMs) if (await isFull()) return true;
  return false;
}

for (const mode of ['everysec', 'always']) {
  test(`fdatasync fails, appendfsync ${mode}`, async (t) => {
    const httpPort = await freePort();
    const args = ['--http-port', String(httpPort), '--appendfsync', mode];
    const server = await serve(t, { fronts: 2, workers: 1, args });
    const log = new WriteLog(server, 100);
    t.teardown(() => log.close());
    for (let i = 0; i < 200; i++) await log.write();
    t.equal(log.acknowledged.length, 200);
    const trouble = await failSyncs(t, server.pid ?? 0);
    if (trouble === null) return;
    const isBroken = async () => !(await log.write()) && log.refused.length >= 3;
    t.ok(await until(isBroken, PATIENCE_MS), 'writes are refused');
    t.same([...log.errors], [`${MISCONF}Input/output error`]);
    await checkRefusing(t, server, httpPort);
    trouble.kill();
    t.ok(await until(() => log.write(), PATIENCE_MS), 'it takes writes again by itself');
    for (let i = 0; i < 100; i++) await log.write();
    await server.kill9();
    await server.restart();
    t.same(await log.violations(), [], 'everything acknowledged is there, nothing refused is');
    t.ok(await until(() => log.write()), 'a new start takes writes');
  });
}
