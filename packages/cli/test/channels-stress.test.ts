// Channels under load: many clients that come, go and are thrown out while others publish. Counts
// stay exact, order holds, nothing is left behind.

import { Random } from '@forgekv/base';
import { describeReply, type Reply } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { connect, infoField, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const CHANNELS = ['a', 'b', 'c'];
const PATTERNS = ['*', '[ab]'];
const PUBLISHERS = 4;
const SUBSCRIBERS = 16;
const MESSAGES = 750;
const PIPELINE = 25;
const SOAK_MS = 3000;

function textOf(reply: Reply | undefined): string {
  return reply?.kind === 'bulk' ? reply.bytes.toString() : '';
}

/** Checks what a subscriber gets: each publisher's messages in order, none twice, none left out. */
class Follower {
  problem = '';
  received = 0;
  /** Last message per publisher and subscription; empty when it has just begun. */
  readonly #last = new Map<string, number>();
  #confirmations = 0;

  take(reply: Reply): void {
    if (reply.kind !== 'push') {
      this.problem ||= `a reply: ${describeReply(reply)}`;
      return;
    }
    const [word, ...rest] = reply.items.map(textOf);
    if (word === 'message') this.#message(`channel ${rest[0]}`, rest[0]!, rest[1]!);
    else if (word === 'pmessage') this.#message(`pattern ${rest[0]}`, rest[1]!, rest[2]!);
    else this.#confirmed(word!, rest[0]!);
  }

  #message(how: string, channel: string, body: string): void {
    this.received++;
    const [publisher, sequence] = body.split(' ');
    const key = `${how} ${publisher} ${channel}`;
    const last = this.#last.get(key);
    const now = Number(sequence);
    if (!this.#on.has(how)) this.problem ||= `${key} comes without a subscription`;
    if (last !== undefined && now !== last + 1) this.problem ||= `${key}: ${now} after ${last}`;
    this.#last.set(key, now);
  }

  readonly #on = new Set<string>();

  #confirmed(word: string, name: string): void {
    this.#confirmations++;
    const how = `${word.startsWith('p') ? 'pattern' : 'channel'} ${name}`;
    if (word.includes('unsub')) this.#on.delete(how);
    else this.#on.add(how);
    for (const key of this.#last.keys()) if (key.startsWith(`${how} `)) this.#last.delete(key);
  }

  get confirmations(): number {
    return this.#confirmations;
  }
}

/** Subscribes and unsubscribes until told to stop, then leaves everything. */
async function subscribeAtRandom(
  client: FrameClient,
  follower: Follower,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  const take = async (confirmations: number): Promise<void> => {
    const wanted = follower.confirmations + confirmations;
    while (follower.confirmations < wanted) follower.take(await client.next());
  };
  while (!isOver()) {
    const names = random.chance(0.7) ? CHANNELS : PATTERNS;
    const command = random.chance(0.6) ? 'SUBSCRIBE' : 'UNSUBSCRIBE';
    client.send(names === CHANNELS ? command : `P${command}`, random.pick(names));
    await take(1);
    for (const { reply } of client.take()) follower.take(reply);
  }
  for (const name of CHANNELS) client.send('UNSUBSCRIBE', name);
  for (const name of PATTERNS) client.send('PUNSUBSCRIBE', name);
  await take(CHANNELS.length + PATTERNS.length);
}

/** Publishes numbered messages; returns the sum of the counts. */
async function publishAll(t: Test, port: number, publisher: number): Promise<number> {
  const client = await connect(t, { port });
  const sequence = CHANNELS.map(() => 0);
  let counted = 0;
  for (let i = 0; i < MESSAGES; i += PIPELINE) {
    const commands = Array.from({ length: PIPELINE }, (_, j) => {
      const at = (i + j) % CHANNELS.length;
      return ['PUBLISH', CHANNELS[at]!, `${publisher} ${++sequence[at]!}`];
    });
    for (const reply of await client.pipeline(commands)) {
      if (reply.kind === 'integer') counted += Number(reply.value);
    }
  }
  return counted;
}

for (const { fronts, workers } of [...LAYOUTS, { fronts: 4, workers: 1 }]) {
  test(`exact counts and order, ${fronts} fronts, ${workers} workers`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.comment(`seed ${seed}`);
    const { port } = await serve(t, { fronts, workers });
    let isOver = false;
    const followers: Follower[] = [];
    const subscribing = Array.from({ length: SUBSCRIBERS }, async (_, i) => {
      const follower = new Follower();
      followers.push(follower);
      const client = await FrameClient.connect(t, port, 3);
      await subscribeAtRandom(client, follower, new Random(seed + i), () => isOver);
      // What was counted has come before the last confirmation.
      if (client.take().length > 0) follower.problem ||= 'something comes after the end';
    });
    const publishing = Array.from({ length: PUBLISHERS }, (_, i) => publishAll(t, port, i));
    const counted = (await Promise.all(publishing)).reduce((sum, count) => sum + count, 0);
    isOver = true;
    await Promise.all(subscribing);
    t.same(
      followers.map(({ problem }) => problem).filter((problem) => problem !== ''),
      [],
    );
    const received = followers.reduce((sum, follower) => sum + follower.received, 0);
    t.equal(received, counted, 'PUBLISH has counted those who got it');
    t.ok(received > MESSAGES, `${received} messages`);
  });
}

