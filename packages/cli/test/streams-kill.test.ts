// kill -9 while consumers of a group read and acknowledge: whatever was added and acknowledged to
// have been is handed out to somebody, and what was acknowledged as done never again.
//
// FORGEKV_KILL_SEED repeats a run, FORGEKV_KILL_ROUNDS makes it longer.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Reply, RespClient, type ServerHandle, startForgeKv } from '@forgekv/testkit';
import { test } from 'tap';

const ROUNDS = Number(process.env.FORGEKV_KILL_ROUNDS ?? 2);
const LOAD_MS = 300;
const CONSUMERS = 3;
const STREAMS = ['jobs:1', 'jobs:2'];
const RUNS = [
  { fronts: 1, workers: 1, args: [] as string[] },
  { fronts: 2, workers: 2, args: ['--debug-keep-cold', 'yes'] },
];

/** What clients know of a stream. */
class Ledger {
  /** Entries whose XADD was answered. */
  readonly added = new Set<string>();
  readonly delivered = new Set<string>();
  /** Entries whose XACK was answered. */
  readonly done = new Set<string>();
  /** Entries whose XACK was sent and not answered. */
  readonly doubtful = new Set<string>();
  readonly problems: string[] = [];

  take(id: string): void {
    this.delivered.add(id);
    if (this.done.has(id)) this.problems.push(`${id} came again`);
  }
}

function idsIn(reply: Reply): string[] {
  if (reply.kind !== 'array') return [];
  const entries = reply.items.flatMap((stream) => {
    const list = stream.kind === 'array' ? stream.items[1] : undefined;
    return list?.kind === 'array' ? list.items : [];
  });
  return entries.map((entry) => {
    const id = entry.kind === 'array' ? entry.items[0] : undefined;
    return id?.kind === 'bulk' ? id.bytes.toString() : '';
  });
}

async function produce(client: RespClient, key: string, ledger: Ledger): Promise<void> {
  for (let n = 0; ; n++) {
    const reply = await client.command('XADD', key, '*', 'n', n, 'job', 'x'.repeat(n % 50));
    if (reply.kind === 'bulk') ledger.added.add(reply.bytes.toString());
  }
}

/** Reads on, after it has done what it had been given before. */
async function consume(client: RespClient, key: string, me: string, ledger: Ledger): Promise<void> {
  let from = '0';
  for (;;) {
    const head = ['XREADGROUP', 'GROUP', 'g', me, 'COUNT', '5', 'BLOCK', '50'];
    const ids = idsIn(await client.command(...head, 'STREAMS', key, from));
    if (from === '0' && ids.length === 0) from = '>';
    for (const id of ids) ledger.take(id);
    // Some are left for another time.
    const now = ids.filter(() => from === '0' || Math.random() < 0.8);
    if (now.length === 0) continue;
    for (const id of now) ledger.doubtful.add(id);
    await client.command('XACK', key, 'g', ...now);
    for (const id of now) {
      ledger.doubtful.delete(id);
      ledger.done.add(id);
    }
  }
}

/** Takes over and does whatever is left; nobody adds anything meanwhile. */
async function finish(client: RespClient, key: string, ledger: Ledger): Promise<void> {
  for (const from of ['>', '0']) {
    for (;;) {
      const head = ['XREADGROUP', 'GROUP', 'g', 'last', 'COUNT', '100'];
      if (from === '0') await client.command('XAUTOCLAIM', key, 'g', 'last', 0, 0, 'COUNT', 1000);
      const ids = idsIn(await client.command(...head, 'STREAMS', key, from));
      for (const id of ids) ledger.take(id);
      if (from === '0') await client.command('XACK', key, 'g', ...ids, '0-1');
      if (ids.length === 0) break;
    }
  }
}

async function load(server: ServerHandle, ledgers: ReadonlyMap<string, Ledger>): Promise<void> {
  const running: Promise<void>[] = [];
  for (const [key, ledger] of ledgers) {
    const connect = () => RespClient.connect({ port: server.port });
    running.push(produce(await connect(), key, ledger));
    for (let i = 0; i < CONSUMERS; i++) {
      running.push(consume(await connect(), key, `c${i}`, ledger));
    }
  }
  const ended = Promise.allSettled(running);
  await sleep(LOAD_MS);
  await server.kill9();
  await ended;
}

for (const { fronts, workers, args } of RUNS) {
  test(`${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await startForgeKv({ fronts, workers, args });
    t.teardown(() => server.stop());
    const ledgers = new Map(STREAMS.map((key) => [key, new Ledger()]));
    const first = await RespClient.connect({ port: server.port });
    for (const key of STREAMS) await first.must('XGROUP', 'CREATE', key, 'g', '0', 'MKSTREAM');
    for (let round = 0; round < ROUNDS; round++) {
      await load(server, ledgers);
      await server.restart();
    }
    const client = await RespClient.connect({ port: server.port });
    for (const [key, ledger] of ledgers) {
      await finish(client, key, ledger);
      const lost = [...ledger.added].filter((id) => !ledger.delivered.has(id));
      t.same(lost, [], 'each was handed out');
      t.same(ledger.problems, [], 'none that was done came again');
      t.ok(ledger.done.size > 0, `${ledger.added.size} added, ${ledger.done.size} done`);
      const pending = await client.command('XPENDING', key, 'g');
      t.match(pending, { kind: 'array', items: [{ kind: 'integer', value: 0n }] });
      const group = await client.command('XINFO', 'GROUPS', key);
      t.match(
        JSON.stringify(group, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
        /"0"/,
      );
    }
    await client.close();
  });
}
