// The hot table: what happens when it is full, that room comes back, that what expires goes on
// time though nobody asks for it, and what an idle server costs.

import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, type Reply, type RespClient } from '@forgekv/testkit';
import { test } from 'tap';
import { cpuSeconds, residentBytes, withoutProc } from './support/process-figures.ts';
import { connect, connectToEveryFront, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const SMALLEST = ['--memtable-size-mb', '8'];
const VALUE = 'v'.repeat(1000);
const BATCH = 200;
const MOST_IDLE_CPU = 0.02;
const MOST_IDLE_BYTES = 250 * 2 ** 20;

/** Stores new keys of about 1 KB until one is refused; returns how many were stored. */
async function fill(client: RespClient, prefix: string, most = Infinity): Promise<number> {
  let stored = 0;
  while (stored < most) {
    const commands = Array.from({ length: BATCH }, (_, i) => [
      'SET',
      `${prefix}${stored + i}`,
      VALUE,
    ]);
    const replies = await client.pipeline(commands);
    const refused = replies.findIndex((reply) => reply.kind === 'error');
    if (refused < 0) {
      stored += BATCH;
      continue;
    }
    const { text } = replies[refused] as Reply & { text: string };
    if (!text.startsWith('OOM ')) throw new Error(text);
    return stored + replies.filter(({ kind }) => kind === 'simple').length;
  }
  return stored;
}

for (const { fronts, workers } of LAYOUTS) {
  test(`a full hot table, ${fronts} fronts, ${workers} workers`, async (t) => {
    const server = await serve(t, { fronts, workers, args: SMALLEST });
    const clients = await connectToEveryFront(t, server, fronts);
    const [client] = clients as [RespClient];
    const stored = await fill(client, 'a:');
    t.ok(stored > 4000, `${stored} keys of 1 KB fit in 8 MB`);
    for (const one of clients) {
      const full = await one.command('SET', `new:${'x'.repeat(20)}`, VALUE.repeat(8));
      t.match(full, { kind: 'error', text: /^OOM command not allowed/ });
      t.equal(describeReply(await one.command('GET', 'a:0')), describeReply(bulk(VALUE)));
      t.equal(describeReply(await one.command('STRLEN', 'a:1')), '(integer) 1000');
    }
    const dbsize = Number(describeReply(await client.command('DBSIZE')).replace(/\D/g, ''));
    t.equal(dbsize, stored, 'what was refused is not there');

    const doomed = Array.from({ length: 1000 }, (_, i) => `a:${i}`);
    t.equal(describeReply(await client.command('DEL', ...doomed)), '(integer) 1000');
    t.ok((await fill(client, 'b:')) >= 900, 'deleted keys make room');

    for (const one of clients.slice(0, 3)) {
      await one.must('FLUSHALL');
      const again = await fill(one, 'c:', Math.floor((stored * 0.95) / BATCH) * BATCH);
      // Not all of them: in so small a table each of the 64 shards has three pages or so, and may
      // still hold one more than it needs.
      t.ok(again >= stored * 0.7, `${again} of ${stored} keys fit right after FLUSHALL`);
    }
    await client.must('FLUSHALL');
    const setLarge = Array.from({ length: 20 }, (_, i) => ['SET', `l:${i}`, VALUE.repeat(100)]);
    for (const reply of await client.pipeline(setLarge)) t.match(reply, { text: 'OK' });
  });
}

function bulk(text: string): Reply {
  return { kind: 'bulk', bytes: Buffer.from(text) };
}

test('keys expire on time though nobody reads them', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2, args: ['--hot-value-max-bytes', '64'] });
  const clients = await connectToEveryFront(t, server, 2);
  const [client, ...others] = clients as [RespClient, ...RespClient[]];
  let isDone = false;
  const hammer = others.slice(0, 6).map(async (other, who) => {
    const commands = Array.from({ length: 100 }, (_, i) => {
      return i % 10 === 0 ? ['APPEND', `h:${who}:l`, ''] : ['INCR', `h:${who}:${i}`];
    });
    while (!isDone) await other.pipeline(commands);
  });
  const bystanders = 6 * 90;
  await until(async () => (await dbSize(client)) >= bystanders);
  const before = await dbSize(client);
  const keys = 20_000;
  const startMs = Date.now();
  for (let i = 0; i < keys; i += BATCH) {
    const commands = Array.from({ length: BATCH }, (_, j) => {
      const ttlMs = 300 + ((i + j) % 700);
      const value = j % 4 === 0 ? 'L'.repeat(100) : 'small';
      return ['SET', `e:${i + j}`, value, 'PX', String(ttlMs)];
    });
    await client.pipeline(commands);
  }
  const lastMs = Date.now() + 1000;
  t.ok(lastMs - startMs < 4000, 'stored fast enough for the test to mean something');
  await sleep(lastMs - Date.now());
  const isGone = async () => (await dbSize(client)) === before;
  t.ok(await until(isGone, 500), `${(await dbSize(client)) - before} of ${keys} are left`);
  t.equal(await infoField(client, 'expired_keys'), String(keys));
  isDone = true;
  await Promise.all(hammer);
});

async function dbSize(client: RespClient): Promise<number> {
  return Number(describeReply(await client.must('DBSIZE')).replace(/\D/g, ''));
}

test('an idle server costs little', { skip: withoutProc() }, async (t) => {
  const server = await serve(t);
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(t, server)));
  await Promise.all(clients.map((client) => client.must('SET', 'k', 'v')));
  const pid = server.pid!;
  await sleep(1000);
  const before = cpuSeconds(pid);
  await sleep(3000);
  const share = (cpuSeconds(pid) - before) / 3;
  const megabytes = Math.round(residentBytes(pid) / 2 ** 20);
  process.stderr.write(`idle: ${(share * 100).toFixed(1)} % of a core, ${megabytes} MB resident\n`);
  t.ok(share < MOST_IDLE_CPU, `${(share * 100).toFixed(1)} % of a core`);
  t.ok(residentBytes(pid) <= MOST_IDLE_BYTES, `${megabytes} MB resident`);
});
