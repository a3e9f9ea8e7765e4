// Replies and set algebra over large collections, cut into short slices, while other clients change
// the same keys: what moves from one set to another is always in exactly one of them, two fields
// that are set together are always equal, a list that turns is always whole. And who disconnects in
// the middle of a reply, or removes what is being read, disturbs nobody.

import { describeReply, Prng, type Reply, type RespClient } from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { connect, keyOnShard, serve } from './support/servers.ts';

const MEMBERS = 6000;
const READS = 40;
const BATCH = 1000;
const SLICED = ['--debug-slice-elements', '64'];
const SERVERS = [
  { fronts: 1, workers: 1, args: SLICED },
  { fronts: 2, workers: 4, args: SLICED },
];

file.setTimeout(120_000);
const seed = Number(process.env.FORGEKV_SLICES_SEED ?? Date.now() % 2 ** 31);
process.stderr.write(`slices: FORGEKV_SLICES_SEED=${seed}\n`);

/** Keys of one shard or of several, with several workers on each of them. */
interface Keys {
  readonly a: string;
  readonly b: string;
  readonly stored: string;
  readonly hash: string;
  readonly list: string;
  readonly zset: string;
}

function keysOn(shards: readonly number[]): Keys {
  const names = ['a', 'b', 'stored', 'hash', 'list', 'zset'];
  const keys = names.map((name, i) => [name, keyOnShard(shards[i % shards.length]!, name)]);
  return Object.fromEntries(keys) as unknown as Keys;
}

for (const { fronts, workers, args } of SERVERS) {
  for (const shards of [[5], [3, 20, 40, 60]]) {
    const name = `${fronts} fronts, ${workers} workers, keys on ${shards.length} shards`;
    test(`nothing is torn: ${name}`, async (t) => {
      const server = await serve(t, { fronts, workers, args });
      const keys = keysOn(shards);
      const filler = await connect(t, server);
      await fill(filler, keys);
      const state = { isOver: false };
      const writers = await Promise.all([0, 1].map(() => connect(t, server)));
      const writing = writers.map((client, i) => write(client, keys, new Prng(seed + i), state));
      const readers = await Promise.all([0, 1, 2].map(() => connect(t, server)));
      const problems = await Promise.all(
        readers.map((client, i) => read(client, keys, new Prng(seed + 10 + i))),
      );
      t.same(problems, ['', '', '']);
      await leaveAndRemove(t, () => connect(t, server), keys);
      state.isOver = true;
      await Promise.all(writing);
      await failLate(t, filler, keys);
      t.equal((await filler.must('PING')).kind, 'simple');
    });
  }
}

async function fill(client: RespClient, { a, b, hash, list, zset }: Keys): Promise<void> {
  for (let from = 0; from < MEMBERS; from += BATCH) {
    const some = Array.from({ length: BATCH }, (_, i) => from + i);
    await client.must('SADD', from % (2 * BATCH) === 0 ? a : b, ...some.map((i) => `m${i}`));
    await client.must('HSET', hash, ...some.flatMap((i) => [`f${i}`, '0']));
    await client.must('RPUSH', list, ...some.map(String));
    await client.must('ZADD', zset, ...some.flatMap((i) => ['0', `m${i}`]));
  }
}

/** Changes that keep to what the readers rely on, two at a time. */
async function write(
  client: RespClient,
  { a, b, hash, list, zset }: Keys,
  prng: Prng,
  state: { readonly isOver: boolean },
): Promise<void> {
  while (!state.isOver) {
    const member = (): string => `m${prng.below(MEMBERS)}`;
    const number = `${prng.below(1000)}`;
    const low = 1 + prng.below(5);
    const high = MEMBERS - low;
    await client.pipeline([
      ['SMOVE', a, b, member()],
      ['SMOVE', b, a, member()],
      ['HSET', hash, `f${low}`, number, `f${high}`, number],
      ['LMOVE', list, list, 'LEFT', 'RIGHT'],
      ['ZADD', zset, number, `m${low}`, number, `m${high}`],
    ]);
  }
}

