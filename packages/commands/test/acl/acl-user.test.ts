// The rules of users, one after the other, and what they make of a user; pure, no server.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { applyAll, joinSelectors } from '../../src/acl/acl-user.ts';
import { AclUsers } from '../../src/acl/acl-users.ts';

const SECRET = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';

const AFTER_ALL_KEYS =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have " +
  "any effect. Try 'resetkeys' to start with an empty list of patterns";
const AFTER_ALL_CHANNELS =
  "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not " +
  "have any effect. Try 'resetchannels' to start with an empty list of channels";
const UNKNOWN = 'Unknown command or category name in ACL';
const HASH =
  'The password hash must be exactly 64 characters and contain only lowercase hexadecimal ' +
  'characters';

/** Rules, and the user as a line of ACL LIST behind his name; or what is wrong with the last. */
const ROWS: readonly (readonly [rules: string, line: string, problem?: string])[] = [
  ['', 'off resetchannels -@all'],
  ['on', 'on resetchannels -@all'],
  ['on off', 'off resetchannels -@all'],
  ['ON NOPASS', 'on nopass resetchannels -@all'],
  ['>secret', `off #${SECRET} resetchannels -@all`],
  ['>secret >secret', `off #${SECRET} resetchannels -@all`],
  ['nopass >secret', `off #${SECRET} resetchannels -@all`],
  ['>secret nopass', 'off nopass resetchannels -@all'],
  ['>secret <secret', 'off resetchannels -@all'],
  [`>secret !${SECRET}`, 'off resetchannels -@all'],
  [`#${SECRET}`, `off #${SECRET} resetchannels -@all`],
  ['nopass resetpass', 'off resetchannels -@all'],
  ['<none', '', 'The password you are trying to remove from the user does not exist'],
  ['#12', '', HASH],
  [`#${SECRET.toUpperCase()}`, '', HASH],
  ['!12', '', HASH],
  ['sanitize-payload', 'off sanitize-payload resetchannels -@all'],
  ['skip-sanitize-payload', 'off skip-sanitize-payload resetchannels -@all'],
  ['on nopass allkeys allchannels allcommands', 'on nopass ~* &* +@all'],
  ['~* resetkeys', 'off resetchannels -@all'],
  ['~a ~b ~a', 'off ~a ~b resetchannels -@all'],
  ['%R~a', 'off %R~a resetchannels -@all'],
  ['%W~a', 'off %W~a resetchannels -@all'],
  ['%R~a %W~a', 'off ~a resetchannels -@all'],
  ['%rw~a', 'off ~a resetchannels -@all'],
  ['%wR~a~b', 'off ~a~b resetchannels -@all'],
  ['%R~*', 'off %R~* resetchannels -@all'],
  ['%RW', 'off ~ resetchannels -@all'],
  ['%', '', 'Syntax error'],
  ['%~a', '', 'Syntax error'],
  ['%RR~a', '', 'Syntax error'],
  ['%X~a', '', 'Syntax error'],
  ['~* ~a', '', AFTER_ALL_KEYS],
  ['allkeys %R~a', '', AFTER_ALL_KEYS],
  ['&a &b &a', 'off resetchannels &a &b -@all'],
  ['&* resetchannels &a', 'off resetchannels &a -@all'],
  ['&* &a', '', AFTER_ALL_CHANNELS],
  ['+get', 'off resetchannels -@all +get'],
  ['+GET +SET', 'off resetchannels -@all +get +set'],
  ['+get -get', 'off resetchannels -@all -get'],
  ['+get +set +get', 'off resetchannels -@all +set +get'],
  ['+@read', 'off resetchannels -@all +@read'],
  ['+@Read -@READ', 'off resetchannels -@all -@read'],
  ['+@all -@dangerous', 'off resetchannels +@all -@dangerous'],
  ['+get +@all', 'off resetchannels +@all'],
  ['+get nocommands', 'off resetchannels -@all'],
  ['+config|get', 'off resetchannels -@all +config|get'],
  ['+config|get +config', 'off resetchannels -@all +config'],
  ['+config -config|set', 'off resetchannels -@all +config -config|set'],
  ['+config|get -config', 'off resetchannels -@all -config'],
  ['+select|0 +SELECT|1', 'off resetchannels -@all +select|0 +select|1'],
  ['+select|0 -select', 'off resetchannels -@all -select'],
  [
    '+debug|object +cluster|info +replicaof',
    'off resetchannels -@all +debug|object +cluster|info ' + '+replicaof',
  ],
  ['+nope', '', UNKNOWN],
  ['-nope', '', UNKNOWN],
  ['+', '', UNKNOWN],
  ['+@', '', UNKNOWN],
  ['+@nope', '', UNKNOWN],
  ['-@nope', '', UNKNOWN],
  ['+config|nope', '', UNKNOWN],
  ['-get|x', '', UNKNOWN],
  ['+nope|x', '', UNKNOWN],
  ['+get|', '', 'Syntax error'],
  ['+client|id|x', '', 'Allowing first-arg of a subcommand is not supported'],
  ['nonsense', '', 'Syntax error'],
  [
    '(+get ~a) (&b +publish)',
    'off resetchannels -@all (~a resetchannels -@all +get) ' + '(resetchannels &b -@all +publish)',
  ],
  ['()', 'off resetchannels -@all (resetchannels -@all)'],
  ['(+get) clearselectors', 'off resetchannels -@all'],
  ['(on)', '', 'Syntax error'],
  ['(+get ~* ~a)', '', AFTER_ALL_KEYS],
  ['on nopass ~a &b +get (+set) reset', 'off sanitize-payload resetchannels -@all'],
];

