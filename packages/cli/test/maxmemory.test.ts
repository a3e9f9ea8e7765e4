// The cap on the dataset in real servers: that it holds, which keys go under each policy, what is
// refused, and that what was evicted stays away. The order of victims is approximate: so are the
// shares asked for.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  describeReply,
  Prng,
  type Reply,
  type RespClient,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, infoField, keyOnShard, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const BATCH = 200;
const VALUE_BYTES = 1000;
const VALUE = 'v'.repeat(VALUE_BYTES);
const CAP_BYTES = 4 * 2 ** 20;
/** What a key of these tests counts, about. */
const KEY_BYTES = VALUE_BYTES + 60;
const FILL = Math.floor((CAP_BYTES / KEY_BYTES) * 0.9);
/** A step of 64 KB per thread, doubled, and a command or two. */
const MOST_ABOVE_BYTES = 2 * 4 * 64 * 1024 + 10 * KEY_BYTES;
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.";

type Args = readonly (string | number)[];

/** A reply in the short form; an error with its sign. */
function plain(reply: Reply): string {
  if (reply.kind === 'simple') return reply.text;
  if (reply.kind === 'error') return `-${reply.text}`;
  if (reply.kind === 'integer') return String(reply.value);
  if (reply.kind === 'bulk') return reply.bytes.toString();
  return describeReply(reply);
}

async function run(client: RespClient, ...args: Args): Promise<string> {
  return plain(await client.command(...args.map(String)));
}

async function keyNames(client: RespClient): Promise<Set<string>> {
  const reply = await client.must('KEYS', '*');
  return new Set(reply.kind === 'array' ? reply.items.map(plain) : []);
}

async function all(client: RespClient, commands: readonly Args[]): Promise<string[]> {
  const replies: string[] = [];
  for (let at = 0; at < commands.length; at += BATCH) {
    const batch = commands.slice(at, at + BATCH).map((args) => args.map(String));
    for (const reply of await client.pipeline(batch)) replies.push(plain(reply));
  }
  return replies;
}

function range<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function keys(prefix: string, count: number): string[] {
  return range(count, (i) => `${prefix}:${i}`);
}

function sets(names: readonly string[], ...options: Args): Args[] {
  return names.map((name) => ['SET', name, VALUE, ...options]);
}

/** The share of keys that are still there. */
async function alive(client: RespClient, names: readonly string[]): Promise<number> {
  const found = await all(
    client,
    names.map((name) => ['EXISTS', name]),
  );
  return found.filter((reply) => reply === '1').length / names.length;
}

async function number(client: RespClient, field: string): Promise<number> {
  return Number(await infoField(client, field));
}

async function dbSize(client: RespClient): Promise<number> {
  return Number(await run(client, 'DBSIZE'));
}

/** Removes as many of these keys as the dataset has above its cap, and one more. */
async function free(client: RespClient, names: readonly string[]): Promise<void> {
  const above = (await number(client, 'forgekv_dataset_bytes')) - CAP_BYTES;
  await client.must('DEL', ...names.slice(0, Math.ceil(above / VALUE_BYTES) + 1));
}

interface Capped {
  readonly fronts?: number;
  readonly workers?: number;
  readonly policy: string;
  readonly args?: readonly string[];
}

async function capped(t: Test, { fronts = 2, workers = 2, policy, args = [] }: Capped) {
  const cap = ['--maxmemory', String(CAP_BYTES), '--maxmemory-policy', policy];
  const server = await serve(t, { fronts, workers, args: [...cap, ...args] });
  return { server, client: await connect(t, server) };
}

/** Checks what must hold while nobody writes. */
async function settled(t: Test, client: RespClient, written: number): Promise<void> {
  const within = async () => (await number(client, 'forgekv_dataset_bytes')) <= CAP_BYTES;
  t.ok(await until(within), 'the dataset is within its cap');
  // Workers evict ahead for a while, and say what they did when they have.
  const accounted = async () =>
    (await dbSize(client)) + (await number(client, 'evicted_keys')) === written;
  t.ok(await until(accounted), `all of ${written} keys are there or evicted`);
  const evicted = await number(client, 'evicted_keys');
  t.ok(evicted > 0);
  t.equal((await keyNames(client)).size, await dbSize(client), 'the keys are those counted');
}