for (const { fronts, workers } of LAYOUTS.slice(1)) {
  test(`nothing is left behind, ${fronts} fronts, ${workers} workers`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.comment(`seed ${seed}`);
    const random = new Random(seed);
    const server = await serve(t, { fronts, workers });
    const admin = await connect(t, server);
    const publisher = await connect(t, server);
    const clients = new Set<FrameClient>();
    const endMs = performance.now() + SOAK_MS;
    let killed = 0;
    const publishing = (async () => {
      while (performance.now() < endMs) {
        await publisher.pipeline(CHANNELS.map((name) => ['PUBLISH', name, 'x'.repeat(2000)]));
      }
    })();
    while (performance.now() < endMs) {
      const client = await FrameClient.connect(t, server.port, random.chance(0.5) ? 3 : 2);
      clients.add(client);
      client.send('SUBSCRIBE', ...CHANNELS);
      client.send('PSUBSCRIBE', random.pick(PATTERNS));
      if (random.chance(0.2)) client.send('UNSUBSCRIBE');
      if (random.chance(0.1)) client.send('SSUBSCRIBE', 'shard');
      if (random.chance(0.1)) client.send('RESET');
      if (random.chance(0.1)) client.send('QUIT');
      const victim = random.pick([...clients]);
      if (random.chance(0.3)) {
        victim.destroy();
        clients.delete(victim);
      }
      if (random.chance(0.2)) {
        const list = textOf(await admin.command('CLIENT', 'LIST', 'TYPE', 'pubsub'));
        const [, id = ''] = random.pick(list.split('\n')).match(/^id=(\d+) /) ?? [];
        if (id !== '') {
          await admin.command('CLIENT', 'KILL', 'ID', id);
          killed++;
        }
      }
    }
    await publishing;
    t.ok(killed > 5, `${killed} killed`);
    await admin.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    for (const client of clients) client.destroy();
    const left = async (): Promise<string> => {
      const names = [
        'pubsub_clients',
        'pubsub_channels',
        'pubsub_patterns',
        'pubsubshard_channels',
      ];
      const values = await Promise.all(names.map((name) => infoField(admin, name)));
      return values.join();
    };
    t.ok(await until(async () => (await left()) === '0,0,0,0'), await left());
    const counts = describeReply(await admin.command('PUBSUB', 'NUMSUB', ...CHANNELS));
    t.equal(counts, '["a", (integer) 0, "b", (integer) 0, "c", (integer) 0]');
    t.equal(describeReply(await admin.command('PUBLISH', 'a', 'x')), '(integer) 0');
  });
}
