// Every kind of rule on every way a command takes: in place, to a worker, behind a command that
// goes to one, in transactions, and when the rules change before EXEC, in scripts and functions.

import { describeReply, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, serve } from './support/servers.ts';

const SERVERS = [
  { fronts: 2, workers: 4, args: [] },
  { fronts: 2, workers: 4, args: ['--debug-force-hop', 'yes'] },
];
/** What the ways themselves need. */
const ALWAYS = ['reset', 'on', 'nopass', '+multi', '+exec', '+eval', '+fcall', '+ping'];

type Why = 'command' | 'key' | 'channel';

/** Rules, a command that they permit, one that they do not, and why not. */
const RULES: readonly (readonly [rules: string, yes: string, no: string, why: Why])[] = [
  ['+get ~*', 'get k1', 'set k1 v', 'command'],
  ['+@all ~* -set', 'get k1', 'set k1 v', 'command'],
  ['allcommands allkeys -getset', 'set k1 v', 'getset k1 v', 'command'],
  ['+@read ~*', 'get k1', 'del k1', 'command'],
  ['+@all -@list ~*', 'get k1', 'lpush l1 x', 'command'],
  ['+object|encoding ~*', 'object encoding k1', 'object refcount k1', 'command'],
  ['+object -object|refcount ~*', 'object encoding k1', 'object refcount k1', 'command'],
  ['+@all -select +select|0 ~*', 'select 0', 'select 1', 'command'],
  ['+@all ~k*', 'mset k1 v k2 w', 'mset k1 v x w', 'key'],
  ['+@all ~k*', 'get k1', 'get x', 'key'],
  ['+@all %R~k*', 'get k1', 'set k1 v', 'key'],
  ['+@all %W~k*', 'set k1 v', 'get k1', 'key'],
  ['+@all %R~k* %W~w*', 'copy k1 w1 replace', 'copy w1 k1', 'key'],
  ['+@all %RW~k*', 'append k1 v', 'append x v', 'key'],
  ['+@all resetkeys', 'ping', 'exists k1', 'key'],
  ['+get ~k* (+set ~x)', 'set x v', 'set k1 v', 'key'],
  ['+get ~k* (+set ~x)', 'get k1', 'del x', 'command'],
  ['+get ~k* (+set ~x) clearselectors', 'get k1', 'set x v', 'command'],
  ['+@all ~* resetchannels', 'ping', 'publish c m', 'channel'],
  ['+@all ~* &c*', 'publish c1 m', 'publish d m', 'channel'],
  ['+@all ~* (&d +publish) &c', 'publish d m', 'publish e m', 'channel'],
];

interface Case {
  readonly rules: readonly string[];
  readonly yes: readonly string[];
  readonly no: readonly string[];
  readonly why: Why;
}

/** The parts of a way: a user, and somebody who may change him. */
interface Parties {
  readonly user: RespClient;
  readonly admin: RespClient;
}

function denial({ why, no }: Case): string {
  if (why === 'key') return 'NOPERM No permissions to access a key';
  if (why === 'channel') return 'NOPERM No permissions to access a channel';
  const name = no[0] === 'object' ? `${no[0]}|${no[1]}` : no[0];
  return `NOPERM User u has no permissions to run the '${name}' command`;
}

const LATER = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments to the command',
};
const IN_SCRIPT = {
  command: "can't run this command or subcommand",
  key: "can't access at least one of the keys mentioned in the command arguments",
  channel: "can't publish to the channel mentioned in the command",
};

const NO_ERROR = /^(?!.*(NOPERM|permission|executing))/;

async function says(client: RespClient, words: readonly string[]): Promise<string> {
  return describeReply(await client.command(...words));
}

async function saysAll(
  client: RespClient,
  commands: readonly (readonly string[])[],
): Promise<string[]> {
  return (await client.pipeline(commands)).map((reply) => describeReply(reply));
}

type Way = (t: Test, one: Case, parties: Parties) => Promise<void>;

