// Many connections send random commands at the same keys at the same time. What they are answered
// cannot be known; that the server lives, answers everything, and afterwards agrees with itself
// can. FORGEKV_CHAOS_SEED repeats a run, FORGEKV_CHAOS_MS makes it longer.

import {
  describeReply,
  encodeCommands,
  planCommands,
  type Reply,
  type RespClient,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const seed = Number(process.env.FORGEKV_CHAOS_SEED ?? Date.now() % 2 ** 31);
const durationMs = Number(process.env.FORGEKV_CHAOS_MS ?? 1000);
const ACTORS = 10;
/** By each of them, however long that takes. */
const LEAST_ANSWERED = 200;
const DATABASES = 16;
/** Commands that change what the connection is told, or end it. */
const NOT_HERE = /^(CLIENT REPLY|QUIT|RESET|HELLO)/;

const SERVERS = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: ['--hot-value-max-bytes', '64'] })),
  { fronts: 3, workers: 3, args: ['--hot-value-max-bytes', '64', '--debug-force-hop', 'yes'] },
  { fronts: 2, workers: 2, args: ['--memtable-size-mb', '8'] },
];

for (const { fronts, workers, args } of SERVERS) {
  test(`chaos, ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    process.stderr.write(`chaos test: FORGEKV_CHAOS_SEED=${seed}\n`);
    const server = await serve(t, { fronts, workers, args });
    const pid = server.pid;
    const deadlineMs = performance.now() + durationMs;
    const sent = await Promise.all(
      Array.from({ length: ACTORS }, async (_, who) => {
        const client = await connect(t, server, { resp: who % 2 === 0 ? 2 : 3 });
        return act(client, seed + who, deadlineMs);
      }),
    );
    const total = sent.reduce((sum, count) => sum + count, 0);
    t.ok(total >= ACTORS * LEAST_ANSWERED, `${total} commands were answered`);
    t.equal(server.pid, pid, 'the server lives');
    await agreesWithItself(t, await connect(t, server));
  });
}

/** Sends batches of random commands, at least until the deadline; returns how many. */
async function act(client: RespClient, actorSeed: number, deadlineMs: number): Promise<number> {
  let answered = 0;
  let batch: (readonly Buffer[])[] = [];
  for (const { args, label } of planCommands({ seed: actorSeed, commands: Infinity })) {
    if (NOT_HERE.test(label)) continue;
    batch.push(args);
    if (batch.length <= answered % 37) continue;
    await client.exchange(encodeCommands(batch), batch.length);
    answered += batch.length;
    batch = [];
    if (performance.now() > deadlineMs && answered >= LEAST_ANSWERED) break;
  }
  return answered;
}

/** DBSIZE, KEYS, SCAN and reading every key tell the same story in every database. */
async function agreesWithItself(t: Test, client: RespClient): Promise<void> {
  for (let db = 0; db < DATABASES; db++) {
    await client.must('SELECT', db);
    // Nothing may expire while it is looked at.
    for (const key of await scan(client)) await client.must('PERSIST', key);
    const scanned = await scan(client);
    const names = new Set(scanned.map((key) => key.toString('latin1')));
    t.equal(names.size, scanned.length, 'SCAN returns no key twice');
    const keys = await client.must('KEYS', '*');
    t.equal(keys.kind === 'array' ? keys.items.length : -1, names.size, `KEYS in database ${db}`);
    // What has expired just before is counted until it is removed, as in Redis.
    const size = async (): Promise<string> => describeReply(await client.must('DBSIZE'));
    await until(async () => (await size()) === `(integer) ${names.size}`);
    t.equal(await size(), `(integer) ${names.size}`, `DBSIZE in database ${db}`);
    if (scanned.length === 0) continue;
    const exist = describeReply(await client.must('EXISTS', ...scanned));
    t.equal(exist, `(integer) ${scanned.length}`);
    const types = await client.pipeline(scanned.map((key) => ['TYPE', key]));
    const reads = types.map((type) => READS[type.kind === 'simple' ? type.text : '']);
    t.notOk(reads.includes(undefined), 'every key has a type');
    const values = await client.pipeline(scanned.map((key, i) => reads[i]!.value(key)));
    const lengths = await client.pipeline(scanned.map((key, i) => [reads[i]!.length, key]));
    const wrong = values.findIndex((value, i) => {
      const length = lengths[i];
      return length?.kind !== 'integer' || sizeOf(value) !== Number(length.value);
    });
    t.equal(wrong, -1, 'every key has a value as long as it says');
  }
}

interface Read {
  readonly value: (key: Buffer) => (string | Buffer)[];
  readonly length: string;
}

/** How values are read, and their lengths, by type. */
const READS: Readonly<Record<string, Read | undefined>> = {
  string: { value: (key) => ['GET', key], length: 'STRLEN' },
  list: { value: (key) => ['LRANGE', key, '0', '-1'], length: 'LLEN' },
  set: { value: (key) => ['SMEMBERS', key], length: 'SCARD' },
  zset: { value: (key) => ['ZRANGE', key, '0', '-1'], length: 'ZCARD' },
  hash: { value: (key) => ['HKEYS', key], length: 'HLEN' },
  stream: { value: (key) => ['XRANGE', key, '-', '+'], length: 'XLEN' },
};

function sizeOf(value: Reply): number {
  if (value.kind === 'bulk') return value.bytes.length;
  return value.kind === 'array' || value.kind === 'set' ? value.items.length : -1;
}

async function scan(client: RespClient): Promise<Buffer[]> {
  const found: Buffer[] = [];
  let cursor = '0';
  do {
    const reply = await client.must('SCAN', cursor, 'COUNT', '50');
    if (reply.kind !== 'array') throw new Error(describeReply(reply));
    const [next, keys] = reply.items;
    if (next?.kind !== 'bulk' || keys?.kind !== 'array') throw new Error(describeReply(reply));
    cursor = next.bytes.toString();
    for (const key of keys.items) if (key.kind === 'bulk') found.push(key.bytes);
  } while (cursor !== '0');
  return found;
}
