// Many clients that wait for few keys: nothing is lost, nothing comes twice, those that came first
// are served first; and whatever ends their waits, nobody is left in the books.

import { Prng, type RespClient, type ServerHandle } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { Deliveries } from './support/deliveries.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const seed = Number(process.env.FORGEKV_BLOCKING_SEED ?? Date.now() % 2 ** 31);
const PUSHERS = 7;
/** Of each pusher. */
const PUSHES = 25;
const KILLS = 40;
/** Keys of each kind: `list` and `zset` have one pusher each, `moving` many. */
const LISTS = 7;
const MOVING = 6;

process.stderr.write(`blocking: FORGEKV_BLOCKING_SEED=${seed}\n`);

const isOrdered = (queue: string): boolean => !queue.startsWith('moving');

test('the check sees what is lost, doubled or out of order', async (t) => {
  const tell = (...received: [who: number, number: number][]): number => {
    const deliveries = new Deliveries(isOrdered);
    for (let i = 0; i < 3; i++) deliveries.pushed(Deliveries.element('q', i));
    for (const [who, number] of received) {
      deliveries.received('q', who, Deliveries.element('q', number));
    }
    return deliveries.problems().length;
  };
  t.equal(tell([1, 0], [1, 1], [2, 2]), 0);
  t.equal(tell([1, 0], [1, 1]), 1, 'lost');
  t.equal(tell([1, 0], [1, 1], [1, 2], [2, 2]), 1, 'doubled');
  t.equal(tell([1, 1], [1, 0], [1, 2]), 1, 'out of order');
  t.equal(tell([1, 0], [1, 1], [1, 2], [1, 3]), 1, 'out of nowhere');
});

/** Waits once, by any of the commands, and notes what came. */
async function take(
  client: RespClient,
  prng: Prng,
  deliveries: Deliveries,
  who: number,
): Promise<void> {
  const timeout = prng.pick(['0.005', '0.05', '0.3']);
  const lists = (): string[] =>
    Array.from({ length: 1 + prng.below(3) }, () =>
      prng.below(2) === 0 ? `list:${prng.below(LISTS)}` : `moving:${prng.below(MOVING)}`,
    );
  const zsets = Array.from({ length: 1 + prng.below(3) }, () => `zset:${prng.below(LISTS)}`);
  const keys = lists();
  const commands: string[][] = [
    ['BLPOP', ...keys, timeout],
    ['BLMPOP', timeout, String(keys.length), ...keys, 'LEFT', 'COUNT', '3'],
    ['BZPOPMIN', ...zsets, timeout],
    ['BZMPOP', timeout, String(zsets.length), ...zsets, 'MIN', 'COUNT', '3'],
    ['BLMOVE', `moving:${prng.below(MOVING)}`, `moving:${prng.below(MOVING)}`, 'LEFT', 'RIGHT'],
  ];
  commands[4]!.push(timeout);
  const command = prng.pick(commands);
  const reply = await client.command(...command);
  // What is moved stays for somebody else; null: the time is over; an error: CLIENT UNBLOCK.
  if (reply.kind !== 'array' || command[0] === 'BLMOVE') return;
  const [key, first] = reply.items;
  const queue = key?.kind === 'bulk' ? key.bytes.toString() : '';
  for (const item of first?.kind === 'array' ? first.items : [first]) {
    const element = item?.kind === 'array' ? item.items[0] : item;
    if (element?.kind === 'bulk') deliveries.received(queue, who, element.bytes.toString());
    else throw new Error(`${command.join(' ')}: what is this?`);
  }
}

/** Pushes to its own two keys and to those that many push to, alone and in transactions. */
async function pushAll(
  client: RespClient,
  prng: Prng,
  deliveries: Deliveries,
  pusher: number,
): Promise<void> {
  let number = 0;
  const make = (queue: string): string => {
    const element = Deliveries.element(`${queue}/${pusher}`, number++);
    deliveries.pushed(element);
    return element;
  };
  const command = (): string[] => {
    const kind = prng.below(3);
    if (kind === 0) {
      const score = String(number);
      return ['ZADD', `zset:${pusher}`, score, make(`zset:${pusher}`)];
    }
    const queue = kind === 1 ? `list:${pusher}` : `moving:${prng.below(MOVING)}`;
    return ['RPUSH', queue, ...Array.from({ length: 1 + prng.below(3) }, () => make(queue))];
  };
  for (let i = 0; i < PUSHES; i++) {
    const commands =
      prng.below(4) === 0 ? [['MULTI'], command(), command(), ['EXEC']] : [command()];
    for (const reply of await client.pipeline(commands)) {
      if (reply.kind === 'error') throw new Error('a push is refused');
    }
    if (prng.below(8) === 0) await new Promise((resolve) => setTimeout(resolve, prng.below(20)));
  }
}

async function connectMany(t: Test, server: ServerHandle, count: number): Promise<RespClient[]> {
  return Promise.all(Array.from({ length: count }, () => connect(t, server)));
}

