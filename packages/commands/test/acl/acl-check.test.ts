// What users may call, with which keys and channels: a table of users and commands; pure.

import { test } from 'tap';
import { AclCheck } from '../../src/acl/acl-check.ts';
import { applyAll, joinSelectors } from '../../src/acl/acl-user.ts';
import { AclUsers } from '../../src/acl/acl-users.ts';
import { createRegistry } from '../../src/all-commands.ts';
import { Request } from '../../src/request.ts';

const { table } = createRegistry();
const users = new AclUsers();
const check = new AclCheck(table, users.commands);
const VERDICTS = ['ok', 'command', 'key', '', 'channel'];

function requestOf(words: readonly string[]): Request {
  const bytes = Buffer.from(words.join(''), 'latin1');
  const args: number[] = [];
  let at = 0;
  for (const word of words) {
    args.push(at, word.length);
    at += word.length;
  }
  const request = new Request();
  request.source(bytes, new DataView(bytes.buffer), Int32Array.from(args));
  request.argc = words.length;
  return request;
}

function idOf(words: readonly string[]): number {
  const sub = table.idOf(`${words[0]}|${words[1]}`);
  return sub >= 0 ? sub : table.idOf(words[0]!);
}

function userOf(text: string) {
  const user = users.newUser('u');
  const rules = joinSelectors(text.split(' ')) as string[];
  const failure = applyAll(user, rules);
  if (failure !== null) throw new Error(`${failure.rule}: ${failure.problem}`);
  return user;
}

/** Rules, and commands with what becomes of them: the word that is refused, if not the command. */
const ROWS: readonly (readonly [rules: string, cases: readonly (readonly [string, string])[]])[] = [
  [
    '',
    [
      ['get a', 'command'],
      ['auth x', 'ok'],
      ['hello 3', 'ok'],
      ['quit', 'ok'],
      ['reset', 'ok'],
    ],
  ],
  [
    '+@all ~*',
    [
      ['get a', 'ok'],
      ['publish c m', 'channel c'],
    ],
  ],
  [
    '+get ~a*',
    [
      ['get a', 'ok'],
      ['GET ab', 'ok'],
      ['get b', 'key b'],
      ['set a b', 'command'],
    ],
  ],
  [
    '+@all ~a &*',
    [
      ['mget a a', 'ok'],
      ['mget a b', 'key b'],
      ['mset a 1 b 2', 'key b'],
      ['mset a b a b', 'ok'],
      ['publish any x', 'ok'],
      ['keys *', 'ok'],
      ['ping', 'ok'],
    ],
  ],
  [
    '+@all %R~a',
    [
      ['get a', 'ok'],
      ['set a 1', 'key a'],
      ['getset a 1', 'key a'],
      ['exists a', 'ok'],
      ['del a', 'key a'],
      ['getdel a', 'key a'],
      ['type a', 'ok'],
    ],
  ],
  [
    '+@all %W~a',
    [
      ['get a', 'key a'],
      ['set a 1', 'ok'],
      ['set a 1 get', 'key a'],
      ['append a x', 'ok'],
      ['incr a', 'key a'],
      ['del a', 'ok'],
      ['strlen a', 'ok'],
      ['bitfield a get u8 0', 'key a'],
      ['bitfield a set u8 0 1', 'key a'],
    ],
  ],
  [
    '+@all %R~r %W~w',
    [
      ['copy r w', 'ok'],
      ['copy w r', 'key w'],
      ['rename r w', 'key r'],
      ['sunionstore w r r', 'ok'],
      ['sunionstore r w', 'key r'],
      ['lmove r w left left', 'key r'],
      ['sort r store w', 'ok'],
      ['sort r store r', 'key r'],
      ['bitop and w r r', 'ok'],
      ['bitfield_ro r get u8 0', 'ok'],
      ['pfmerge w r', 'key w'],
    ],
  ],
  [
    '+@all ~k',
    [
      ['eval s 1 k', 'ok'],
      ['eval s 1 x', 'key x'],
      ['eval s 0 x', 'ok'],
      ['eval s nonsense x', 'ok'],
      ['zunion 2 k x', 'key x'],
      ['zunion 9 k', 'ok'],
      ['xread streams k x 0 0', 'key x'],
      ['xread count 1 streams k 0', 'ok'],
      ['object encoding x', 'key x'],
      ['memory usage x', 'key x'],
      ['sintercard 1 x', 'key x'],
      ['georadius k 1 2 3 m store x', 'key x'],
      ['watch k x', 'key x'],
      ['blpop k x 0', 'key x'],
    ],
  ],
  [
    '+config|get -config|set',
    [
      ['config get x', 'ok'],
      ['config set x y', 'command'],
      ['config resetstat', 'command'],
    ],
  ],
  [
    '+config -config|set',
    [
      ['config get x', 'ok'],
      ['config set x y', 'command'],
      ['config resetstat', 'ok'],
    ],
  ],
  [
    '+select|0',
    [
      ['select 0', 'ok'],
      ['select 1', 'command'],
      ['select', 'command'],
    ],
  ],
  [
    '+@all -select +SELECT|a',
    [
      ['select A', 'ok'],
      ['select 1', 'command'],
    ],
  ],
  [
    '+@read -@slow ~*',
    [
      ['get a', 'ok'],
      ['set a 1', 'command'],
      ['keys *', 'command'],
    ],
  ],
  [
    '+@all -@dangerous ~*',
    [
      ['get a', 'ok'],
      ['keys *', 'command'],
      ['flushall', 'command'],
      ['acl whoami', 'ok'],
      ['acl list', 'command'],
      ['client list', 'command'],
    ],
  ],
  [
    '+get ~a (+set ~b)',
    [
      ['get a', 'ok'],
      ['set b 1', 'ok'],
      ['get b', 'key b'],
      ['set a 1', 'key a'],
      ['del a', 'command'],
    ],
  ],
  [
    '(+mget ~a ~b) (+mget ~a ~c)',
    [
      ['mget a b', 'ok'],
      ['mget a c', 'ok'],
      ['mget b c', 'key c'],
    ],
  ],
  [
    '+@all ~* &a* &x',
    [
      ['publish ab m', 'ok'],
      ['publish b m', 'channel b'],
      ['spublish x m', 'ok'],
      ['subscribe x b', 'channel b'],
      ['ssubscribe a', 'ok'],
      ['psubscribe a*', 'ok'],
      ['psubscribe ab*', 'channel ab*'],
      ['psubscribe x', 'ok'],
      ['unsubscribe z', 'ok'],
      ['punsubscribe z', 'ok'],
      ['pubsub channels z', 'ok'],
    ],
  ],
  ['+@all ~', [['get x', 'key x']]],
  [
    '+@all ~a?c ~[xy]* ~\\*z',
    [
      ['get abc', 'ok'],
      ['get ac', 'key ac'],
      ['get y1', 'ok'],
      ['get z', 'key z'],
      ['get *z', 'ok'],
    ],
  ],
];

