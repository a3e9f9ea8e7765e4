// MULTI, EXEC and WATCH: what Redis answers, one after the other; and that nobody ever sees a part
// of a transaction, that WATCH loses no update, and that no kill -9 leaves half of one.

import { Prng, type RespClient, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Accounts, untilCut } from './support/accounts.ts';
import { connect, connectToEveryFront, keyOnShard, LAYOUTS, serve } from './support/servers.ts';
import { converse } from './support/transcripts.ts';

const seed = Number(process.env.FORGEKV_TRANSACTIONS_SEED ?? Date.now() % 2 ** 31);

const FORCE_HOP = ['--debug-force-hop', 'yes'];
const LARGE = ['--hot-value-max-bytes', '64'];
const KEEP_COLD = ['--debug-keep-cold', 'yes'];

const SCRIPTS: Readonly<Record<string, string>> = {
  'the commands themselves': `
    a> SET x 1
    a> MULTI
    a> SET x 2
    a> INCR x
    a> GET x
    b> GET x
    a> EXEC
    a> EXEC
    a> DISCARD
    a> MULTI
    a> SET x 9
    a> DISCARD
    a> GET x
    a> MULTI
    a> EXEC
    a> MULTI
    a> MULTI
    a> WATCH x
    a> GET x
    a> EXEC
    a> EXEC foo
    a> MULTI
    a> EXEC foo
    a> EXEC`,
  'errors while queueing and while running': `
    a> MULTI
    a> SET y
    a> SET y 1
    a> EXEC
    a> EXISTS y
    a> MULTI
    a> NOSUCH command
    a> EXEC
    a> MULTI
    a> CLIENT NOSUCH
    a> EXEC
    a> MULTI
    a> SHUTDOWN
    a> EXEC
    a> MULTI
    a> SET y v
    a> INCR y
    a> LPUSH y 1
    a> GET y
    a> EXEC`,
  WATCH: `
    a> SET k 1
    a> WATCH k
    b> SET k 1
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    b> GET k
    a> MULTI
    a> PING
    a> EXEC
    a> SET k 12
    a> WATCH k
    b> SETBIT k 2 1
    b> BITFIELD k SET u8 0 49
    a> OBJECT ENCODING k
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k k other
    a> SET k 2
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    b> EXPIRE k 1000
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    b> SET k 3
    a> UNWATCH
    a> MULTI
    a> GET k
    a> EXEC
    a> WATCH k
    b> SET k 4
    a> MULTI
    a> DISCARD
    a> MULTI
    a> GET k
    a> EXEC
    a> WATCH k
    b> DEL k
    a> MULTI
    a> EXEC
    a> WATCH k
    b> DEL k
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    b> SET k 1
    b> DEL k
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    b> FLUSHALL
    a> MULTI
    a> PING
    a> EXEC
    a> SET k v
    a> WATCH k
    b> FLUSHALL
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    a> SELECT 3
    b> SET k 1
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    a> SELECT 0
    b> DEL k
    a> MULTI
    a> PING
    a> EXEC
    a> SET k v
    a> WATCH k
    b> SWAPDB 0 1
    a> MULTI
    a> PING
    a> EXEC
    a> WATCH k
    b> SWAPDB 1 0
    a> MULTI
    a> PING
    a> EXEC`,
  'keys that come and go with their database': `
    a> SET there 1
    a> WATCH there
    b> SWAPDB 0 1
    b> SWAPDB 1 0
    a> MULTI
    a> PING
    a> EXEC
    b> SELECT 1
    b> SET missing 1
    b> SELECT 0
    a> WATCH missing
    b> SWAPDB 0 1
    b> DEL missing
    a> MULTI
    a> PING
    a> EXEC`,
  'keys that expire': `
    a> SET e 1 PX 500
    a> WATCH e
    a> MULTI
    a> PING
    sleep 600
    a> EXEC
    a> SET e 1 PX 30
    sleep 60
    a> WATCH e
    a> MULTI
    a> PING
    a> EXEC`,
  'all kinds of commands in one': `
    a> MULTI
    a> PING
    a> ECHO hi
    a> SELECT 2
    a> SET in2 v
    a> SELECT 0
    a> GET in2
    a> SELECT 99
    a> MSET k1 v1 k2 v2 k3 v3
    a> MGET k1 k2 k3
    a> SADD s 1 2 3
    a> SUNIONSTORE u s s
    a> RENAME k1 k9
    a> DBSIZE
    a> LPUSH l c b a
    a> SORT l ALPHA
    a> ZADD z 1 a 2 b
    a> ZRANGE z 0 -1 WITHSCORES
    a> EXEC
    a> MULTI
    a> SET a 1
    a> FLUSHALL
    a> SET b 2
    a> DBSIZE
    a> KEYS *
    a> RANDOMKEY
    a> EXEC
    a> MULTI
    a> CONFIG SET maxmemory-samples 6
    a> CONFIG GET maxmemory-samples
    a> SET q 1
    a> CONFIG SET maxmemory-samples 5
    a> GET q
    a> EXEC
    a> MULTI
    a> CONFIG SET maxmemory-samples 6
    a> CONFIG GET maxmemory-samples
    a> EXEC
    a> MULTI
    a> CLIENT GETNAME
    a> GET q
    a> CLIENT SETNAME joe
    a> CLIENT GETNAME
    a> EXEC
    a> MULTI
    a> UNWATCH
    a> GET q
    a> EXEC`,
  'large values': `
    a> SET big ${'x'.repeat(30_000)}
    a> MULTI
    a> APPEND big yy
    a> STRLEN big
    a> SET big2 ${'y'.repeat(20_000)}
    a> GETRANGE big2 0 5
    a> COPY big big3
    a> STRLEN big3
    a> MOVE big2 1
    a> SELECT 1
    a> STRLEN big2
    a> SWAPDB 0 1
    a> STRLEN big2
    a> STRLEN big3
    a> EXEC
    a> WATCH big
    b> APPEND big z
    a> MULTI
    a> PING
    a> EXEC`,
};

