// Commands of scripts and transactions on large values of other workers, which execute them there:
// the same replies and values as on a server with one worker, beyond a kill -9, too.

import { describeReply, Prng, type RespClient, type ServerHandle } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, keyOnShard, serve } from './support/servers.ts';

const COMMANDS = 400;
const ELEMENTS = 200;
const LONG = 'x'.repeat(80);
const COUNTER = keyOnShard(0, 'guests:');
const seed = Number(process.env.FORGEKV_GUESTS_SEED ?? Date.now() % 2 ** 31);
const KEYS = [5, 21, 37, 53, 61].map((shard) => keyOnShard(shard, 'guests:'));
const [HASH = '', LIST = '', ZSET = '', STREAM = '', TEXT = ''] = KEYS;
/** Above the limit of the servers here. */
const LARGE = 'y'.repeat(3000);

function fill(): string[][] {
  const all = Array.from({ length: ELEMENTS }, (_, i) => i);
  return [
    ['SET', TEXT, LARGE],
    ['HSET', HASH, ...all.flatMap((i) => [`f${i}`, LONG])],
    ['RPUSH', LIST, ...all.map((i) => `${LONG}${i}`)],
    ['ZADD', ZSET, ...all.flatMap((i) => [`${i}`, `${LONG}${i}`])],
    ...all.map((i) => ['XADD', STREAM, `${i + 1}-1`, 'f', LONG]),
  ];
}

/** A command on one of the keys, or on two. */
function pick(prng: Prng, i: number): string[] {
  const n = `${prng.below(ELEMENTS)}`;
  const commands = [
    ['HSET', HASH, `f${n}`, `v${i}`],
    ['HDEL', HASH, `f${n}`, `f${prng.below(ELEMENTS)}`],
    ['HINCRBY', HASH, `count${n}`, '3'],
    ['HMGET', HASH, `f${n}`, 'f1', 'count1'],
    ['INCR', HASH],
    ['SET', TEXT, `${LONG}${i}`],
    ['SET', TEXT, `${LARGE}${i}`],
    ['SETRANGE', TEXT, `${prng.below(4000)}`, LONG],
    ['APPEND', TEXT, `${LONG}${i}`],
    ['SETBIT', TEXT, `${prng.below(40_000)}`, '1'],
    ['GETSET', TEXT, `${LARGE}${i}`],
    ['GETRANGE', TEXT, n, '-1'],
    ['SETEX', TEXT, '9999', LARGE],
    ['RPUSH', LIST, `e${i}`],
    ['LPOP', LIST],
    ['LSET', LIST, n, `s${i}`],
    ['LINDEX', LIST, n],
    ['LRANGE', LIST, '0', '20'],
    ['LMOVE', LIST, LIST, 'LEFT', 'RIGHT'],
    ['ZINCRBY', ZSET, '1', `${LONG}${n}`],
    ['ZREM', ZSET, `${LONG}${n}`],
    ['ZRANGE', ZSET, '3', '9', 'WITHSCORES'],
    ['ZPOPMIN', ZSET],
    ['XADD', STREAM, 'MAXLEN', '=', '150', `${1000 + i}-1`, 'f', 'v'],
    ['XDEL', STREAM, `${1000 + i - 3}-1`],
    ['XLEN', STREAM],
    ['XADD', STREAM, '1-1', 'f', 'v'],
    ['PEXPIREAT', HASH, '99999999999999'],
    ['ZRANGESTORE', LIST, ZSET, '0', '-1'],
    ['RENAME', LIST, STREAM],
    ['COPY', HASH, ZSET],
    ['GET', LIST],
  ];
  return commands[prng.below(commands.length - (i % 20 === 0 ? 0 : 4))]!;
}

const SCRIPT = `redis.call('incr', KEYS[1])
  local r = redis.pcall(unpack(ARGV))
  redis.call('incr', KEYS[1])
  return r`;

async function run(client: RespClient): Promise<string[]> {
  const prng = new Prng(seed);
  const said: string[] = [];
  await client.pipeline(fill());
  for (let i = 0; i < COMMANDS; i++) {
    const command = pick(prng, i);
    if (i % 100 === 99) await client.pipeline([['DEL', ...KEYS], ...fill()]);
    let reply = null;
    if (i % 3 === 0) {
      const words = [['MULTI'], ['INCR', COUNTER], command, ['INCR', COUNTER], ['EXEC']];
      reply = (await client.pipeline(words)).at(-1)!;
    } else {
      const declared = i % 3 === 1 ? [COUNTER, ...KEYS] : [COUNTER];
      const words = ['EVAL', SCRIPT, `${declared.length}`, ...declared, ...command];
      reply = await client.command(...words);
    }
    said.push(`${command.join(' ').slice(0, 60)}: ${describeReply(reply, 20_000)}`);
  }
  return said;
}

const READS: Record<string, readonly string[]> = {
  string: ['GET'],
  hash: ['HGETALL'],
  list: ['LRANGE', '0', '-1'],
  zset: ['ZRANGE', '0', '-1', 'WITHSCORES'],
  stream: ['XRANGE', '-', '+'],
};

/** What the keys hold; of a hash in no order. */
async function values(client: RespClient): Promise<string[]> {
  const found = [describeReply(await client.command('GET', COUNTER))];
  for (const key of KEYS) {
    const expires = describeReply(await client.command('PEXPIRETIME', key));
    found.push(key === TEXT ? '' : expires);
    const type = describeReply(await client.command('TYPE', key)).replaceAll('"', '');
    const [name, ...rest] = READS[type.replace('+', '')] ?? ['EXISTS'];
    const text = describeReply(await client.command(name!, key, ...rest), 200_000);
    found.push(
      `${type} ${name === 'HGETALL' ? text.slice(1, -1).split(', ').toSorted().join() : text}`,
    );
  }
  return found;
}

test('large values of other workers are as near as those of their own', async (t) => {
  process.stderr.write(`guests: FORGEKV_GUESTS_SEED=${seed}\n`);
  const args = ['--hot-value-max-bytes', '1024'];
  const one: ServerHandle = await serve(t, { fronts: 1, workers: 1, args });
  const many = await serve(t, { fronts: 2, workers: 4, args });
  const near = await connect(t, one);
  const far = await connect(t, many);
  const wanted = await run(near);
  const found = await run(far);
  const at = wanted.findIndex((text, i) => text !== found[i]);
  t.equal(found[at], wanted[at], `command ${at}`);
  const before = await values(near);
  t.same(await values(far), before);
  await many.kill9();
  await many.restart();
  t.same(await values(await connect(t, many)), before, 'after a kill -9');
});