test('who may do what', async (t) => {
  for (const [rules, cases] of ROWS) {
    const user = userOf(rules);
    for (const [text, expected] of cases) {
      const words = text.split(' ');
      const verdict = check.check(user, idOf(words), requestOf(words));
      const what = verdict > 1 ? ` ${words[check.index]}` : '';
      t.equal(`${VERDICTS[verdict]}${what}`, expected, `${rules}: ${text}`);
    }
  }
});

test('SORT leads to keys that it does not name', async (t) => {
  const problem = (rules: string, text: string): string => {
    const words = text.split(' ');
    return check.sortProblem(userOf(rules), idOf(words), requestOf(words));
  };
  const denied = (option: string): string =>
    `ERR ${option} option of SORT denied due to insufficient ACL permissions.`;
  for (const [rules, text, expected] of [
    ['+sort ~k', 'sort k', ''],
    ['+sort ~k', 'sort k by nosort', ''],
    ['+sort ~k', 'sort k by w*', denied('BY')],
    ['+sort ~k', 'sort k asc alpha limit 0 1 get #', denied('GET')],
    ['+sort ~k', 'sort k limit x 1 get #', ''],
    ['+sort ~k', 'sort k nonsense get #', ''],
    ['+sort ~k', 'sort k get', ''],
    ['+sort ~*', 'sort k by w* get #', ''],
    ['+sort %R~*', 'sort k by w*', ''],
    ['+sort %W~*', 'sort k by w*', denied('BY')],
    ['+sort ~k (+get ~*)', 'sort k by w*', denied('BY')],
    ['+sort_ro ~k', 'SORT_RO k BY w*', denied('BY')],
    ['+get ~k', 'get k by w*', ''],
  ] as const) {
    t.equal(problem(rules, text), expected, `${rules}: ${text}`);
  }
});

test('any arguments, however few, are answered', async (t) => {
  const user = userOf('+@all ~k (+@all &c %R~r)');
  for (let id = 0; id < table.size; id++) {
    const words = table.names[id]!.split('|');
    for (let more = 0; more < 6; more++) {
      const all = [...words, ...Array.from({ length: more }, (_, i) => `${i}`)];
      t.ok(check.check(user, id, requestOf(all)) >= 0);
    }
  }
});