test('what rules make of a user', async (t) => {
  const users = new AclUsers();
  for (const [text, line, problem = ''] of ROWS) {
    const user = users.newUser('u');
    const rules = joinSelectors(text.split(' '));
    if ('openAt' in rules) throw new Error(`open: ${text}`);
    const failure = applyAll(user, rules);
    t.equal(failure?.problem ?? '', problem, text);
    if (problem !== '') continue;
    t.equal(user.describe(), line, text);
    const again = users.newUser('u');
    const described = joinSelectors(line.split(' '));
    t.notOk('openAt' in described);
    t.equal(applyAll(again, described as string[]), null, 'its line is made of rules');
    t.equal(again.describe(), line, 'that make the same user');
  }
});

test('a rule that is refused changes nothing', async (t) => {
  const user = new AclUsers().newUser('u');
  applyAll(user, ['on', '~a', '&b', '+get', '>x']);
  const before = user.describe();
  for (const rule of ['~a b', '&a\0', '+nope', '#1', '<y', '(+get nonsense)', '%~']) {
    t.not(user.apply(rule), '', rule);
    t.equal(user.describe(), before);
  }
});

test('a copy is a user of its own', async (t) => {
  const user = new AclUsers().newUser('u');
  applyAll(user, ['on', '~a', '+get', '+select|0', '(+set)']);
  const copy = user.clone();
  t.equal(copy.describe(), user.describe());
  applyAll(copy, ['off', '~b', '+set', '+select|1', 'clearselectors', '>x']);
  t.equal(user.describe(), 'on ~a resetchannels -@all +get +select|0 (resetchannels -@all +set)');
});

test('passwords', async (t) => {
  const user = new AclUsers().newUser('u');
  const is = (text: string): boolean => user.hasPassword(Buffer.from(text));
  applyAll(user, ['>one', '>two']);
  t.notOk(is('one'), 'he is off');
  user.apply('on');
  t.ok(is('one'));
  t.ok(is('two'));
  t.notOk(is('three'));
  t.notOk(is(''));
  user.apply('<one');
  t.notOk(is('one'));
  user.apply('nopass');
  t.ok(is('anything'));
  user.apply('resetpass');
  t.notOk(is('two'));
});

test('selectors over several words', async (t) => {
  t.strictSame(joinSelectors(['on', '(+get', '~a', '&b)', '~c']), ['on', '(+get ~a &b)', '~c']);
  t.strictSame(joinSelectors(['(+get)', '()']), ['(+get)', '()']);
  t.strictSame(joinSelectors(['(a', '(b', '(c)', 'd']), ['(b (c)', 'd']);
  t.strictSame(joinSelectors(['on', '(+get', '~a']), { openAt: 1 });
});

test('acl-pubsub-default', async (t) => {
  const users = new AclUsers();
  users.allChannels = true;
  const user = users.newUser('u');
  t.equal(user.describe(), 'off &* -@all');
  user.apply('(+get)');
  users.allChannels = false;
  user.apply('(+set)');
  t.match(user.describe(), '(&* -@all +get) (resetchannels -@all +set)');
  user.apply('reset');
  t.equal(user.describe(), 'off sanitize-payload resetchannels -@all');
});

test('users travel between threads', async (t) => {
  const main = new AclUsers();
  const copy = new AclUsers();
  const wide = main.newUser('w');
  applyAll(wide, ['~f*', '%RW~*', '~z', '(~*)', '(%RW~*)']);
  main.set(wide, 9);
  copy.adopt(main.toChange());
  t.strictSame(copy.lines(), main.lines());
  t.match(copy.find('w')?.describe(), 'off ~f* ~* ~z resetchannels -@all (~* resetchannels');
  t.equal(copy.find('w')?.apply('~x'), '', 'it has not all keys');
  main.delete('w');
  copy.delete('w');
  const names = ['b', 'a', 'Z', '\xff'];
  for (const [i, name] of names.entries()) {
    const user = main.newUser(name);
    applyAll(user, ['on', `>p${i}`, `~${name}\xfe*`, '%R~r', '+@read', '-get', '(+set ~x)']);
    main.set(user, 2 + i);
  }
  copy.adopt(main.toChange());
  t.strictSame(copy.lines(), main.lines());
  t.strictSame(
    copy.sorted().map(({ name }) => name),
    ['Z', 'a', 'b', 'default', '\xff'],
  );
  t.equal(copy.withNumber(3)?.name, 'a');
  copy.adopt({ users: [], gone: ['a'] });
  t.equal(copy.withNumber(3), undefined);
  t.equal(copy.find('a'), undefined);
  t.equal(copy.size, 4);
});

test('however odd the rules are, others read the same from them', async (t) => {
  const seed = Date.now() % 2 ** 31;
  const random = new Random(seed);
  const pick = (words: readonly string[]): string => words[random.below(words.length)]!;
  const parts = ['a', ')', '(', '*', '~', '&', '%R~', '\\', '[', '"', '#', '|', '\xff', '+get'];
  const starts = ['~', '&', '%R~', '%W~', '%RW~', '+get|', '+select|', '+@', '-', '+', '>', ''];
  const oddRule = (): string => {
    let rule = pick(starts);
    for (let i = random.below(4); i > 0; i--) rule += pick(parts);
    return rule;
  };
  const main = new AclUsers();
  const copy = new AclUsers();
  for (let round = 0; round < 500; round++) {
    const user = main.newUser('u');
    for (let i = 0; i < 8; i++) {
      if (random.below(3) > 0) user.apply(oddRule());
      else user.apply(`(${[oddRule(), oddRule(), oddRule()].join(' ')})`);
    }
    main.set(user, 2);
    copy.adopt(main.toChange());
    t.strictSame(copy.lines(), main.lines(), `seed ${seed}`);
  }
});
