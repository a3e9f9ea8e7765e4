// Streams as payloads: they go to a real redis-server and back, and are the same; those of older
// types are read; damaged ones are refused, or give a stream that is one.

import { Random } from '@forgekv/base';
import { crc64 } from '@forgekv/datatypes';
import { type CommandArg, describeReply, type Reply } from '@forgekv/testkit';
import { t as file, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { type BesideRedis, testBesideRedis } from '../support/beside-redis.ts';
import { masked, RandomStreams } from './random-streams.ts';

const SEED = Number(process.env.FORGEKV_STREAMS_SEED ?? 77);
const ROUNDS = 30;
const COMMANDS = 60;
const FLIPS = 1500;

file.setTimeout(60_000);

const ABOUT = (key: string): CommandArg[][] => [
  ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
  ['XINFO', 'GROUPS', key],
  ['XPENDING', key, 'g', '-', '+', '1000'],
];

function shown(command: readonly CommandArg[], reply: Reply): string {
  return describeReply(masked(command, reply), Infinity);
}

function here(db: TestDatabase, key: string): string[] {
  return ABOUT(key).map((command) => shown(command, db.reply(...command)));
}

async function there({ redis }: BesideRedis, key: string): Promise<string[]> {
  const commands = ABOUT(key);
  const replies = await redis.pipeline(commands);
  return commands.map((command, i) => shown(command, replies[i]!));
}

/** A payload with its version and checksum. */
function sealed(body: Buffer): Buffer {
  const payload = Buffer.concat([body, Buffer.of(10, 0), Buffer.alloc(8)]);
  payload.writeBigUInt64LE(crc64(payload, 0, payload.length - 8, 0n), payload.length - 8);
  return payload;
}

function bytesOf(reply: Reply): Buffer | null {
  return reply.kind === 'bulk' ? reply.bytes : null;
}

testBesideRedis('there and back', async (both, t) => {
  const { db, redis } = both;
  const streams = new RandomStreams(new Random(SEED));
  let restored = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < COMMANDS; i++) db.run(...streams.command());
    for (const key of ['k0', 'k1', 'k2']) {
      const payload = bytesOf(db.reply('DUMP', key));
      if (payload === null) continue;
      const copy = Buffer.from(payload);
      t.equal(describeReply(await redis.command('RESTORE', key, 0, copy, 'REPLACE')), '+"OK"');
      const same = here(db, key);
      t.same(await there(both, key), same, 'as Redis has it');
      const back = bytesOf(await redis.command('DUMP', key));
      t.equal(describeReply(db.reply('RESTORE', key, 0, back!, 'REPLACE')), '+"OK"');
      t.same(here(db, key), same, 'as it came back');
      restored++;
    }
  }
  t.comment(`${restored} payloads, seed ${SEED}`);
  db.audit();
});

test('damaged payloads', async (t) => {
  const db = createTestDatabase();
  const random = new Random(SEED);
  const streams = new RandomStreams(random);
  let read = 0;
  for (let i = 0; i < 400; i++) db.run(...streams.command());
  const payloads = ['k0', 'k1', 'k2'].flatMap((key) => {
    const bytes = bytesOf(db.reply('DUMP', key));
    return bytes === null ? [] : [Buffer.from(bytes)];
  });
  for (let i = 0; i < FLIPS; i++) {
    const whole = payloads[random.below(payloads.length)]!;
    const bytes = Buffer.from(whole);
    const body = bytes.length - 10;
    for (let flips = random.below(3); flips >= 0; flips--) {
      bytes[random.below(body)] = random.below(256);
    }
    // A type that streams had before, or have since.
    if (random.chance(0.2)) bytes[0] = random.chance(0.5) ? 15 : 21;
    const cut = random.chance(0.1) ? random.below(body) : 0;
    const damaged = Buffer.concat([bytes.subarray(0, body - cut), bytes.subarray(body)]);
    const reply = db.reply('RESTORE', 'k', 0, sealed(damaged.subarray(0, -10)), 'REPLACE');
    if (reply.kind === 'error') continue;
    read++;
    here(db, 'k');
    db.run('XADD', 'k', '*', 'f', 'v');
    db.run('XREADGROUP', 'GROUP', 'g', 'a', 'STREAMS', 'k', '>');
  }
  t.ok(read > 0, `${read} of ${FLIPS} could be read, seed ${SEED}`);
  db.audit();
});

test('older and newer types', async (t) => {
  const db = createTestDatabase();
  db.nowMs = 1_700_000_000_000;
  for (const id of ['1-1', '2-1', '3-1']) db.run('XADD', 's', id, 'f', 'v');
  const payload = Buffer.from(bytesOf(db.reply('DUMP', 's'))!);
  const nodeEnd = payload.length - 10 - 9;
  // What is behind the nodes: length, three ids, entries added, groups; in 15 less of that.
  t.equal(payload[nodeEnd], 3);
  const old = Buffer.concat([
    Buffer.of(15),
    payload.subarray(1, nodeEnd),
    Buffer.of(3, 3, 1, 1, 3),
    ...[Buffer.from('old'), Buffer.of(1, 1, 0, 0)],
  ]);
  t.equal(db.run('RESTORE', 'o', '0', sealed(old)), '+OK');
  t.same(db.run('XRANGE', 'o', '-', '+'), db.run('XRANGE', 's', '-', '+'));
  t.same(
    db.run('XINFO', 'GROUPS', 'o'),
    [...[['name', 'old', 'consumers', 0, 'pending', 0, 'last-delivered-id', '1-1']]].map(
      (group) => [...group, 'entries-read', 1, 'lag', 2],
    ),
  );
});
