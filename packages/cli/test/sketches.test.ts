// Sketches on a whole server: through the clients people use, over both protocols; in transactions
// and scripts, with key events; beside others of all sizes through memory that is too small,
// through restarts and kill -9.

import { setTimeout as sleep } from 'node:timers/promises';
import { RespClient, type ServerHandle, startForgeKv } from '@forgekv/testkit';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { t as file, type Test, test } from 'tap';

/** Rounds of writes of each client before it is killed. */
const WRITTEN = 25;
const ROUNDS = Number(process.env.FORGEKV_KILL_ROUNDS ?? 1);
const RUNS = [
  { fronts: 1, workers: 1, args: [] as string[] },
  { fronts: 2, workers: 2, args: ['--debug-keep-cold', 'yes'] },
];

/** For those that only use it. */
const clientServer = startForgeKv({
  ...{ fronts: 1, workers: 2 },
  args: ['--notify-keyspace-events', 'Ed'],
});
file.teardown(async () => {
  await (await clientServer).stop();
});

for (const protocol of [2, 3] as const) {
  test(`node-redis and its bloom package, RESP${protocol}`, async (t) => {
    const { port } = await clientServer;
    const client = createClient({ socket: { port }, RESP: protocol, database: protocol });
    await client.connect();
    t.teardown(() => client.destroy());

    t.equal(await client.bf.reserve('b', 0.01, 1000, { EXPANSION: 3 }), 'OK');
    t.equal(await client.bf.add('b', 'x'), true);
    t.equal(await client.bf.exists('b', 'x'), true);
    t.same(await client.bf.mAdd('b', ['x', 'y']), [false, true]);
    t.same(await client.bf.mExists('b', ['y', 'no']), [true, false]);
    t.same(await client.bf.insert('b2', ['a'], { CAPACITY: 50, ERROR: 0.1 }), [true]);
    t.equal(await client.bf.card('b'), 2);
    t.match(await client.bf.info('b'), {
      ...{ Capacity: 1000, 'Number of filters': 1 },
      ...{ 'Number of items inserted': 2, 'Expansion rate': 3 },
    });
    const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    for (let iterator = 0; ; ) {
      const part = await binary.bf.scanDump('b', iterator);
      iterator = part.iterator;
      if (iterator === 0) break;
      t.equal(await binary.bf.loadChunk('loaded', iterator, part.chunk), 'OK');
    }
    t.equal(await client.bf.card('loaded'), 2);

    t.equal(await client.cf.reserve('c', 1000, { BUCKETSIZE: 4 }), 'OK');
    t.equal(await client.cf.add('c', 'x'), true);
    t.equal(await client.cf.addNX('c', 'x'), false);
    t.same(await client.cf.insert('c', ['y', 'z']), [true, true]);
    t.equal(await client.cf.count('c', 'x'), 1);
    t.equal(await client.cf.exists('c', 'no'), false);
    t.equal(await client.cf.del('c', 'x'), true);
    t.match(await client.cf.info('c'), { 'Bucket size': 4, 'Number of items inserted': 2 });

    t.equal(await client.cms.initByProb('m', 0.01, 0.01), 'OK');
    t.same(await client.cms.incrBy('m', [{ item: 'x', incrementBy: 3 }]), [3]);
    t.same(await client.cms.query('m', ['x', 'y']), [3, 0]);
    await client.cms.initByProb('m2', 0.01, 0.01);
    t.equal(await client.cms.merge('m2', [{ name: 'm', weight: 2 }]), 'OK');
    t.same(await client.cms.query('m2', 'x'), [6]);
    t.match(await client.cms.info('m'), { width: 200, depth: 7, count: 3 });

    t.equal(await client.topK.reserve('k', 2), 'OK');
    t.same(await client.topK.add('k', ['x', 'x', 'y']), [null, null, null]);
    t.same(await client.topK.query('k', ['x', 'no']), [true, false]);
    t.same(await client.topK.list('k'), ['x', 'y']);
    t.same(await client.topK.listWithCount('k'), [
      { item: 'x', count: 2 },
      { item: 'y', count: 1 },
    ]);
    t.match(await client.topK.info('k'), { k: 2, width: 8, depth: 7, decay: 0.9 });

    t.equal(await client.tDigest.create('t', { COMPRESSION: 200 }), 'OK');
    t.equal(await client.tDigest.add('t', [1, 2, 3, 4]), 'OK');
    t.same(await client.tDigest.quantile('t', [0, 1]), [1, 4]);
    t.same(await client.tDigest.rank('t', [1, 9]), [0, 4]);
    t.same(await client.tDigest.byRank('t', [0, 9]), [1, Infinity]);
    t.equal(await client.tDigest.min('t'), 1);
    t.equal(await client.tDigest.trimmedMean('t', 0, 1), 2.5);
    t.match(await client.tDigest.info('t'), { Compression: 200, Observations: 4 });

    const replies = await client
      .multi()
      .bf.add('b', 'in')
      .cms.incrBy('m', { item: 'x', incrementBy: 1 })
      .exec();
    t.same(replies, [true, [4]]);
  });

  test(`ioredis, RESP${protocol}`, async (t) => {
    const { port } = await clientServer;
    const redis = new Redis({ port, db: protocol + 2, ...(protocol === 3 ? { protocol } : {}) });
    t.teardown(() => redis.disconnect());
    t.equal(Number(await redis.call('BF.ADD', 'b', 'x')), 1);
    t.same(((await redis.call('BF.MEXISTS', 'b', 'x', 'y')) as unknown[]).map(Number), [1, 0]);
    t.equal(Number(await redis.call('CF.ADDNX', 'c', 'x')), 1);
    t.equal(await redis.call('CMS.INITBYDIM', 'm', '100', '3'), 'OK');
    t.same(await redis.call('CMS.INCRBY', 'm', 'x', '5'), [5]);
    t.equal(await redis.call('TOPK.RESERVE', 'k', '3'), 'OK');
    t.same(await redis.call('TOPK.ADD', 'k', 'x'), [null]);
    t.equal(await redis.call('TDIGEST.CREATE', 't'), 'OK');
    t.equal(await redis.call('TDIGEST.ADD', 't', '2'), 'OK');
    t.equal(Number(await redis.call('TDIGEST.MAX', 't')), 2);
    // In a script, and in a transaction.
    const script =
      "return redis.call('BF.ADD', KEYS[1], ARGV[1]) + redis.call('CF.COUNT', 'c', 'x')";
    t.equal(await redis.eval(script, 1, 'b', 'from lua'), 2);
    t.equal(await redis.type('k'), 'TopK-TYPE');
  });
}