test('it says what Redis says', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  for (const args of [[], FORCE_HOP, LARGE, KEEP_COLD]) {
    const server = await serve(t, { fronts: 2, workers: 2, args });
    for (const resp of [2, 3] as const) {
      for (const [name, script] of Object.entries(SCRIPTS)) {
        // KEYS and RANDOMKEY are refused while keys are only on disk.
        const lines =
          args === KEEP_COLD ? script.replace(/ *a> (KEYS|RANDOMKEY).*\n/g, '') : script;
        const about = `${name}, RESP${resp}, ${args.join(' ')}`;
        for (const { port } of [redis, server]) await (await connect(t, { port })).must('FLUSHALL');
        t.same(await converse(lines, redis, server, resp), [], about);
      }
    }
    await server.stop();
  }
});

const MOVERS = 10;
const MOVES = 80;
const COUNTS = 40;

const SERVERS = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: [] as string[] })),
  { fronts: 3, workers: 4, args: FORCE_HOP },
  { fronts: 2, workers: 3, args: KEEP_COLD },
];

for (const { fronts, workers, args } of SERVERS) {
  const name = `${fronts} fronts, ${workers} workers, ${args.join(' ')}`;
  test(`money moves between accounts: ${name}`, async (t) => {
    process.stderr.write(`transactions: FORGEKV_TRANSACTIONS_SEED=${seed}\n`);
    const server = await serve(t, { fronts, workers, args });
    const clients = await connectToEveryFront(t, server, fronts);
    const accounts = new Accounts();
    await accounts.create(clients[0]!);
    let moving = MOVERS;
    let refused = 0;
    const move = async (client: RespClient, who: number): Promise<void> => {
      const prng = new Prng(seed + who);
      for (let i = 0; i < MOVES; i++) {
        if (prng.below(2) === 0) await accounts.transfer(client, prng);
        else if (!(await accounts.transferWatched(client, prng))) refused++;
      }
      moving--;
    };
    const totals = new Set<number>();
    const observe = async (client: RespClient): Promise<void> => {
      while (moving > 0) totals.add(await accounts.total(client));
    };
    while (clients.length < MOVERS + 2) clients.push(await connect(t, server));
    await Promise.all(clients.map((client, i) => (i < MOVERS ? move(client, i) : observe(client))));
    totals.add(await accounts.total(clients[0]!));
    t.same([...totals], [accounts.sum], `${refused} of ${MOVERS * MOVES} refused`);
    await t.test('WATCH loses no update', (t) => countUp(t, clients.slice(0, 8)));
  });
}

/** Each adds one by reading and writing, until that was not refused. */
async function countUp(t: Test, clients: readonly RespClient[]): Promise<void> {
  const key = keyOnShard(17, 'watched:');
  const count = async (client: RespClient): Promise<void> => {
    for (let done = 0; done < COUNTS; ) {
      await client.must('WATCH', key);
      const seen = await client.command('GET', key);
      const value = seen.kind === 'bulk' ? Number(seen.bytes.toString()) : 0;
      const replies = await client.pipeline([['MULTI'], ['SET', key, String(value + 1)], ['EXEC']]);
      if (replies[2]!.kind === 'array') done++;
    }
  };
  await Promise.all(clients.map(count));
  const last = await clients[0]!.command('GET', key);
  t.match(last, { bytes: Buffer.from(String(clients.length * COUNTS)) });
}

test('no kill -9 leaves half a transaction', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const accounts = new Accounts();
  await accounts.create(await connect(t, server));
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(t, server)));
    const cut = clients.map((client, who) => {
      const prng = new Prng(seed + round * 100 + who);
      return untilCut(() =>
        prng.below(2) === 0
          ? accounts.transfer(client, prng)
          : accounts.transferWatched(client, prng),
      );
    });
    await new Promise((resolve) => setTimeout(resolve, 100 + 60 * round));
    await server.kill9();
    await Promise.all(cut);
    await server.restart();
    t.equal(await accounts.total(await connect(t, server)), accounts.sum, `round ${round}`);
  }
});
