// Scripts that go on for too long: who is told so, who is served all the same, and how they end.

import { type RespClient, type ServerHandle, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, keyOnShard, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const BUSY =
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.';
const THRESHOLD = ['--busy-reply-threshold', '50'];
/** Some of them belong to other workers than others. */
const KEYS = Array.from({ length: 16 }, (_, i) => keyOnShard((i * 5) % 64, 'busy:'));
const [OWN = '', ...OTHERS] = KEYS;
const LOOP = 'while true do end';
const GROW = "local s = 'x' while true do s = s .. s end";
const RECURSE = 'local function f(n) return 1 + f(n + 1) end return f(1)';

async function textOf(client: RespClient, ...words: string[]): Promise<string> {
  const reply = await client.command(...words);
  return reply.kind === 'error' || reply.kind === 'simple' ? reply.text : reply.kind;
}

/** Begins a script, and resolves when clients are told that it is busy; returns its reply. */
async function begin(
  t: Test,
  server: ServerHandle,
  ...words: string[]
): Promise<{ readonly reply: Promise<string> }> {
  const caller = await connect(t, server);
  const observer = await connect(t, server);
  const reply = textOf(caller, ...words).catch(() => 'cut');
  await until(async () => (await textOf(observer, 'GET', OWN)).startsWith('BUSY'));
  return { reply };
}

test('an endless script keeps nobody from other shards', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 4, args: THRESHOLD });
  const client = await connect(t, server);
  for (const key of KEYS) await client.must('SET', key, 'v');
  const large = 'x'.repeat(100_000);
  for (const round of [1, 2]) {
    const { reply } = await begin(t, server, 'EVAL', `${LOOP} -- ${round}`, '1', OWN);
    for (const key of OTHERS) {
      t.equal((await client.command('GET', key)).kind, 'bulk', key);
      t.equal(await textOf(client, 'SET', key, 'w'), 'OK', key);
    }
    t.equal(await textOf(client, 'SET', OWN, 'x'), BUSY);
    t.equal(await textOf(client, 'MGET', OTHERS[0]!, OWN), BUSY);
    t.equal(await textOf(client, 'KEYS', '*'), BUSY);
    t.equal(await textOf(client, 'FUNCTION', 'STATS').then((text) => text !== BUSY), true);
    await client.must('MULTI');
    await client.must('SET', OWN, 'y');
    t.equal(await textOf(client, 'EXEC'), `EXECABORT Transaction discarded because of: ${BUSY}`);
    // On other workers than the busy one, which is that of its own key.
    const answers: string[] = [];
    for (const key of OTHERS) answers.push(await textOf(client, 'SET', key, large));
    t.ok(answers.includes('OK') && answers.includes(BUSY), 'some workers answer');
    t.equal(await textOf(client, 'SCRIPT', 'KILL'), 'OK');
    t.match(
      await reply,
      /^ERR Script killed by user with SCRIPT KILL\.\.\. script: \w{40}, on @user_/,
    );
    t.equal(await textOf(client, 'SET', OWN, 'v'), 'OK');
    t.match(await textOf(client, 'SCRIPT', 'KILL'), /^NOTBUSY /);
  }
});

test('what a script takes without end ends it', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 2, args: THRESHOLD });
  const client = await connect(t, server);
  for (const script of [GROW, RECURSE]) {
    t.match(await textOf(client, 'EVAL', script, '0'), /not enough memory|stack overflow/);
    t.equal((await client.command('EVAL', 'return 1', '0')).kind, 'integer');
  }
});

test('busy scripts beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis({ args: THRESHOLD });
  t.teardown(() => redis.stop());
  const server = await serve(t, { fronts: 1, workers: 1, args: THRESHOLD });
  const said: string[][] = [];
  for (const side of [redis, server]) {
    const answers: string[] = [];
    const client = await connect(t, side);
    await client.must('SET', OWN, '1');
    const read = await begin(t, side, 'EVAL', `redis.call('get', KEYS[1]) ${LOOP}`, '1', OWN);
    for (const words of [
      ['GET', OWN],
      ['EVAL', 'return 1', '0'],
      ['SCRIPT', 'LOAD', 'return 1'],
    ]) {
      answers.push(await textOf(client, ...words));
    }
    answers.push(await textOf(await connect(t, side), 'MULTI'));
    answers.push(await textOf(client, 'SCRIPT', 'KILL'));
    answers.push(await read.reply);
    const writing = await begin(t, side, 'EVAL', `redis.call('incr', KEYS[1]) ${LOOP}`, '1', OWN);
    answers.push(await textOf(await connect(t, side), 'SCRIPT', 'KILL'));
    const quitting = await connect(t, side);
    const gone = quitting.command('SHUTDOWN', 'NOSAVE').then(
      () => 'still there',
      () => 'gone',
    );
    answers.push(await gone);
    answers.push(await writing.reply);
    said.push(answers);
  }
  t.same(said[1], said[0]);
});