for (const { fronts, workers } of LAYOUTS) {
  test(`lru, ${fronts} fronts, ${workers} workers`, async (t) => {
    const { client } = await capped(t, { fronts, workers, policy: 'allkeys-lru' });
    const old = keys('old', FILL);
    const used = old.filter((_, i) => i % 3 === 0);
    const unused = old.filter((_, i) => i % 3 !== 0);
    const fresh = keys('new', Math.floor(FILL / 3));
    await all(client, sets(old));
    t.equal(await number(client, 'evicted_keys'), 0);
    await sleep(1100);
    await all(
      client,
      used.map((name) => ['GET', name]),
    );
    await sleep(1100);
    t.same(new Set(await all(client, sets(fresh))), new Set(['OK']));
    await settled(t, client, FILL + fresh.length);
    const shares = await Promise.all([used, unused, fresh].map((names) => alive(client, names)));
    process.stderr.write(`lru: used, unused, new: ${shares.map((s) => s.toFixed(3))}\n`);
    const [usedShare = 0, unusedShare = 0, freshShare = 0] = shares;
    t.ok(usedShare > 0.95 && freshShare > 0.95, 'what was used stays');
    t.ok(unusedShare < 0.8, 'what was not used goes');
  });
}

test('lfu', async (t) => {
  const { client } = await capped(t, { policy: 'allkeys-lfu' });
  const old = keys('old', FILL);
  const often = old.filter((_, i) => i % 3 === 0);
  const seldom = old.filter((_, i) => i % 3 !== 0);
  await all(client, sets(old));
  for (let i = 0; i < 30; i++) {
    await all(
      client,
      often.map((name) => ['GETRANGE', name, 0, 0]),
    );
  }
  const freq = await run(client, 'OBJECT', 'FREQ', often[0] as string);
  t.ok(Number(freq) > 5, freq);
  const fresh = keys('new', Math.floor(FILL / 3));
  t.same(new Set(await all(client, sets(fresh))), new Set(['OK']));
  await settled(t, client, FILL + fresh.length);
  const [oftenShare, seldomShare] = [await alive(client, often), await alive(client, seldom)];
  process.stderr.write(`lfu: often, seldom: ${oftenShare.toFixed(3)} ${seldomShare.toFixed(3)}\n`);
  t.ok(oftenShare > 0.95, 'what is used often stays');
  t.ok(seldomShare < 0.9);
});

test('random', async (t) => {
  const { client } = await capped(t, { policy: 'allkeys-random' });
  const old = keys('old', FILL);
  const fresh = keys('new', FILL);
  t.same(new Set(await all(client, [...sets(old), ...sets(fresh)])), new Set(['OK']));
  await settled(t, client, 2 * FILL);
  const [first, second] = [await alive(client, old), await alive(client, fresh)];
  t.ok(first > 0.2 && first < 0.7, `${first.toFixed(2)} of the first half`);
  t.ok(second > 0.4 && second < 0.95, `${second.toFixed(2)} of the second half`);
});

test('volatile-ttl', async (t) => {
  const { client } = await capped(t, { policy: 'volatile-ttl' });
  const third = Math.floor(FILL / 3);
  const lasting = keys('lasting', third);
  const soon = keys('soon', third);
  const late = keys('late', third);
  await all(client, [...sets(lasting), ...sets(soon, 'EX', 1000), ...sets(late, 'EX', 90_000)]);
  const more = keys('more', third);
  t.same(new Set(await all(client, sets(more))), new Set(['OK']));
  await settled(t, client, third * 4);
  t.equal(await alive(client, lasting), 1, 'keys without an expiry stay');
  t.equal(await alive(client, more), 1);
  const [lateShare, soonShare] = [await alive(client, late), await alive(client, soon)];
  process.stderr.write(`ttl: late, soon: ${lateShare.toFixed(3)} ${soonShare.toFixed(3)}\n`);
  t.ok(lateShare > 0.9, 'what expires late stays');
  t.ok(soonShare < 0.6);
});

