// The hot table: that more can be stored than it has room for, that room comes back, that what
// expires goes on time though nobody asks for it, and what an idle server costs.

import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, type Reply, type RespClient } from '@forgekv/testkit';
import { test } from 'tap';
import { cpuSeconds, residentBytes, withoutProc } from './support/process-figures.ts';
import { connect, connectToEveryFront, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const SMALLEST = ['--memtable-size-mb', '8'];
const VALUE = 'v'.repeat(1000);
const BATCH = 200;
/** Three times what the hot table of `SMALLEST` has room for. */
const KEYS = 20_000;
const MOST_IDLE_CPU = 0.02;
const IDLE_WINDOWS = 10;
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
  test(`more than fits into memory, ${fronts} fronts, ${workers} workers`, async (t) => {
    const server = await serve(t, { fronts, workers, args: SMALLEST });
    const clients = await connectToEveryFront(t, server, fronts);
    const [client] = clients as [RespClient];
    t.equal(await fill(client, 'a:', KEYS), KEYS, `${KEYS} keys of 1 KB are stored in 8 MB`);
    t.equal(await dbSize(client), KEYS);
    for (const [who, one] of clients.slice(0, 6).entries()) {
      for (let i = who; i < KEYS; i += KEYS / 100) {
        const got = await one.command('GET', `a:${i}`);
        if (got.kind !== 'bulk' || got.bytes.toString() !== VALUE) {
          t.fail(`a:${i} is ${describeReply(got)}`);
        }
      }
      t.equal(describeReply(await one.command('STRLEN', `a:${KEYS - 1}`)), '(integer) 1000');
      t.match(await one.command('SET', `large:${who}`, VALUE.repeat(100)), { text: 'OK' });
      t.equal(describeReply(await one.command('APPEND', `a:${who}`, '!')), '(integer) 1001');
    }
    const large = Math.min(6, clients.length);
    const doomed = Array.from({ length: 1000 }, (_, i) => `a:${i}`);
    t.equal(describeReply(await client.command('DEL', ...doomed)), '(integer) 1000');
    t.equal(await dbSize(client), KEYS - 1000 + large);

    await client.must('FLUSHALL');
    t.equal(await dbSize(client), 0);
    t.equal(await fill(client, 'c:', KEYS), KEYS, 'and again after FLUSHALL');
  });
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
  const keys = 8_000;
  for (let i = 0; i < keys; i += BATCH) {
    const commands = Array.from({ length: BATCH }, (_, j) => {
      const ttlMs = 300 + ((i + j) % 700);
      const value = j % 4 === 0 ? 'L'.repeat(100) : 'small';
      return ['SET', `e:${i + j}`, value, 'PX', String(ttlMs)];
    });
    await client.pipeline(commands);
  }
  const lastMs = Date.now() + 1000;
  await sleep(lastMs - Date.now());
  const isGone = async () => (await dbSize(client)) === before;
  t.ok(await until(isGone, 2000), `${(await dbSize(client)) - before} of ${keys} are left`);
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
  // What else runs on the machine makes each of the few turns dearer: the cheapest window counts.
  let share = Infinity;
  for (let i = 0; i < IDLE_WINDOWS && share >= MOST_IDLE_CPU; i++) {
    const before = cpuSeconds(pid);
    await sleep(3000);
    share = Math.min(share, (cpuSeconds(pid) - before) / 3);
  }
  const megabytes = Math.round(residentBytes(pid) / 2 ** 20);
  process.stderr.write(`idle: ${(share * 100).toFixed(1)} % of a core, ${megabytes} MB resident\n`);
  t.ok(share < MOST_IDLE_CPU, `${(share * 100).toFixed(1)} % of a core`);
  t.ok(residentBytes(pid) <= MOST_IDLE_BYTES, `${megabytes} MB resident`);
});
