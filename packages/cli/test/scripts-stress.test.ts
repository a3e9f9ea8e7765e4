// Scripts of many clients over several workers, some of which declare their keys and some do not:
// nobody ever sees a part of one, none is lost, and no kill -9 leaves half of one.

import { Prng, type RespClient } from '@forgekv/testkit';
import { test } from 'tap';
import { Accounts, untilCut } from './support/accounts.ts';
import { connect, connectToEveryFront, keyOnShard, serve } from './support/servers.ts';

const seed = Number(process.env.FORGEKV_SCRIPTS_SEED ?? Date.now() % 2 ** 31);

const MOVERS = 10;
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
    t.ok(
      refusals.every((text) => text.startsWith('TRYAGAIN ')),
      'who is refused may try again',
    );
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
  t.ok([...refusals].every((text) => text.startsWith('TRYAGAIN ')));
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