/** Returns what was wrong first, or ''. */
async function read(client: RespClient, keys: Keys, prng: Prng): Promise<string> {
  const checks = [
    union,
    inBoth,
    inSlices,
    equalFields,
    wholeList,
    equalScores,
    storedUnion,
    copied,
    sorted,
    sortedAndPopped,
    copiedAndPopped,
    everywhere,
    dumped,
    copiedHash,
    poppedByChance,
    scanned,
  ];
  for (let i = 0; i < READS; i++) {
    const problem = await prng.pick(checks)(client, keys);
    if (problem !== '') return problem;
  }
  return '';
}

async function union(client: RespClient, { a, b }: Keys): Promise<string> {
  const members = texts(await client.command('SUNION', a, b));
  return members.length === MEMBERS ? '' : `SUNION has ${members.length} members`;
}

async function inBoth(client: RespClient, { a, b }: Keys): Promise<string> {
  const reply = describeReply(await client.command('SINTERCARD', '2', a, b));
  return reply === '(integer) 0' ? '' : `SINTERCARD is ${reply}`;
}

async function inSlices(client: RespClient, { a, b }: Keys): Promise<string> {
  // The rest of a pipeline waits for the long command before it.
  const replies = await client.pipeline([
    ['SMEMBERS', a],
    ['ECHO', 'between'],
    ['SDIFF', b, a],
    ['ECHO', 'behind'],
  ]);
  const [one, other] = [texts(replies[0]!), texts(replies[2]!)];
  if (new Set(one).size !== one.length) return 'SMEMBERS has a member twice';
  if (new Set(other).size !== other.length) return 'SDIFF has a member twice';
  const echoes = `${describeReply(replies[1]!)} ${describeReply(replies[3]!)}`;
  return echoes === '"between" "behind"' ? '' : `the order of replies: ${echoes}`;
}

async function equalFields(client: RespClient, { hash }: Keys): Promise<string> {
  return equalPairs('HGETALL', 'f', texts(await client.command('HGETALL', hash)));
}

async function equalScores(client: RespClient, { zset }: Keys): Promise<string> {
  const reply = await client.command('ZRANGE', zset, '0', '-1', 'WITHSCORES');
  return equalPairs('ZRANGE', 'm', texts(reply));
}

function equalPairs(name: string, prefix: string, flat: readonly string[]): string {
  if (flat.length !== 2 * MEMBERS) return `${name} has ${flat.length} elements`;
  const values = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) values.set(flat[i]!, flat[i + 1]!);
  for (let low = 1; low <= 5; low++) {
    const [one, other] = [`${prefix}${low}`, `${prefix}${MEMBERS - low}`];
    if (values.get(one) !== values.get(other)) return `${name}: ${one} is not ${other}`;
  }
  return '';
}

async function wholeList(client: RespClient, { list }: Keys): Promise<string> {
  const elements = texts(await client.command('LRANGE', list, '0', '-1')).map(Number);
  if (elements.length !== MEMBERS) return `LRANGE has ${elements.length} elements`;
  const first = elements[0]!;
  const isWhole = elements.every((element, i) => element === (first + i) % MEMBERS);
  return isWhole ? '' : 'LRANGE is torn';
}

async function storedUnion(client: RespClient, { a, b, stored }: Keys): Promise<string> {
  const reply = describeReply(await client.command('SUNIONSTORE', stored, a, b));
  return reply === `(integer) ${MEMBERS}` ? '' : `SUNIONSTORE is ${reply}`;
}

async function copied(client: RespClient, { zset, stored }: Keys): Promise<string> {
  const reply = describeReply(await client.command('ZRANGESTORE', `${stored}2`, zset, '0', '-1'));
  return reply === `(integer) ${MEMBERS}` ? '' : `ZRANGESTORE is ${reply}`;
}

async function sorted(client: RespClient, { list }: Keys): Promise<string> {
  const elements = texts(await client.command('SORT_RO', list, 'DESC', 'GET', '#')).map(Number);
  if (elements.length !== MEMBERS) return `SORT_RO has ${elements.length} elements`;
  const isWhole = elements.every((element, i) => element === MEMBERS - 1 - i);
  return isWhole ? '' : 'SORT_RO is torn';
}

