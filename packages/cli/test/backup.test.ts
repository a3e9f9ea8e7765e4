// SAVE, BGSAVE, BGREWRITEAOF: a server that is started on a backup has the state of one moment
// while it was made; the server that made it goes on, and neither touches what the other has.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandArg, describeReply, type Reply, startForgeKv } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { MomentWriters, violations } from './support/moment-writers.ts';
import { runForgeKv } from './support/run-program.ts';
import { connect, infoField, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

const WRITERS = 6;
const PATIENCE_MS = 20_000;

type Asked = Awaited<ReturnType<typeof connect>>;

async function says(client: Asked, ...args: CommandArg[]): Promise<string> {
  return textOf(await client.command(...args));
}

/** A status as it is; everything else as people see it. */
function textOf(reply: Reply): string {
  return reply.kind === 'simple' ? reply.text : describeReply(reply);
}

/** Paths of the backups of a data directory, the latest last. */
function backupsIn(dir: string): string[] {
  const path = join(dir, 'backups');
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
    : [];
}

async function isSound(t: Test, dir: string): Promise<void> {
  const { code, stdout, stderr } = await runForgeKv(['check', dir]);
  t.equal(code, 0, `forgekv check: ${stdout}${stderr}`);
}

async function savedTimes(client: Asked, times: number): Promise<boolean> {
  const saves = async (): Promise<boolean> => {
    const isOver = (await infoField(client, 'rdb_bgsave_in_progress')) === '0';
    return isOver && Number(await infoField(client, 'rdb_saves')) >= times;
  };
  return until(saves, PATIENCE_MS);
}

const LOADS = [
  { name: 'all in memory', count: 1, end: 'stop', args: ['--hot-value-max-bytes', '1024'] },
  {
    name: 'values kept in the stores, logs of an earlier run',
    count: 2,
    end: 'kill9',
    args: ['--hot-value-max-bytes', '1024', '--debug-keep-cold', 'yes'],
  },
] as const;

for (const { name, count, end, args } of LOADS) {
  test(`a backup under load is the state of one moment: ${name}`, async (t) => {
    const dir = temporaryDirectory(t);
    const server = await startForgeKv({ dir, fronts: 2, workers: 2, args });
    t.teardown(() => server.stop());
    const writers = new MomentWriters(WRITERS);
    writers.start(server);
    await until(() => writers.answered.every((rounds) => rounds > 20), PATIENCE_MS);
    await writers.stop();
    // The stores have tables then, and with kill9 the logs are of two runs.
    await server[end]();
    await server.restart();
    writers.start(server);
    const client = await connect(t, server);
    const least: number[][] = [];
    const most: number[][] = [];
    for (let i = 0; i < count; i++) {
      const before = writers.answered;
      await until(() => writers.answered.every((n, at) => n > (before[at] ?? 0)), PATIENCE_MS);
      least.push(writers.answered);
      const answer = await says(client, 'BGSAVE', 'SCHEDULE');
      t.match(answer, /^Background saving (started|scheduled)$/);
      t.ok(await savedTimes(client, i + 1), 'it is made');
      most.push(writers.begun);
      t.equal(await says(client, 'BGREWRITEAOF'), 'Background append only file rewriting started');
    }
    await writers.stop();
    const backups = backupsIn(dir);
    t.equal(backups.length, count);
    for (const [i, backup] of backups.entries()) {
      await isSound(t, backup);
      const copy = await startForgeKv({ dir: backup, fronts: 1, workers: 3, args });
      t.teardown(() => copy.stop());
      t.same(await violations(copy, least[i]!, most[i]!), [], `backup ${i + 1}`);
      t.notMatch(copy.log(), / effects were left out|not whole|is damaged/);
      await copy.stop();
    }
    const { answered, begun } = writers;
    t.same(await violations(server, answered, begun), [], 'the server itself');
    await server.stop();
    await isSound(t, dir);
  });
}

test('the commands answer as in Redis, and INFO and LASTSAVE tell the truth', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  const other = await connect(t, server);
  const startedAt = Number((await says(client, 'LASTSAVE')).replace('(integer) ', ''));
  await client.must('SET', 'k', '1');
  t.ok(await until(async () => (await infoField(other, 'rdb_changes_since_last_save')) === '1'));
  t.equal(await says(client, 'SAVE'), 'OK');
  t.equal(await infoField(client, 'rdb_saves'), '1', 'at once');
  t.equal(await infoField(client, 'rdb_changes_since_last_save'), '0');
  const savedAt = Number((await says(client, 'LASTSAVE')).replace('(integer) ', ''));
  t.ok(savedAt >= startedAt && savedAt <= Date.now() / 1000, `LASTSAVE: ${savedAt}`);
  t.equal(await infoField(client, 'rdb_last_save_time'), String(savedAt));
  t.equal(await infoField(client, 'rdb_last_bgsave_time_sec'), '-1', 'none in the background');

  const busy = '(error) "ERR Background save already in progress"';
  const replies = await client.pipeline([['BGSAVE'], ['BGSAVE', 'SCHEDULE'], ['SAVE']]);
  const said = replies.map((reply) => textOf(reply));
  t.equal(said[0], 'Background saving started');
  for (const text of said.slice(1)) t.ok(text === busy || text === said[0] || text === 'OK', text);
  t.ok(await savedTimes(client, 2));
  t.match(await infoField(client, 'rdb_last_bgsave_time_sec'), /^\d+$/);
  t.equal(await infoField(client, 'rdb_last_bgsave_status'), 'ok');
  t.equal(await infoField(client, 'rdb_current_bgsave_time_sec'), '-1');
  for (const args of [['FOO'], ['SCHEDULE', 'x']]) {
    t.equal(await says(client, 'BGSAVE', ...args), '(error) "ERR syntax error"');
  }
  const arity = '(error) "ERR wrong number of arguments for \'save\' command"';
  t.equal(await says(client, 'SAVE', 'x'), arity);

  t.equal(await says(client, 'BGREWRITEAOF'), 'Background append only file rewriting started');
  t.ok(await until(async () => (await infoField(client, 'aof_rewrites')) === '1'));
  t.equal(await infoField(client, 'aof_rewrite_in_progress'), '0');
  t.equal(await infoField(client, 'aof_last_bgrewrite_status'), 'ok');

  await client.must('CLIENT', 'PAUSE', '60000', 'WRITE');
  const held = other.command('SET', 'k', '2');
  t.equal(await says(client, 'SAVE'), 'OK', 'writes are paused');
  t.equal(await says(client, 'GET', 'k'), '"1"', 'and stay so');
  await client.must('CLIENT', 'UNPAUSE');
  t.equal(textOf(await held), 'OK');
});

