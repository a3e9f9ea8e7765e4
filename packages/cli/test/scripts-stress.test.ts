// Scripts of many clients over several workers, some of which declare their keys and some do not:
// nobody ever sees a part of one, none is lost, and no kill -9 leaves half of one.

import { Prng, type RespClient } from '@forgekv/testkit';
import { test } from 'tap';
import { Accounts, untilCut } from './support/accounts.ts';
import { connect, connectToEveryFront, keyOnShard, serve } from './support/servers.ts';

const seed = Number(process.env.FORGEKV_SCRIPTS_SEED ?? Date.now() % 2 ** 31);

const MOVERS = 10;
const WANTING_ROUNDS = 48;
const MOVES = 40;
const SERVERS = [
  { fronts: 2, workers: 4, args: [] },
  { fronts: 2, workers: 3, args: ['--debug-keep-cold', 'yes'] },
];

for (const { fronts, workers, args } of SERVERS) {
  const name = `${fronts} fronts, ${workers} workers, ${args.join(' ')}`;
  test(`scripts move money between accounts: ${name}`, async (t) => {
    process.stderr.write(`scripts: FORGEKV_SCRIPTS_SEED=${seed}\n`);
    const server = await serve(t, { fronts, workers, args });
    const clients = await connectToEveryFront(t, server, fronts);
    const accounts = new Accounts();
    await accounts.create(clients[0]!);
    let moving = MOVERS;
    const answers = new Map<string, number>();
    const move = async (client: RespClient, who: number): Promise<void> => {
      const prng = new Prng(seed + who);
      for (let i = 0; i < MOVES; i++) {
        if (prng.below(4) === 0) {
          await accounts.transfer(client, prng);
          continue;
        }
        const reply = await accounts.transferByScript(client, prng);
        const text = reply.kind === 'error' ? reply.text : reply.kind;
        answers.set(text, (answers.get(text) ?? 0) + 1);
      }
      moving--;
    };
    const totals = new Set<number>();
    const observe = async (client: RespClient, who: number): Promise<void> => {
      while (moving > 0) {
        totals.add(await (who % 2 ? accounts.total(client) : accounts.totalByScript(client)));
      }
    };
    while (clients.length < MOVERS + 2) clients.push(await connect(t, server));
    await Promise.all(
      clients.map((client, i) => (i < MOVERS ? move(client, i) : observe(client, i))),
    );
    totals.add(await accounts.totalByScript(clients[0]!));
    t.same([...totals], [accounts.sum], 'all that was seen adds up');
    t.comment(JSON.stringify([...answers]));
    const refusals = [...answers.keys()].filter((text) => text !== 'bulk');
    t.same(refusals, []);
  });
}

test('scripts that turn out to want more', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4 });
  const clients = await Promise.all(Array.from({ length: 16 }, () => connect(t, server)));
  const keys = Array.from({ length: 24 }, (_, i) => keyOnShard((i * 11) % 64, `more:${i}:`));
  for (const key of keys) await clients[0]!.must('SET', key, '100');
  let moved = 0;
  const refusals = new Set<string>();
  for (let round = 0; round < 8; round++) {
    // Takes, then calls for a key that it may not have declared; gives back if it cannot have it.
    const script = `redis.call('decr', KEYS[1])
      local r = redis.pcall('incr', KEYS[2] or ARGV[1])
      if type(r) == 'table' then redis.call('incr', KEYS[1]) end
      return r -- ${round}`;
    // All workers learn that it keeps to its keys.
    const learn = keys.map((key, i) => ['EVAL', script, '2', key, keys[(i + 5) % keys.length]!]);
    await clients[0]!.pipeline(learn);
    const move = async (client: RespClient, who: number): Promise<void> => {
      const prng = new Prng(seed + 100 * round + who);
      for (let i = 0; i < 3; i++) {
        const from = prng.below(keys.length);
        const to = (from + prng.between(1, keys.length - 1)) % keys.length;
        const reply = await client.command('EVAL', script, '1', keys[from]!, keys[to]!);
        if (reply.kind === 'error') refusals.add(reply.text);
        else moved++;
      }
    };
    await Promise.all(clients.map(move));
  }
  const replies = await clients[0]!.pipeline(keys.map((key) => ['GET', key]));
  const sum = replies.reduce(
    (total, reply) => total + (reply.kind === 'bulk' ? Number(reply.bytes.toString()) : NaN),
    0,
  );
  t.equal(sum, keys.length * 100, `${moved} moved`);
  t.same([...refusals], []);
});

test('functions that turn out to want what the other has', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4, args: ['--stores', '4'] });
  // Of two workers, whichever way shards are given to them.
  const pairs = [0, 1, 16, 32].flatMap((one) => {
    return [33, 50, 63].map((two) => [keyOnShard(one, 'want:'), keyOnShard(two, 'want:')] as const);
  });
  const [first, second] = await Promise.all([connect(t, server), connect(t, server)]);
  const refusals: string[] = [];
  for (let round = 0; round < WANTING_ROUNDS; round++) {
    const [one, two] = pairs[round % pairs.length]!;
    await first.must('MSET', one, '100', two, '100');
    const code = `#!lua name=lib
      redis.register_function('move', function(keys, args)
        redis.call('decr', keys[1])
        for i = 1, 200000 do end
        return redis.call('incr', keys[2] or args[1])
      end) -- ${round}`;
    await first.must('FUNCTION', 'LOAD', 'REPLACE', code);
    // Both workers learn that it keeps to its keys, and forget that as soon as it does not.
    await first.must('FCALL', 'move', '2', one, two);
    await first.must('FCALL', 'move', '2', two, one);
    const replies = await Promise.all([
      first.command('FCALL', 'move', '1', one, two),
      second.command('FCALL', 'move', '1', two, one),
    ]);
    for (const reply of replies) if (reply.kind === 'error') refusals.push(reply.text);
    const [a, b] = await first.pipeline([
      ['GET', one],
      ['GET', two],
    ]);
    t.match([a, b], [{ bytes: Buffer.from('100') }, { bytes: Buffer.from('100') }]);
  }
  t.same(refusals, []);
});

test('a script that computes before it calls for keys that it does not declare', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 2 });
  const client = await connect(t, server);
  const compute = 'for i = 1, 2000000 do end';
  for (const key of Array.from({ length: 4 }, (_, i) => keyOnShard(i * 17, 'computed:'))) {
    const read = await client.must(
      'EVAL',
      `${compute} return redis.call('get', ARGV[1])`,
      '0',
      key,
    );
    t.equal(read.kind, 'null');
    const set = `${compute} return redis.call('set', ARGV[1], KEYS[1])`;
    t.match(await client.must('EVAL', set, '1', 'declared', key), { text: 'OK' });
    const more = `redis.call('set', KEYS[1], 1) ${compute} return redis.call('del', ARGV[1])`;
    t.match(await client.must('EVAL', more, '1', 'declared', key), { value: 1n });
  }
});

test('no kill -9 leaves half a script', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const accounts = new Accounts();
  await accounts.create(await connect(t, server));
  for (let round = 0; round < 2; round++) {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(t, server)));
    const cut = clients.map((client, who) => {
      const prng = new Prng(seed + round * 100 + who);
      return untilCut(() => accounts.transferByScript(client, prng));
    });
    await new Promise((resolve) => setTimeout(resolve, 150 + 150 * round));
    await server.kill9();
    await Promise.all(cut);
    await server.restart();
    t.equal(await accounts.totalByScript(await connect(t, server)), accounts.sum, `${round}`);
  }
});
