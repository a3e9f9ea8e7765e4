// One byte of a store's files flipped while the server is down. Then every key has its right
// value or an error that names it, or the start is refused with a reason: never a wrong value,
// never an end by a signal. Damaged logs are in durability.test.ts.
//
// FORGEKV_FLIP_SEED repeats the positions, FORGEKV_FLIP_POSITIONS says how many.

import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@forgekv/base';
import { freePort, type Reply, RespClient, startForgeKv } from '@forgekv/testkit';
import { t as file, test } from 'tap';
import { runForgeKv } from './support/run-program.ts';
import { temporaryDirectory } from './support/spawned.ts';

const SEED = Number(process.env.FORGEKV_FLIP_SEED ?? Date.now() & 0x7fffffff);
const KEYS = 2000;
const POSITIONS = Number(process.env.FORGEKV_FLIP_POSITIONS ?? 8);
const EXIT_USAGE = 2;
const REFUSAL = /damage|corrupt|CORRUPT|checksum/;

file.setTimeout(240_000);

const keyOf = (i: number): string => `flip:${i}`;

function textOf(i: number): string {
  const length = i % 100 === 0 ? 150_000 : 20 + ((i * 37) % 700);
  return `${i}-value.`.repeat(Math.ceil(length / 10)).slice(0, length);
}

/** All files of the engines below a directory, sorted. */
function storeFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /store-\d/.test(name) && statSync(join(directory, name)).isFile())
    .filter((name) => statSync(join(directory, name)).size > 0)
    .sort();
}

/** What is wrong with a reply to GET, or ''. */
function problemOf(i: number, reply: Reply): string {
  const key = keyOf(i);
  if (reply.kind === 'error') return reply.text.includes(key) ? '' : `${key}: ${reply.text}`;
  if (reply.kind !== 'bulk') return `${key} is lost: ${reply.kind}`;
  return reply.bytes.toString('latin1') === textOf(i) ? '' : `${key} has a wrong value`;
}

test(`a flipped byte in a store, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  const pristine = temporaryDirectory(t);
  const args = ['--debug-keep-cold', 'yes'];
  const first = await startForgeKv({ dir: pristine, fronts: 1, workers: 2, args });
  try {
    const client = await RespClient.connect({ port: first.port });
    const writes = Array.from({ length: KEYS }, (_, i) => ['SET', keyOf(i), textOf(i)]);
    await client.pipeline(writes);
    client.close();
  } finally {
    await first.stop();
  }
  const figures = { whole: 0, partly: 0, refused: 0 };
  for (let n = 0; n < POSITIONS; n++) {
    const dir = temporaryDirectory(t);
    cpSync(pristine, dir, { recursive: true });
    const name = random.pick(storeFiles(dir));
    const bytes = readFileSync(join(dir, name));
    const at = random.below(bytes.length);
    bytes[at]! ^= 1 << random.below(8);
    writeFileSync(join(dir, name), bytes);
    const where = `${name} at ${at} of ${bytes.length}`;
    const server = await startForgeKv({ dir, fronts: 1, workers: 2, args }).catch(() => null);
    if (server === null) {
      figures.refused++;
      const port = String(await freePort());
      const ended = await runForgeKv(['--port', port, '--dir', dir, ...args]);
      t.equal(ended.code, EXIT_USAGE, `${where}: the start is refused`);
      t.match(ended.stdout + ended.stderr, REFUSAL, where);
      continue;
    }
    try {
      const client = await RespClient.connect({ port: server.port });
      const reads = Array.from({ length: KEYS }, (_, i) => ['GET', keyOf(i)]);
      const replies = await client.pipeline(reads);
      const problems = replies.map((reply, i) => problemOf(i, reply)).filter((text) => text !== '');
      t.same(problems.slice(0, 5), [], `${where}: ${problems.length} keys are wrong`);
      if (replies.some((reply) => reply.kind === 'error')) figures.partly++;
      else figures.whole++;
      t.equal(String((await client.must('PING')).kind), 'simple', 'it goes on');
      client.close();
    } finally {
      await server.kill9();
    }
  }
  const { whole, partly, refused } = figures;
  t.comment(`${whole} without harm, ${partly} with errors that name keys, ${refused} refused`);
});
