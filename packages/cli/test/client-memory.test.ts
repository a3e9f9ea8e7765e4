// maxmemory-clients: the largest connections are dropped, the others stay.

import { describeReply, type RespClient } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const MIB = 1024 * 1024;

async function info(client: RespClient, field: string): Promise<string> {
  const text = describeReply(await client.command('INFO', 'ALL'), Infinity);
  return new RegExp(`${field}:(.*?)\\\\r`).exec(text)?.[1] ?? '';
}

/** The start of a command, of which so many bytes have come. */
async function leaveHalf(client: RespClient, bytes: number): Promise<void> {
  const half = Buffer.alloc(bytes, 'x');
  void client
    .exchange(Buffer.concat([Buffer.from(`*2\r\n$4\r\nECHO\r\n$${bytes * 2}\r\n`), half]), 1)
    .catch(() => {});
}

test('the largest go first; those that may not be evicted stay', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1 });
  const admin = await connect(t, server);
  const [large, small, safe] = [
    await connect(t, server),
    await connect(t, server),
    await connect(t, server),
  ];
  await large.must('CLIENT', 'SETNAME', 'large');
  await small.must('CLIENT', 'SETNAME', 'small');
  await safe.must('CLIENT', 'SETNAME', 'safe');
  await safe.must('CLIENT', 'NO-EVICT', 'on');
  await leaveHalf(large, 8 * MIB);
  await leaveHalf(small, 1000);
  await leaveHalf(safe, 3 * MIB);
  await until(async () => Number(await info(admin, 'mem_clients_normal')) > 11 * MIB);
  t.equal(await info(admin, 'evicted_clients'), '0', 'without a limit nobody goes');
  await admin.must('CONFIG', 'SET', 'maxmemory-clients', '4mb');
  await until(async () => (await info(admin, 'evicted_clients')) === '1');
  const names = describeReply(await admin.command('CLIENT', 'LIST'), Infinity);
  t.notMatch(names, 'name=large');
  t.match(names, 'name=small');
  t.match(names, 'name=safe');
  t.match(server.log(), /is the largest, with 8\d+ bytes/);
  await until(async () => Number(await info(admin, 'mem_clients_normal')) < 4 * MIB);
});