for (const policy of ['volatile-lru', 'volatile-lfu', 'volatile-random']) {
  test(`${policy}: keys without an expiry stay`, async (t) => {
    const { client } = await capped(t, { policy });
    const few = 20;
    const lasting = keys('lasting', FILL - few);
    const fleeting = keys('fleeting', few);
    await all(client, [...sets(lasting), ...sets(fleeting, 'EX', 1000)]);
    const more = keys('more', Math.floor(FILL * 0.2));
    const replies = await all(client, sets(more));
    t.equal(await alive(client, lasting), 1);
    t.equal(await alive(client, fleeting), 0, 'the few that may go are found, and go');
    t.ok(replies.includes(OOM), 'then nothing may go');
    const stored = replies.filter((reply) => reply === 'OK').length;
    t.equal(await number(client, 'evicted_keys'), few);
    t.equal(await dbSize(client), lasting.length + stored);
    await free(client, lasting);
    t.equal(await run(client, 'SET', 'more', VALUE), 'OK');
  });
}

test('noeviction', async (t) => {
  const { client } = await capped(t, { policy: 'noeviction' });
  const names = keys('k', FILL * 2);
  const replies = await all(client, sets(names));
  const stored = replies.filter((reply) => reply === 'OK').length;
  t.same(new Set(replies), new Set(['OK', OOM]));
  t.ok((await number(client, 'forgekv_dataset_bytes')) <= CAP_BYTES + MOST_ABOVE_BYTES);
  t.equal(await dbSize(client), stored);
  t.equal(await number(client, 'evicted_keys'), 0);
  const first = names[0] as string;
  for (const args of [
    ['SET', first, 'x'],
    ['APPEND', first, 'x'],
    ['INCR', 'n'],
    ['PFADD', 'p'],
  ]) {
    t.equal(await run(client, ...args), OOM, args[0] as string);
  }
  t.equal(await run(client, 'GET', first), VALUE);
  t.equal(await run(client, 'EXPIRE', first, '1000'), '1');
  t.match(await infoField(client, 'errorstat_OOM'), /^count=\d+$/);
  t.match(await infoField(client, 'cmdstat_append'), /calls=0,.*rejected_calls=1/);
  await free(client, names);
  t.equal(await run(client, 'SET', first, 'x'), 'OK', 'at once');
  t.equal(await run(client, 'CONFIG', 'SET', 'maxmemory', '0'), 'OK');
  t.same(new Set(await all(client, sets(names))), new Set(['OK']), 'no cap any more');
});

test('the same answers as Redis', { skip: skipWithoutRedis() }, async (t) => {
  const { client } = await capped(t, { policy: 'noeviction' });
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await connect(t, server);
  const commands = `
    CONFIG SET maxmemory abc|CONFIG SET maxmemory -1|CONFIG SET maxmemory 100mbx
    CONFIG SET maxmemory 2gb|CONFIG GET maxmemory|CONFIG SET maxmemory 1k|CONFIG GET maxmemory
    CONFIG SET maxmemory 0|CONFIG SET maxmemory-policy foo|CONFIG SET maxmemory-samples 0
    CONFIG SET maxmemory-samples x|CONFIG SET lfu-log-factor -1|CONFIG SET lfu-decay-time -1
    CONFIG SET maxmemory-samples 7|CONFIG GET maxmemory-samples|CONFIG GET lfu-log-factor
    SET a 1|OBJECT FREQ a|OBJECT IDLETIME a|CONFIG SET maxmemory-policy ALLKEYS-LFU
    SET b text|OBJECT FREQ b|OBJECT IDLETIME b|OBJECT FREQ none|OBJECT IDLETIME none
    CONFIG SET lfu-log-factor 0|GET b|GET b|STRLEN b|OBJECT FREQ b|APPEND b 2|OBJECT FREQ b
    SET b word|OBJECT FREQ b|TTL b|EXISTS b|TYPE b|OBJECT ENCODING b|OBJECT FREQ b
    CONFIG SET maxmemory-policy noeviction maxmemory 1
    SET c 1|SET a 2|INCR n|SETRANGE a 0 x|GETSET a 1|MSET a 1 b 2|BITOP NOT d a|COPY a e
    GET a|DEL none|EXPIRE a 100|PERSIST a|RENAME a c|TYPE c|DBSIZE|SET c
    CONFIG SET maxmemory-policy volatile-lru|SET x 1|CONFIG SET maxmemory-policy volatile-ttl
    SET x 1|CONFIG SET maxmemory 0|SET x 1|DBSIZE`;
  for (const line of commands.trim().split(/[|\n]/)) {
    const args = line.trim().split(' ');
    const [ours, theirs] = [await client.command(...args), await redis.command(...args)];
    // Seconds, which may pass between the two.
    if (args[1] === 'IDLETIME') t.equal(ours.kind, theirs.kind, args.join(' '));
    else t.equal(describeReply(ours), describeReply(theirs), args.join(' '));
  }
});