/** What is popped is what nobody else has popped, whoever else stores it again. */
async function sortedAndPopped(client: RespClient, { a, stored }: Keys): Promise<string> {
  const to = `${stored}3`;
  const [count, left, right, rest] = await client.pipeline([
    ['SORT', a, 'ALPHA', 'STORE', to],
    ['LPOP', to, '2000'],
    ['RPOP', to, '500'],
    ['LMPOP', '1', to, 'LEFT', 'COUNT', `${MEMBERS}`],
  ]);
  if (!/^\(integer\) \d+$/.test(describeReply(count!))) return `SORT is ${describeReply(count!)}`;
  const nested = rest!.kind === 'array' ? texts(rest!.items[1]!) : [];
  const all = [texts(left!), texts(right!).reverse(), nested];
  for (const popped of all) {
    const isInOrder = popped.every((member, i) => i === 0 || popped[i - 1]! < member);
    if (!isInOrder) return 'what was popped is in no order';
  }
  return '';
}

async function copiedAndPopped(client: RespClient, { zset, stored }: Keys): Promise<string> {
  const to = `${stored}4`;
  const [, lowest, highest, rest] = await client.pipeline([
    ['ZRANGESTORE', to, zset, '0', '-1'],
    ['ZPOPMIN', to, '2000'],
    ['ZPOPMAX', to, '500'],
    ['ZMPOP', '1', to, 'MIN', 'COUNT', `${MEMBERS}`],
  ]);
  const nested = rest!.kind === 'array' ? rest!.items[1]! : null;
  const pairs = nested?.kind === 'array' ? nested.items.map(texts) : [];
  for (const [flat, sign] of [[texts(lowest!), 1] as const, [texts(highest!), -1] as const]) {
    const scores = flat.filter((_, i) => i % 2 === 1).map((score) => sign * Number(score));
    if (scores.some((score, i) => i > 0 && score < scores[i - 1]!)) return 'scores in no order';
  }
  const isInOrder = pairs.every(([, score], i) => i === 0 || Number(pairs[i - 1]![1]) <= +score!);
  return isInOrder ? '' : 'ZMPOP is in no order';
}

async function everywhere(client: RespClient, { zset, stored }: Keys): Promise<string> {
  const around = ['FROMLONLAT', '-179', '-85', 'BYRADIUS', '30000', 'km', 'ASC'];
  const [found, count] = await client.pipeline([
    ['GEOSEARCH', zset, ...around, 'WITHHASH'],
    ['GEOSEARCHSTORE', `${stored}5`, zset, ...around],
  ]);
  if (describeReply(count!) !== `(integer) ${MEMBERS}`) return `it is ${describeReply(count!)}`;
  const pairs = found!.kind === 'array' ? found!.items : [];
  const flat = pairs.flatMap((pair) => {
    const [member, hash] = pair.kind === 'array' ? pair.items : [];
    return [...texts({ kind: 'array', items: [member!] }), describeReply(hash!)];
  });
  return equalPairs('GEOSEARCH', 'm', flat);
}

/** What DUMP writes down is as torn or whole as what RESTORE makes of it. */
async function dumped(client: RespClient, { hash, zset, stored }: Keys): Promise<string> {
  const to = `${stored}6`;
  const [one, other] = await client.pipeline([
    ['DUMP', hash],
    ['DUMP', zset],
  ]);
  if (one!.kind !== 'bulk' || other!.kind !== 'bulk') return `DUMP is ${describeReply(one!)}`;
  const [, fields, , members] = await client.pipeline([
    ['RESTORE', to, '0', one!.bytes, 'REPLACE'],
    ['HGETALL', to],
    ['RESTORE', to, '0', other!.bytes, 'REPLACE'],
    ['ZRANGE', to, '0', '-1', 'WITHSCORES'],
  ]);
  // Another reader may restore there in between.
  const problems = [fields!, members!].map((reply, i) => {
    if (reply.kind === 'error') return '';
    return equalPairs('RESTORE', i === 0 ? 'f' : 'm', texts(reply));
  });
  return problems.join('');
}

