// kill -9 in the middle of commands that make collections grow, each connection its own ones: what
// is found afterwards is what was there after some number of its commands, no fewer than were
// answered and no more than were sent, in each collection for itself.
//
// FORGEKV_COLLECTIONS_SEED repeats a run, FORGEKV_COLLECTIONS_ROUNDS makes each of them longer.

import { type CommandArg, describeReply, Prng, type RespClient } from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { connect, serve } from './support/servers.ts';

const firstSeed = Number(process.env.FORGEKV_COLLECTIONS_SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.FORGEKV_COLLECTIONS_ROUNDS ?? 4);
const CONNECTIONS = 4;
const MOST_PER_BATCH = 60;
const MS_PER_ROUND = 600;
const MOST_TEXT = 1 << 22;
const FEW_PACKED = [
  ...['--hash-max-listpack-entries', '8', '--set-max-listpack-entries', '8'],
  ...['--zset-max-listpack-entries', '8', '--list-max-listpack-size', '8'],
];
const RUNS = [
  { fronts: 1, workers: 1, args: [...FEW_PACKED, '--debug-keep-cold', 'yes'] },
  { fronts: 2, workers: 4, args: [...FEW_PACKED, '--debug-keep-cold', 'yes'] },
];

file.setTimeout(240_000);
process.stderr.write(`collections and kill -9: FORGEKV_COLLECTIONS_SEED=${firstSeed}\n`);

/** How a collection gets its n-th element, and how all are read in the order they came. */
const KINDS: readonly {
  readonly name: string;
  readonly add: (key: string, n: number) => readonly CommandArg[];
  readonly read: (key: string) => readonly CommandArg[];
}[] = [
  { name: 'l', add: (key, n) => ['RPUSH', key, `${n}`], read: (key) => ['LRANGE', key, '0', '-1'] },
  { name: 's', add: (key, n) => ['SADD', key, `m${n}`], read: (key) => ['SMEMBERS', key] },
  { name: 'h', add: (key, n) => ['HINCRBY', key, `f${n}`, n], read: (key) => ['HGETALL', key] },
  {
    name: 'z',
    add: (key, n) => ['ZINCRBY', key, n, `m${n}`],
    read: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  },
];

/** What one connection has done to its collections, one of each kind. */
class Actor {
  readonly #who: number;
  readonly #prng: Prng;
  readonly #sent = KINDS.map(() => 0);
  readonly #answered = KINDS.map(() => 0);

  constructor(who: number, seed: number) {
    this.#who = who;
    this.#prng = new Prng(seed);
  }

  key(kind: number): string {
    return `${KINDS[kind]!.name}:${this.#who}`;
  }

  /** Sends batches until the connection ends. */
  async act(client: RespClient): Promise<void> {
    for (;;) {
      const kinds = Array.from({ length: 1 + this.#prng.below(MOST_PER_BATCH) }, () =>
        this.#prng.below(KINDS.length),
      );
      const commands = kinds.map((kind) => {
        const n = this.#sent[kind]!++;
        return KINDS[kind]!.add(this.key(kind), n);
      });
      await client.pipeline(commands);
      for (const kind of kinds) this.#answered[kind]!++;
    }
  }

  /** Compares what is there with what may be; goes on from it. */
  async check(t: Test, client: RespClient): Promise<void> {
    for (const [kind, { read }] of KINDS.entries()) {
      const reply = await client.command(...read(this.key(kind)));
      const items = reply.kind === 'array' ? reply.items.map((item) => text(item)) : [];
      const count = kind < 2 ? items.length : items.length / 2;
      const [least, most] = [this.#answered[kind]!, this.#sent[kind]!];
      const name = `${this.key(kind)} has ${count}, ${least} were answered, ${most} sent`;
      t.ok(reply.kind === 'array' && count >= least && count <= most, name);
      const expected = Array.from({ length: count }, (_, n) => elementOf(kind, n));
      const found = kind < 2 ? items : pairs(items);
      const isSame = found.toSorted().join() === expected.toSorted().join();
      t.ok(isSame, `${this.key(kind)} is as after ${count} commands`);
      if (kind === 0) t.equal(found.join(), expected.join(), 'in order');
      this.#answered[kind] = count;
      this.#sent[kind] = count;
    }
  }
}

function text(item: Parameters<typeof describeReply>[0]): string {
  return describeReply(item, MOST_TEXT).replaceAll('"', '');
}

function pairs(items: readonly string[]): string[] {
  return items.flatMap((item, i) => (i % 2 === 0 ? [`${item}=${items[i + 1]}`] : []));
}

function elementOf(kind: number, n: number): string {
  return [`${n}`, `m${n}`, `f${n}=${n}`, `m${n}=${n}`][kind]!;
}

for (const [index, { fronts, workers, args }] of RUNS.entries()) {
  test(`collections and kill -9, ${fronts} fronts, ${workers} workers`, async (t) => {
    const prng = new Prng(firstSeed + index);
    const server = await serve(t, { fronts, workers, args });
    const actors = Array.from({ length: CONNECTIONS }, (_, who) => new Actor(who, firstSeed + who));
    for (let round = 0; round < rounds; round++) {
      const clients = await Promise.all(actors.map(() => connect(t, server)));
      // Each ends with its connection.
      const acts = actors.map((actor, i) => actor.act(clients[i]!).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, prng.between(100, MS_PER_ROUND)));
      await server.kill9();
      await Promise.all(acts);
      await server.restart();
      const client = await connect(t, server);
      for (const actor of actors) await actor.check(t, client);
      client.destroy();
    }
  });
}
