// A corpus of scripts: the replies of the engine byte for byte beside those of real Redis 7.0, in
// both protocols. What Redis answered is kept in corpus/replies.jsonl, so that the comparison is
// made everywhere; where a redis-server is installed it is asked again.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { RespClient, redisServerPath, startRedis } from '@forgekv/testkit';
import t from 'tap';
import { commandScripts } from './corpus/command-scripts.ts';
import { coreScripts } from './corpus/core-scripts.ts';
import { differences } from './corpus/differences.ts';
import { libraryScripts } from './corpus/library-scripts.ts';
import { FakeServer } from './fake-server.ts';

/** A script, and its replies in RESP2 and RESP3, each byte as a character. */
type Recorded = [script: string, resp2: string, resp3: string];

const KEYS = ['k1', 'k2'];
const ARGS = ['a1', '2', '3.5'];
const REPLIES = new URL('../../test/corpus/replies.jsonl', import.meta.url);
/** Set to write what Redis answers to the file instead of comparing. */
const RECORDS = process.env.FORGEKV_RECORD_SCRIPTS === '1';

const scripts = [...new Set([...coreScripts, ...libraryScripts, ...commandScripts])];

t.test('the engine answers what Redis answered', (t) => {
  const known = new Map(readRecorded().map(([script, ...replies]) => [script, replies]));
  const server = new FakeServer();
  let same = 0;
  for (const script of scripts) {
    const replies = known.get(script);
    if (replies === undefined) {
      t.fail(`nothing recorded for ${script}`);
      continue;
    }
    for (const [index, expected] of replies.entries()) {
      const got = shown(server, script, index === 1);
      const wanted = differences.get(script) ?? expected;
      if (got === wanted) same++;
      else t.equal(got, wanted, `RESP${index + 2}: ${script}`);
    }
  }
  t.comment(`${scripts.length} scripts, ${same} replies the same`);
  t.ok(scripts.length >= 400);
  t.end();
});

t.test(
  'Redis still answers what it answered',
  { skip: redisServerPath() === undefined },
  async (t) => {
    const redis = await startRedis();
    t.teardown(() => redis.stop());
    const clients = await Promise.all(
      ([2, 3] as const).map((resp) => RespClient.connect({ port: redis.port, resp })),
    );
    t.teardown(() => clients.map((client) => client.destroy()));
    const recorded: Recorded[] = [];
    for (const script of scripts) {
      const replies: string[] = [];
      for (const client of clients) replies.push(await ask(client, script));
      recorded.push([script, ...replies] as Recorded);
    }
    if (RECORDS) {
      writeFileSync(REPLIES, recorded.map((each) => `${JSON.stringify(each)}\n`).join(''));
    } else {
      t.same(recorded, readRecorded());
    }
  },
);

function readRecorded(): Recorded[] {
  if (!existsSync(REPLIES)) return [];
  const lines = readFileSync(REPLIES, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Recorded);
}

function shown(server: FakeServer, script: string, resp3: boolean): string {
  server.keys.clear();
  return server.eval(script, KEYS, ARGS, resp3).toString('latin1');
}

async function ask(client: RespClient, script: string): Promise<string> {
  await client.must('FLUSHALL');
  const args = [Buffer.from(script, 'latin1'), `${KEYS.length}`, ...KEYS, ...ARGS];
  const command = ['EVAL', ...args].map((each) => Buffer.from(each as string));
  const head = Buffer.from(`*${command.length}\r\n`);
  const parts = command.flatMap((each) => [
    Buffer.from(`$${each.length}\r\n`),
    each,
    Buffer.from('\r\n'),
  ]);
  const [raw] = await client.exchange(Buffer.concat([head, ...parts]), 1);
  return raw!.raw.toString('latin1');
}