async function scanned(client: RespClient, { hash, zset }: Keys): Promise<string> {
  const all = ['0', 'COUNT', `${2 * MEMBERS}`];
  const [fields, scores, some] = await client.pipeline([
    ['HSCAN', hash, ...all],
    ['ZSCAN', zset, ...all],
    ['HSCAN', hash, ...all, 'MATCH', 'f1'],
  ]);
  const [found, ranked, one] = [fields!, scores!, some!].map((reply) => {
    const [cursor, page] = reply.kind === 'array' ? reply.items : [];
    return describeReply(cursor!) === '"0"' ? texts(page!) : [];
  });
  if (one!.length !== 2 || one![0] !== 'f1') return `HSCAN MATCH has found ${one}`;
  return equalPairs('HSCAN', 'f', found!) || equalPairs('ZSCAN', 'm', ranked!);
}

let lastOwn = 0;

/** Of a set that nobody else knows every member is popped once. */
async function poppedByChance(client: RespClient, { a, b, stored }: Keys): Promise<string> {
  const own = `${stored}:${++lastOwn}`;
  const replies = await client.pipeline([
    ['SUNIONSTORE', own, a, b],
    ['SPOP', own, '100'],
    ['SPOP', own, `${MEMBERS - 1000}`],
    ['SADD', own, 'late'],
    ['SPOP', own, '200'],
    ['SPOP', own, `${MEMBERS}`],
    ['EXISTS', own],
  ]);
  const members = [1, 2, 4, 5].flatMap((i) => texts(replies[i]!));
  const count = new Set(members).size;
  const isRight = count === MEMBERS + 1 && members.length === count;
  return isRight ? '' : `SPOP has given ${members.length} members, of which ${count} differ`;
}

async function copiedHash(client: RespClient, { hash, stored }: Keys): Promise<string> {
  const [copy, moved] = [`${stored}7`, `${stored}8`];
  const [, , fields] = await client.pipeline([
    ['COPY', hash, copy, 'REPLACE'],
    ['RENAME', copy, moved],
    ['HGETALL', moved],
  ]);
  return equalPairs('COPY', 'f', texts(fields!));
}

/** Clients go in the middle of replies, keys go while they are read. */
async function leaveAndRemove(
  t: Test,
  open: () => Promise<RespClient>,
  { a, b, stored, hash }: Keys,
): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const leaving = await open();
    leaving
      .pipeline([
        ['SUNION', a, b],
        ['HGETALL', hash],
      ])
      .catch(() => undefined);
    leaving.destroy();
  }
  const [reader, remover] = [await open(), await open()];
  await reader.must('SUNIONSTORE', stored, a, b);
  const reading = reader.pipeline([
    ['SMEMBERS', stored],
    ['SCARD', stored],
  ]);
  await remover.pipeline([
    ['SRANDMEMBER', stored, '3'],
    ['DEL', stored],
    ['SET', stored, 'x'],
    ['DEL', stored],
  ]);
  const [members, left] = await reading;
  const count = texts(members!).length;
  t.ok(count === MEMBERS || count === 0, `${count} members of a set that was removed`);
  t.match(describeReply(left!), /^\(integer\) (0|6000)$|WRONGTYPE/);
}

/** What fails in a slice is counted as any other error. */
async function failLate(t: Test, client: RespClient, { a }: Keys): Promise<void> {
  await client.must('SADD', a, ...Array.from({ length: BATCH }, (_, i) => `n${i}`));
  await client.must('CONFIG', 'RESETSTAT');
  const reply = await client.command('SORT_RO', a);
  t.match(describeReply(reply), /scores can't be converted into double/);
  const calls = describeReply(await client.must('INFO', 'commandstats'));
  t.match(calls, /cmdstat_sort_ro:calls=1,.*rejected_calls=0,failed_calls=1/);
  t.match(describeReply(await client.must('INFO', 'errorstats')), /errorstat_ERR:count=1/);
}

function texts(reply: Reply): string[] {
  if (reply.kind !== 'array' && reply.kind !== 'set') {
    if (reply.kind === 'error' || reply.kind === 'null') return [];
    throw new Error(describeReply(reply));
  }
  return reply.items.map((item) => (item.kind === 'bulk' ? item.bytes.toString() : '?'));
}