const WAYS: Readonly<Record<string, Way>> = {
  async alone(t, one, { user }) {
    t.match(await says(user, one.yes), NO_ERROR, one.yes.join(' '));
    t.match(await says(user, one.no), denial(one), one.no.join(' '));
  },

  async 'behind one that goes to a worker'(t, one, { user, admin }) {
    // A value that is large, whichever server it is.
    await admin.must('SET', 'k-large', 'x'.repeat(40_000));
    const far = ['getrange', 'k-large', '0', '0'];
    const replies = await saysAll(user, [far, one.yes, far, one.no, one.yes, far, one.no]);
    for (const i of [1, 4]) t.match(replies[i], NO_ERROR);
    for (const i of [3, 6]) t.match(replies[i], denial(one));
  },

  async 'in a transaction'(t, one, { user }) {
    const [, queued, done] = await saysAll(user, [['multi'], one.yes, ['exec']]);
    t.equal(queued, '+"QUEUED"');
    t.match(done, NO_ERROR);
    const [, refused, aborted] = await saysAll(user, [['multi'], one.no, ['exec']]);
    t.match(refused, denial(one));
    t.match(aborted, 'EXECABORT Transaction discarded because of previous errors.');
  },

  async 'in a transaction, before the rules change'(t, one, { user, admin }) {
    await admin.must('ACL', 'SETUSER', 'u', ...ALWAYS, '+@all', '~*', '&*');
    const queued = await saysAll(user, [['multi'], one.no, one.yes, one.no]);
    t.strictSame(queued.slice(1), ['+"QUEUED"', '+"QUEUED"', '+"QUEUED"']);
    await admin.must('ACL', 'SETUSER', 'u', ...one.rules);
    const reply = await user.command('exec');
    t.ok(reply.kind === 'array');
    const items = reply.kind === 'array' ? reply.items.map((item) => describeReply(item)) : [];
    for (const i of [0, 2]) t.match(items[i], `following reason: ${LATER[one.why]}`);
    t.match(items[1], NO_ERROR);
  },

  async 'in a script'(t, one, { user }) {
    const call = 'return redis.pcall(unpack(ARGV))';
    t.match(await says(user, ['eval', call, '0', ...one.yes]), NO_ERROR);
    const no = await says(user, ['eval', call, '0', ...one.no]);
    t.match(no, `The user executing the script ${IN_SCRIPT[one.why]}`);
    const asked = 'return {redis.acl_check_cmd(unpack(ARGV))}';
    t.equal(await says(user, ['eval', asked, '0', ...one.yes]), '[(integer) 1]');
    t.equal(await says(user, ['eval', asked, '0', ...one.no]), '[(nil $-1)]');
  },

  async 'in a function'(t, one, { user }) {
    t.match(await says(user, ['fcall', 'run', '0', ...one.yes]), NO_ERROR);
    const no = await says(user, ['fcall', 'run', '0', ...one.no]);
    t.match(no, `The user executing the script ${IN_SCRIPT[one.why]}`);
  },

  async 'in a script in a transaction'(t, one, { user }) {
    const call = 'return redis.pcall(unpack(ARGV))';
    const [, , done] = await saysAll(user, [['multi'], ['eval', call, '0', ...one.no], ['exec']]);
    t.match(done, `The user executing the script ${IN_SCRIPT[one.why]}`);
  },
};

const LIBRARY = `#!lua name=paths
redis.register_function('run', function(keys, args) return redis.pcall(unpack(args)) end)`;

for (const { fronts, workers, args } of SERVERS) {
  test(`${fronts} fronts, ${workers} workers ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    const admin = await connect(t, server);
    await admin.must('FUNCTION', 'LOAD', LIBRARY);
    await admin.must('ACL', 'SETUSER', 'u', ...ALWAYS);
    const user = await connect(t, server);
    await user.must('AUTH', 'u', '');
    for (const [text, yes, no, why] of RULES) {
      const rules = [...ALWAYS, ...text.split(' '), '+getrange', '(~k-large', '+getrange)'];
      // Behind those of the way: a rule about all commands takes these away.
      rules.push(...ALWAYS.slice(3));
      if (text.includes('clearselectors')) rules.push('~k-large');
      const one = { rules, yes: yes.split(' '), no: no.split(' '), why };
      for (const [name, way] of Object.entries(WAYS)) {
        await admin.must('ACL', 'SETUSER', 'u', ...rules);
        await admin.must('MSET', 'k1', 'v', 'x', 'y', 'w1', 'z');
        const before = t.counts.fail;
        await way(t, one, { user, admin });
        if (t.counts.fail > before) t.comment(`${text}: ${no}, ${name}`);
      }
    }
  });
}