test('CONFIG SET at run time', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  await all(client, sets(keys('k', FILL)));
  await client.must('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', '1mb');
  const within = async () => (await number(client, 'forgekv_dataset_bytes')) <= 2 ** 20;
  t.ok(await until(within), 'evicted without a command asking for it');
  t.equal(await infoField(client, 'maxmemory'), String(2 ** 20));
  t.equal(await infoField(client, 'maxmemory_policy'), 'allkeys-lru');
  t.equal((await dbSize(client)) + (await number(client, 'evicted_keys')), FILL);
  const before = await dbSize(client);
  await sleep(300);
  t.equal(await dbSize(client), before, 'no more than that');
  await client.must('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
  t.match(await run(client, 'OBJECT', 'FREQ', 'none'), 'nil');
  await client.must('FLUSHALL');
  t.equal(await number(client, 'forgekv_dataset_bytes'), 0);
  await all(client, sets(keys('k', 100)));
  t.equal(await dbSize(client), 100);
});

test('after a restart evicted keys are gone, and the cap still holds', async (t) => {
  const { server, client } = await capped(t, { policy: 'allkeys-random' });
  const names = keys('k', FILL * 2);
  await all(client, sets(names));
  await settled(t, client, names.length);
  const before = await keyNames(client);
  const bytes = await number(client, 'forgekv_dataset_bytes');
  for (const how of ['kill', 'restart'] as const) {
    // An orderly stop is part of a restart.
    if (how === 'kill') await server.kill9();
    await server.restart();
    const again = await connect(t, server);
    t.equal(await number(again, 'evicted_keys'), 0, `nothing had to go after a ${how}`);
    t.equal(await number(again, 'forgekv_dataset_bytes'), bytes, `after a ${how}`);
    t.same(await keyNames(again), before);
  }
  const last = await connect(t, server);
  await all(last, sets(keys('more', FILL)));
  const within = async () => (await number(last, 'forgekv_dataset_bytes')) <= CAP_BYTES;
  t.ok(await until(within));
});

test('many clients at once, small values and large ones, cold ones too', async (t) => {
  const small = ['--memtable-size-mb', '16', '--maxmemory', '24mb'];
  const { server, client } = await capped(t, {
    ...{ policy: 'allkeys-lru', args: small },
  });
  const seed = Math.floor(Math.random() * 2 ** 32);
  const mostBytes = 24 * 2 ** 20;
  let highest = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      highest = Math.max(highest, await number(client, 'forgekv_dataset_bytes'));
      await sleep(5);
    }
  })();
  const large = 'L'.repeat(2 ** 20);
  const writers = range(8, async (who) => {
    const prng = new Prng(seed + who);
    const one = await connect(t, server);
    for (let round = 0; round < 8; round++) {
      const commands = range(BATCH, (i): Args => {
        const key = `k:${prng.below(50_000)}`;
        if (i === 0) return ['SET', keyOnShard(prng.below(64), `big:${round}:`), large];
        return prng.below(3) === 0 ? ['GET', key] : ['SET', key, 'x'.repeat(prng.below(2000))];
      });
      const replies = await all(one, commands);
      const failed = replies.find((reply) => reply.startsWith('-'));
      if (failed !== undefined) throw new Error(failed);
    }
  });
  await Promise.all(writers).finally(() => {
    isDone = true;
  });
  await watching;
  const above = Math.max(0, highest - mostBytes);
  const evicted = await number(client, 'evicted_keys');
  process.stderr.write(`${evicted} evicted, ${above} bytes above the cap, seed ${seed}\n`);
  // Each of four threads may be with a command of 1 MB when the cap is reached.
  t.ok(above <= MOST_ABOVE_BYTES + 4 * large.length, `${above} bytes above the cap`);
  t.ok(evicted > 1000, `${evicted} evicted`);
  const within = async () => (await number(client, 'forgekv_dataset_bytes')) <= mostBytes;
  t.ok(await until(within));
  const held = await number(client, 'large_value_bytes');
  const isFreed = async () => (await number(client, 'large_value_bytes')) <= mostBytes * 1.5;
  t.ok(await until(isFreed), `${held} bytes of large values are held`);
  await client.must('FLUSHALL');
  t.equal(await number(client, 'forgekv_dataset_bytes'), 0);
});