test('SAVEs that wait share one backup; those that fail leave nothing', async (t) => {
  const dir = temporaryDirectory(t);
  const server = await serve(t, { dir, fronts: 2, workers: 2 });
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(t, server)));
  const said = await Promise.all(clients.map((client) => says(client, 'SAVE')));
  t.same([...new Set(said)], ['OK']);
  const made = backupsIn(dir).length;
  t.ok(made >= 1 && made < clients.length, `${made} backups for ${clients.length} clients`);
  await server.stop();

  const blocked = temporaryDirectory(t);
  writeFileSync(join(blocked, 'backups'), 'a file is in the way\n');
  const unlucky = await serve(t, { dir: blocked });
  const client = await connect(t, unlucky);
  t.match(await says(client, 'SAVE'), /^\(error\) "ERR saving failed: /);
  await client.must('BGSAVE');
  const status = async (): Promise<string> => infoField(client, 'rdb_last_bgsave_status');
  t.ok(await until(async () => (await status()) === 'err'));
  t.equal(await infoField(client, 'rdb_saves'), '0');
  t.match(unlucky.log(), 'saving failed: ');
  t.equal(await says(client, 'SET', 'k', '1'), 'OK', 'writes go on');
});

test('SHUTDOWN takes what is new to the stores, with NOSAVE it stays in the log', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 2 });
  for (const [how, recovered] of [
    ['NOSAVE', '50'],
    ['SAVE', '0'],
  ] as const) {
    const client = await connect(t, server);
    await client.pipeline(Array.from({ length: 50 }, (_, i) => ['SET', `${how}:${i}`, i]));
    // A backup that is cut off, where its checkpoint makes no difference.
    const before = how === 'SAVE' ? 'BGSAVE\r\n' : '';
    client.send(Buffer.from(`${before}SHUTDOWN ${how}\r\n`));
    await client.closed;
    t.ok(await until(() => server.pid === undefined, PATIENCE_MS), 'it ends');
    t.same(
      backupsIn(server.dir).filter((path) => path.endsWith('.unfinished')),
      [],
    );
    const logged = server.log().length;
    await server.restart();
    const after = await connect(t, server);
    t.equal(await says(after, 'GET', `${how}:49`), '"49"');
    const said = server.log().slice(logged);
    t.equal(/stores and (\d+) effects/.exec(said)?.[1] ?? '0', recovered, how);
  }
});
