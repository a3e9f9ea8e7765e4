// MEMORY HOTKEYS and BIGKEYS: found without a walk, on all ways keys are asked for and written.
// And the walks of redis-cli: --bigkeys, --memkeys, --hotkeys, --stat.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type CommandArg,
  describeReply,
  type RespClient,
  skipWithoutRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const run = promisify(execFile);
const WAYS = [[], ['--debug-force-hop', 'yes']] as const;

async function rows(client: RespClient, ...args: CommandArg[]): Promise<string[][]> {
  const reply = await client.must('MEMORY', ...args);
  if (reply.kind !== 'array') throw new Error(describeReply(reply));
  return reply.items.map((row) => {
    if (row.kind !== 'array') throw new Error(describeReply(row));
    return row.items.map((item) => {
      if (item.kind === 'bulk') return item.bytes.toString();
      return item.kind === 'integer' ? `${item.value}` : describeReply(item);
    });
  });
}

test('hot keys', async (t) => {
  for (const args of WAYS) {
    const server = await serve(t, { fronts: 2, workers: 2, args: [...args] });
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(t, server)));
    t.strictSame(await rows(clients[0]!, 'HOTKEYS'), [], 'none yet');
    await Promise.all(
      clients.map(async (client, who) => {
        for (let round = 0; round < 40; round++) {
          // A regular sequence: one in four is the hot one, one in eight the warm one.
          const commands = Array.from({ length: 128 }, (_, i) => {
            if (i % 4 === 1) return ['GET', 'hot'];
            if (i % 8 === 2) return ['INCR', 'warm'];
            return ['SET', `cold ${who} ${round} ${i}`, 'x'];
          });
          await client.pipeline(commands);
        }
      }),
    );
    const found = await rows(clients[0]!, 'HOTKEYS', 'COUNT', '2');
    t.strictSame(
      found.map(([key, db]) => [key, db]),
      [
        ['hot', '0'],
        ['warm', '0'],
      ],
      args.join(' '),
    );
    t.ok(Number(found[0]?.[2]) > Number(found[1]?.[2]));
    await server.stop();
  }
});

test('big keys', async (t) => {
  for (const layout of LAYOUTS) {
    for (const args of WAYS) await bigKeys(t, { ...layout, args: [...args] });
  }
});

async function bigKeys(t: Test, options: object): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'forgekv-big-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const server = await serve(t, { ...options, dir: directory });
  const client = await connect(t, server);
  const names = async (): Promise<string[]> =>
    (await rows(client, 'BIGKEYS', 'COUNT', '5')).map((row) => row.join(' '));
  await client.pipeline(Array.from({ length: 500 }, (_, i) => ['SET', `small${i}`, 'x'.repeat(i)]));
  t.strictSame(await names(), [], 'small ones are not noted');
  await client.must('SET', 'string', 'x'.repeat(5000));
  await client.must('SET', 'large', Buffer.alloc(200_000));
  await client.must('SELECT', '1');
  await client.must('SET', 'other', 'x'.repeat(3000));
  await client.must('SELECT', '0');
  t.strictSame(await names(), [
    'large 0 string 200000',
    'string 0 string 5000',
    'other 1 string 3000',
  ]);
  await client.must('APPEND', 'string', 'x'.repeat(1000));
  await client.must('SET', 'large', 'x');
  t.strictSame(await names(), ['string 0 string 6000', 'other 1 string 3000']);
  const fields = Array.from({ length: 3000 }, (_, i) => [`field${i}`, 'value']).flat();
  await client.must('HSET', 'hash', ...fields);
  t.match((await names())[0], /^hash 0 hash \d{5,}$/);
  await client.must('SWAPDB', '0', '1');
  t.match((await names())[0], /^hash 1 hash \d{5,}$/);
  await client.must('RENAME', 'other', 'renamed');
  t.strictSame((await names())[2], 'renamed 0 string 3000');
  await client.must('SAVE');
  await server.stop();
  const again = await serve(t, { ...options, dir: directory });
  const then = await connect(t, again);
  await until(async () => (await rows(then, 'BIGKEYS')).length === 3);
  const found = await rows(then, 'BIGKEYS');
  t.strictSame(
    found.map(([key]) => key),
    ['hash', 'string', 'renamed'],
    'after a restart',
  );
  await then.must('DEL', 'renamed');
  await then.must('SELECT', '1');
  await then.must('DEL', 'hash');
  t.strictSame(
    (await rows(then, 'BIGKEYS')).map(([key]) => key),
    ['string'],
  );
  await then.must('FLUSHALL');
  t.strictSame(await rows(then, 'BIGKEYS'), []);
  await then.pipeline(
    Array.from({ length: 3000 }, (_, i) => ['SET', `key${i}`, 'x'.repeat(1000 + i)]),
  );
  t.strictSame(
    (await rows(then, 'BIGKEYS', 'COUNT', '20')).map(([key]) => key),
    Array.from({ length: 20 }, (_, i) => `key${2999 - i}`),
  );
  await again.stop();
}

test('arguments', async (t) => {
  const server = await serve(t);
  const client = await connect(t, server);
  for (const name of ['HOTKEYS', 'BIGKEYS']) {
    for (const args of [
      ['COUNT'],
      ['COUNT', '0'],
      ['COUNT', 'x'],
      ['NOSUCH', '1'],
      ['COUNT', '1', '2'],
    ]) {
      t.equal((await client.command('MEMORY', name, ...args)).kind, 'error', args.join(' '));
    }
  }
});

test('walks of redis-cli', { skip: skipWithoutRedis() }, async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  const cli = async (...args: string[]): Promise<string> =>
    (await run('redis-cli', ['-p', `${server.port}`, ...args], { timeout: 60_000 })).stdout;
  await client.must('SET', 'big', 'x'.repeat(10_000));
  await client.must('LPUSH', 'list', ...Array.from({ length: 50 }, (_, i) => i));
  for (let i = 0; i < 100; i++) await client.must('SET', `key${i}`, 'v');
  t.match(await cli('--bigkeys'), /Biggest string found '"big"' has 10000 bytes/);
  t.match(await cli('--memkeys'), /Biggest string found '"big"' has \d{5} bytes/);
  t.match(await cli('--hotkeys').catch((error) => `${error.stderr}${error.stdout}`), /LFU/);
  await client.must('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
  for (let i = 0; i < 3000; i++) await client.must('GET', 'big');
  t.match(await cli('--hotkeys'), /hot key found with counter: \d+\s+keyname: "?big"?/);
  const stat = spawn('redis-cli', ['-p', `${server.port}`, '--stat', '-i', '0.1']);
  t.teardown(() => stat.kill());
  let text = '';
  stat.stdout.on('data', (bytes) => {
    text += bytes;
  });
  await until(async () => /^102 +\S+ +\d+ +\d+ +\d+ /m.test(text));
  stat.kill();
  await once(stat, 'exit');
});
