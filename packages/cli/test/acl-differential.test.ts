// Random users with random rules, and random commands of all families: what a real redis-server
// 7.0 refuses is refused here, for the same reason, and nothing else; by ACL DRYRUN, and when the
// user calls them, alone, in transactions and from scripts.
//
// FORGEKV_ACL_SEED repeats a run, FORGEKV_ACL_USERS makes it longer.

import {
  ACL_FAMILY,
  describeCommand,
  describeReply,
  type Endpoint,
  formatResult,
  type GeneratedCommand,
  Prng,
  planCommands,
  type Reply,
  RespClient,
  runDifferential,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { test } from 'tap';
import { RandomUsers } from './support/random-users.ts';
import { serve } from './support/servers.ts';

const users = Number(process.env.FORGEKV_ACL_USERS ?? 20);
const seed = Number(process.env.FORGEKV_ACL_SEED ?? Date.now() % 2 ** 31);
const COMMANDS_PER_USER = 120;
/** They concern the connection; or have other categories or arguments in later versions. */
const LEFT_OUT =
  /^(client|auth|hello|reset|quit|wait|shutdown|monitor|debug|config|z(rev)?rank|.*subscribe)\b/i;

type Side = { readonly admin: RespClient; readonly port: number };

async function sideOf(endpoint: Endpoint): Promise<Side> {
  const port = endpoint.port!;
  return { port, admin: await RespClient.connect({ port, timeoutMs: 20_000 }) };
}

/** What of a reply is about permissions, in the words of one of the two. */
function denialIn(reply: Reply): string {
  if (reply.kind === 'array') {
    const inner = reply.items.map(denialIn);
    return inner.every((text) => text === '') ? '' : `[${inner.join()}]`;
  }
  const text =
    reply.kind === 'error'
      ? reply.text
      : reply.kind === 'bulk'
        ? reply.bytes.toString('latin1')
        : '';
  if (!/permission|The user executing|^EXECABORT/.test(text)) return '';
  return (
    text
      // Redis shows a key up to its first zero byte.
      .replace(/\0[\s\S]*(?=' (?:key|channel)$)/, '')
      .replace(/(?:[Tt]his user|User \S+) has/, 'U has')
      .replace(
        'NOPERM U has no permissions to access one of the keys used as arguments',
        'NOPERM key',
      )
      .replace('NOPERM No permissions to access a key', 'NOPERM key')
      .replace(/NOPERM U has no permissions to access one of the channels.*/, 'NOPERM channel')
      .replace('NOPERM No permissions to access a channel', 'NOPERM channel')
  );
}

/** The fields of ACL GETUSER but the commands, of selectors too. */
function userIn(reply: Reply): string {
  return describeReply(reply, Infinity).replace(/"commands", "[^"]*"/g, '"commands"');
}

async function namesOf({ admin }: Side): Promise<string[]> {
  const reply = await admin.must('COMMAND', 'LIST');
  if (reply.kind !== 'array') throw new Error('COMMAND LIST');
  return reply.items.map((item) => (item.kind === 'bulk' ? item.bytes.toString() : ''));
}

test('who may do what', { skip: skipWithoutRedis() }, async (t) => {
  process.stderr.write(`users: FORGEKV_ACL_SEED=${seed}\n`);
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 2, workers: 2 });
  const sides = [await sideOf(redis), await sideOf(forge)] as const;
  t.teardown(() => {
    for (const { admin } of sides) admin.destroy();
  });
  const [theirs, ours] = [await namesOf(sides[0]), await namesOf(sides[1])];
  const known = ours.filter((name) => theirs.includes(name) && !LEFT_OUT.test(name));
  const knownNames = new Set(known.map((name) => name.toUpperCase()));
  const isKnown = ({ args, silent }: GeneratedCommand): boolean => {
    const name = String(args[0]).toUpperCase();
    // Redis: a PFMERGE without sources needs no permission for the key that it makes.
    if (name === 'PFMERGE' && args.length === 2) return false;
    return !silent && (knownNames.has(name) || knownNames.has(`${name}|${args[1]}`.toUpperCase()));
  };
  const prng = new Prng(seed);
  const commands = [...planCommands({ seed, commands: users * COMMANDS_PER_USER, connections: 1 })]
    .filter(isKnown)
    .map(({ args }) => args);
  const keys = commands.flatMap((args) => (args[1] ? [args[1].toString('latin1')] : []));
  // Redis takes quotes in selectors for those of a command line.
  const literal = keys.filter((key) => /^[!-~]+$/.test(key) && !/["']/.test(key)).slice(0, 200);
  const patterns = literal.flatMap((key) => [
    key,
    `${key[0]}*`,
    `*${key.at(-1)}`,
    `?${key.slice(1)}`,
  ]);
  const random = new RandomUsers(prng, known, patterns);
  const wrong: string[] = [];
  let compared = 0;
  let denied = 0;

  const compare = async (
    what: (args: readonly Buffer[]) => readonly (string | Buffer)[],
    clients: readonly RespClient[],
    part: readonly (readonly Buffer[])[],
    rules: string,
  ): Promise<void> => {
    const all = part.map(what);
    const [left, right] = await Promise.all(clients.map((client) => client.pipeline(all)));
    for (const [i, args] of all.entries()) {
      const [expected, found] = [denialIn(left![i]!), denialIn(right![i]!)];
      compared++;
      if (expected !== '') denied++;
      if (expected === found) continue;
      const call = describeCommand(args.map((arg) => Buffer.from(arg)));
      wrong.push(`${rules}: ${call}: expected '${expected}', got '${found}'`);
    }
  };

  for (let u = 0; u < users && wrong.length < 10; u++) {
    const rules = random.rules();
    const text = rules.join(' ');
    const answers = await Promise.all(
      sides.map(({ admin }) => admin.command('ACL', 'SETUSER', 'u', ...rules)),
    );
    const [expected, found] = answers.map((reply) => describeReply(reply));
    t.equal(found, expected, text);
    if (expected !== '+"OK"') continue;
    const shown = await Promise.all(sides.map(({ admin }) => admin.command('ACL', 'GETUSER', 'u')));
    t.equal(userIn(shown[1]!), userIn(shown[0]!), text);
    const part = commands.slice(u * COMMANDS_PER_USER, (u + 1) * COMMANDS_PER_USER);
    const admins = sides.map(({ admin }) => admin);
    await compare((args) => ['ACL', 'DRYRUN', 'u', ...args], admins, part, text);
    // Every name once, with arguments that make no sense.
    const names = known.map((name) =>
      [...name.split('|'), 'k', 'k', 'k'].map((w) => Buffer.from(w)),
    );
    await compare((args) => ['ACL', 'DRYRUN', 'u', ...args], admins, names, text);
    const callers = await Promise.all(
      sides.map(({ port }) => RespClient.connect({ port, timeoutMs: 20_000 })),
    );
    for (const caller of callers) await caller.must('AUTH', 'u', 'x');
    await compare((args) => args, callers, part, text);
    for (const caller of callers) caller.destroy();
  }
  t.same(wrong, []);
  // His rules about commands are shown in other words.
  for (const { admin } of sides) await admin.must('ACL', 'DELUSER', 'u');
  for (const resp of [2, 3] as const) {
    const [left, right] = sides;
    const plan = { seed, commands: 2000, families: [ACL_FAMILY], resp, connections: 4 };
    const result = await runDifferential({ left, right, ...plan });
    t.ok(result.ok, `ACL, RESP${resp}: ${formatResult(result)}`);
  }
  t.comment(`${compared} compared, ${denied} of them refused`);
});
