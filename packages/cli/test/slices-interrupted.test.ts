// What happens to commands in slices when the whole keyspace changes under them, when their client
// goes, and when the server stops: they end, their replies are whole, nobody waits for them for
// ever.

import { describeReply, encodeCommands, type Reply, type RespClient } from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { connect, info, serve } from './support/servers.ts';
import { until } from './support/until.ts';

file.setTimeout(120_000);

const MEMBERS = 20_000;
const BATCH = 2000;
const PATIENCE_MS = 20_000;
/** Few elements a turn: a reply takes some hundred turns. */
const SLICED = ['--debug-slice-elements', '16'];

test('FLUSHALL, FLUSHDB and SWAPDB', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 2, args: SLICED });
  const other = await connect(t, server);
  for (const change of [['FLUSHALL'], ['FLUSHDB'], ['SWAPDB', '0', '1']]) {
    await fill(other);
    await other.must('CONFIG', 'RESETSTAT');
    const clients = await Promise.all(LONG.map(() => connect(t, server)));
    const [whole, sorted, stored, copied, dumped] = clients.map((client, i) =>
      client.command(...LONG[i]!),
    );
    for (const name of ['sunion', 'sort', 'dump']) await begun(other, name);
    await other.must(...change);
    const name = change.join(' ');
    t.equal(new Set(texts(await whole!)).size, MEMBERS, `${name}: SUNION`);
    t.equal(texts(await sorted!).length, MEMBERS, `${name}: SORT`);
    t.match(describeReply(await stored!), /^\(integer\) (0|20000)$/, `${name}: SUNIONSTORE`);
    t.match(describeReply(await copied!), /^\(integer\) [01]$/, `${name}: COPY`);
    t.equal((await dumped!).kind, 'bulk', `${name}: DUMP`);
    await mayChange(t, other);
    await other.must('FLUSHALL');
  }
});

test('CLIENT KILL, and a client that goes', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 1, args: SLICED });
  const other = await connect(t, server);
  await fill(other);
  for (const isKilled of [true, false]) {
    const leaving = await connect(t, server);
    const id = describeReply(await leaving.must('CLIENT', 'ID')).replace('(integer) ', '');
    await other.must('CONFIG', 'RESETSTAT');
    const replies = leaving.pipeline([
      ['SUNION', 'a', 'b'],
      ['SET', 'behind', id],
    ]);
    const ended = replies.catch(() => null);
    await begun(other, 'sunion');
    if (isKilled) await other.must('CLIENT', 'KILL', 'ID', id);
    else leaving.destroy();
    await ended;
    await mayChange(t, other);
    // What was sent behind it is executed all the same.
    const isBehind = async () => describeReply(await other.must('GET', 'behind')) === `"${id}"`;
    t.ok(await until(isBehind, PATIENCE_MS), 'the rest of the run');
  }
});

test('SHUTDOWN', async (t) => {
  for (const how of ['SAVE', 'NOSAVE']) {
    const server = await serve(t, { fronts: 1, workers: 2, args: SLICED });
    const other = await connect(t, server);
    await fill(other);
    const clients = await Promise.all(LONG.map(() => connect(t, server)));
    const replies = clients.map((client, i) => client.command(...LONG[i]!).catch(() => null));
    await begun(other, 'sunion');
    const ended = other.command('SHUTDOWN', how).catch(() => null);
    await Promise.all([...replies, ended]);
    t.ok(await until(() => server.pid === undefined, PATIENCE_MS), `it ends: ${how}`);
  }
});

test('what was made in slices is in the log', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1, args: SLICED });
  const client = await connect(t, server);
  await fill(client);
  const payload = await client.must('DUMP', 'a');
  if (payload.kind !== 'bulk') throw new Error(describeReply(payload));
  await client.must(
    'HSET',
    'hash',
    ...Array.from({ length: 300 }, (_, i) => [`f${i}`, 'v']).flat(),
  );
  await client.must('HEXPIRE', 'hash', '1000', 'FIELDS', '2', 'f1', 'f2');
  await client.must('COPY', 'a', 'copied');
  await client.must('COPY', 'a', 'moved');
  await client.must('RENAME', 'moved', 'renamed');
  await client.must('COPY', 'hash', 'hash2');
  await client.must('RESTORE', 'restored', '0', payload.bytes);
  // Empty commands within a run are passed over.
  const short = await client.must('DUMP', 'hash');
  if (short.kind !== 'bulk') throw new Error(describeReply(short));
  const [before, behind] = await client.exchange(
    Buffer.concat([
      encodeCommands([['SADD', 'a', 'm1']]),
      Buffer.from('*0\r\n'),
      encodeCommands([['RESTORE', 'timed', '1000000', short.bytes]]),
    ]),
    2,
  );
  t.same(
    [before, behind].map((one) => describeReply(one!.reply)),
    ['(integer) 0', '+"OK"'],
  );
  await client.must('SPOP', 'b', `${MEMBERS - 100}`);
  const left = describeReply(await client.must('SORT', 'b', 'ALPHA'));
  await client.command('SHUTDOWN', 'NOSAVE').catch(() => null);
  t.ok(await until(() => server.pid === undefined, PATIENCE_MS), 'it ends');
  await server.restart();
  const after = await connect(t, server);
  for (const key of ['a', 'copied', 'renamed', 'restored']) {
    const reply = describeReply(await after.must('SINTERCARD', '2', 'a', key));
    t.equal(reply, `(integer) ${MEMBERS}`, key);
  }
  t.equal(describeReply(await after.must('HLEN', 'timed')), '(integer) 300');
  t.match(describeReply(await after.must('TTL', 'timed')), /^\(integer\) \d+$/);
  t.equal(describeReply(await after.must('EXISTS', 'moved')), '(integer) 0');
  t.equal(describeReply(await after.must('HLEN', 'hash2')), '(integer) 300');
  const times = await after.must('HTTL', 'hash2', 'FIELDS', '3', 'f1', 'f2', 'f3');
  t.match(describeReply(times), /\d{3}.*\d{3}.*-1/s);
  t.equal(describeReply(await after.must('SORT', 'b', 'ALPHA')), left);
});

const LONG: string[][] = [
  ['SUNION', 'a', 'b'],
  ['SORT', 'a', 'ALPHA'],
  ['SUNIONSTORE', 'd', 'a', 'b'],
  ['COPY', 'a', 'copy'],
  ['DUMP', 'a'],
];

async function fill(client: RespClient): Promise<void> {
  for (let from = 0; from < MEMBERS; from += BATCH) {
    const some = Array.from({ length: BATCH }, (_, i) => `m${from + i}`);
    await client.pipeline([
      ['SADD', 'a', ...some],
      ['SADD', 'b', ...some],
    ]);
  }
}

/** Waits until a command of another client has begun to read. */
async function begun(client: RespClient, name: string): Promise<void> {
  await until(async () => (await info(client, 'commandstats')).includes(`cmdstat_${name}:calls`));
}

/** What was read is held by nobody in the end. */
async function mayChange(t: Test, client: RespClient): Promise<void> {
  const [one, other] = await client.pipeline([
    ['SADD', 'a', 'new'],
    ['SADD', 'b', 'new'],
  ]);
  t.match(describeReply(one!), /^\(integer\) [01]$/);
  t.match(describeReply(other!), /^\(integer\) [01]$/);
}

function texts(reply: Reply): string[] {
  if (reply.kind !== 'array' && reply.kind !== 'set') throw new Error(describeReply(reply));
  return reply.items.map((item) => (item.kind === 'bulk' ? item.bytes.toString() : '?'));
}