test('key events', async (t) => {
  const { port } = await clientServer;
  const listener = new Redis({ port });
  const client = new Redis({ port });
  t.teardown(() => {
    listener.disconnect();
    client.disconnect();
  });
  const heard: string[] = [];
  listener.on('pmessage', (_, channel: string, key: string) => {
    heard.push(`${channel.replace('__keyevent@0__:', '')} ${key}`);
  });
  await listener.psubscribe('__keyevent@0__:*');
  await client.call('BF.ADD', 'b', 'x');
  await client.call('BF.ADD', 'b', 'x');
  await client.call('CF.ADD', 'c', 'x');
  await client.call('TDIGEST.CREATE', 't');
  while (heard.length < 3) await sleep(5);
  t.same(heard, ['bf.add b', 'cf.add c', 'tdigest.create t']);
});

/** What clients know was answered, by the number of the item. */
interface Ledger {
  added: number;
  counted: number;
}

/** Keys of a worker's own: some small, some large. */
async function prepare(client: RespClient, name: string): Promise<void> {
  await client.must('BF.RESERVE', `bf:${name}`, '0.001', '60000');
  await client.must('BF.RESERVE', `small:${name}`, '0.01', '10');
  await client.must('CF.RESERVE', `cf:${name}`, '30000', 'EXPANSION', '2');
  await client.must('CMS.INITBYDIM', `cms:${name}`, '8000', '3');
  await client.must('TOPK.RESERVE', `topk:${name}`, '20', '3000', '3', '0.9');
  await client.must('TDIGEST.CREATE', `td:${name}`, 'COMPRESSION', '300');
}

async function write(client: RespClient, name: string, ledger: Ledger): Promise<void> {
  for (;;) {
    const i = ledger.added;
    await client.must('BF.ADD', `bf:${name}`, i);
    await client.must('BF.MADD', `small:${name}`, i, `${i}b`);
    await client.must('CF.ADD', `cf:${name}`, i);
    await client.must('TOPK.INCRBY', `topk:${name}`, `item ${i % 7}`, 1);
    await client.must('TDIGEST.ADD', `td:${name}`, i);
    ledger.added++;
    await client.must('CMS.INCRBY', `cms:${name}`, 'x', 1);
    ledger.counted++;
  }
}