async function idOf(client: RespClient): Promise<string> {
  const id = await client.must('CLIENT', 'ID');
  return id.kind === 'integer' ? String(id.value) : '';
}

async function nobodyWaits(t: Test, client: RespClient): Promise<void> {
  const isForgotten = async (): Promise<boolean> =>
    (await infoField(client, 'key_waiters')) === '0' &&
    (await infoField(client, 'blocked_clients')) === '0';
  t.ok(await until(isForgotten), 'nobody is left in the books');
}

/** How many wait in each layout. */
const TAKERS = [40, 60, 200];

for (const [i, { fronts, workers }] of LAYOUTS.entries()) {
  test(`nothing is lost, nothing comes twice: ${fronts}x${workers}`, async (t) => {
    const server = await serve(t, { fronts, workers });
    const deliveries = new Deliveries(isOrdered);
    const takers = await connectMany(t, server, TAKERS[i]!);
    const ids = await Promise.all(takers.map(idOf));
    const pushers = await connectMany(t, server, PUSHERS);
    const other = await connect(t, server);
    let isOver = false;
    const taking = takers.map(async (client, who) => {
      const prng = new Prng(seed + who);
      while (!isOver) await take(client, prng, deliveries, who);
    });
    const unblocking = (async () => {
      const prng = new Prng(seed - 1);
      while (!isOver) await other.must('CLIENT', 'UNBLOCK', prng.pick(ids), 'ERROR');
    })();
    const pushing = pushers.map((client, i) =>
      pushAll(client, new Prng(seed + 1000 + i), deliveries, i),
    );
    await Promise.all(pushing);
    await until(() => deliveries.missing <= 0, 20_000);
    isOver = true;
    await Promise.all([...taking, unblocking]);
    t.same(deliveries.problems().slice(0, 10), [], `seed ${seed}`);
    await nobodyWaits(t, other);
  });
}

test('those that came first are served first', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4 });
  const clients = await connectMany(t, server, 20);
  const other = await connect(t, server);
  const waiting: Promise<unknown>[] = [];
  for (const [i, client] of clients.entries()) {
    // Some for other keys, too, which are other workers'.
    const keys = i % 3 === 0 ? ['queue', `q${i}`, `r${i}`] : ['queue'];
    const answer = client.command('BLPOP', ...keys, '0');
    waiting.push(answer.then((reply) => reply.kind === 'array' && reply.items[1]));
    const count = String(i + 1);
    await until(async () => (await infoField(other, 'blocked_clients')) === count);
  }
  for (let i = 0; i < 20; i += 2) await other.must('RPUSH', 'queue', i, i + 1);
  const got = (await Promise.all(waiting)).map((reply) =>
    Number((reply as { bytes: Buffer }).bytes),
  );
  t.same(
    got,
    Array.from({ length: 20 }, (_, i) => i),
  );
  await nobodyWaits(t, other);
});

test('no push slips in between a look and a wait', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4 });
  const pairs = 12;
  const clients = await connectMany(t, server, 2 * pairs);
  const talk = async (waits: RespClient, pushes: RespClient, pair: number): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      // Their keys are two workers', and who waits has no time to give up.
      const keys = [`a:${pair}`, `b:${pair}`];
      const key = keys[i % 2]!;
      const answer = waits.command('BLPOP', ...(i % 3 === 0 ? [key] : keys), '0');
      const pushed = pushes.must('RPUSH', key, i);
      const [reply] = await Promise.all([answer, pushed]);
      const item = reply.kind === 'array' ? reply.items[1] : undefined;
      if (item?.kind !== 'bulk' || Number(item.bytes) !== i) t.fail(`pair ${pair}, ${i}`);
    }
  };
  await Promise.all(
    Array.from({ length: pairs }, (_, i) => talk(clients[2 * i]!, clients[2 * i + 1]!, i)),
  );
  await nobodyWaits(t, clients[0]!);
});

test('clients that are killed, or go, leave nothing behind', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4 });
  const deliveries = new Deliveries(isOrdered);
  const other = await connect(t, server);
  const prng = new Prng(seed + 7);
  let isOver = false;
  const wait = async (who: number): Promise<void> => {
    const own = new Prng(seed + who);
    while (!isOver) {
      const client = await connect(t, server, { timeoutMs: 60_000 });
      const id = await idOf(client);
      const end = setTimeout(() => {
        if (own.below(2) === 0) client.destroy();
        else void other.command('CLIENT', 'KILL', 'ID', id);
      }, own.below(60));
      try {
        for (;;) await take(client, own, deliveries, who);
      } catch {
        // It has gone.
      }
      clearTimeout(end);
    }
  };
  const waits = Array.from({ length: 20 }, (_, who) => wait(who));
  const pusher = await connect(t, server);
  for (let i = 0; i < KILLS; i++) {
    const queue = `list:${prng.below(LISTS)}`;
    const element = Deliveries.element(queue, i);
    deliveries.pushed(element);
    await pusher.must('RPUSH', queue, element);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  isOver = true;
  await Promise.all(waits);
  t.same(deliveries.doubled(), []);
  await nobodyWaits(t, other);
});