async function check(t: Test, client: RespClient, name: string, ledger: Ledger): Promise<void> {
  for (const [command, key] of [
    ['BF.MEXISTS', 'bf'],
    ['BF.MEXISTS', 'small'],
    ['CF.MEXISTS', 'cf'],
  ] as const) {
    const items = Array.from({ length: ledger.added }, (_, i) => i);
    for (let from = 0; from < items.length; from += 500) {
      const reply = await client.must(command, `${key}:${name}`, ...items.slice(from, from + 500));
      const lost = reply.kind === 'array' && reply.items.some((one) => isZero(one));
      if (lost) t.fail(`${key}:${name} has lost an item behind ${from}`);
    }
  }
  const counted = await client.must('CMS.QUERY', `cms:${name}`, 'x');
  const count =
    counted.kind === 'array' && counted.items[0]?.kind === 'integer'
      ? Number(counted.items[0].value)
      : -1;
  // One that was not answered may have been done, in each round.
  t.ok(count >= ledger.counted && count <= ledger.counted + 9, `${count} of ${ledger.counted}`);
  const info = await client.must('TDIGEST.INFO', `td:${name}`);
  const observations =
    info.kind === 'array' && info.items[13]?.kind === 'integer' ? Number(info.items[13].value) : -1;
  t.ok(observations >= ledger.added && observations <= ledger.added + 9, `${observations}`);
  const listed = await client.must('TOPK.LIST', `topk:${name}`);
  t.ok(listed.kind === 'array' && listed.items.length === Math.min(7, observations));
}

function isZero(reply: { kind: string; value?: unknown }): boolean {
  return reply.kind === 'integer' && reply.value === 0n;
}

async function load(server: ServerHandle, ledgers: Map<string, Ledger>): Promise<void> {
  const running: Promise<void>[] = [];
  for (const [name, ledger] of ledgers) {
    running.push(write(await RespClient.connect({ port: server.port }), name, ledger));
  }
  const ended = Promise.allSettled(running);
  const wanted = [...ledgers.values()].map((ledger) => [ledger, ledger.added + WRITTEN] as const);
  while (wanted.some(([ledger, added]) => ledger.added < added)) await sleep(5);
  await server.kill9();
  await ended;
}

for (const { fronts, workers, args } of RUNS) {
  test(`kill -9, ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await startForgeKv({ fronts, workers, args });
    t.teardown(() => server.stop());
    const ledgers = new Map(['a', 'b'].map((name) => [name, { added: 0, counted: 0 }]));
    const first = await RespClient.connect({ port: server.port });
    for (const name of ledgers.keys()) await prepare(first, name);
    for (let round = 0; round < ROUNDS; round++) {
      await load(server, ledgers);
      await server.restart();
    }
    const client = await RespClient.connect({ port: server.port });
    for (const [name, ledger] of ledgers) {
      await check(t, client, name, ledger);
    }
    await client.close();
  });
}

test('many sketches in little memory, and an orderly restart', async (t) => {
  const args = ['--memtable-size-mb', '8', '--large-values-max-bytes', '4mb'];
  const server = await startForgeKv({ fronts: 1, workers: 2, args });
  t.teardown(() => server.stop());
  let client = await RespClient.connect({ port: server.port });
  const keys = 16;
  for (let i = 0; i < keys; i++) {
    await client.must('BF.RESERVE', `b${i}`, '0.01', i % 3 === 0 ? '300000' : '5000');
    await client.must('BF.MADD', `b${i}`, ...Array.from({ length: 50 }, (_, k) => `${i} ${k}`));
    await client.must('CMS.INITBYDIM', `m${i}`, '20000', '2');
    await client.must('CMS.INCRBY', `m${i}`, 'x', i + 1);
  }
  const look = async (): Promise<void> => {
    for (let i = 0; i < keys; i++) {
      const found = await client.must('BF.MEXISTS', `b${i}`, `${i} 0`, `${i} 49`);
      t.match(found, { items: [{ value: 1n }, { value: 1n }] }, `b${i}`);
      const count = await client.must('CMS.QUERY', `m${i}`, 'x');
      t.match(count, { items: [{ value: BigInt(i + 1) }] }, `m${i}`);
    }
  };
  await look();
  await client.close();
  await server.restart();
  client = await RespClient.connect({ port: server.port });
  await look();
  await client.close();
});
