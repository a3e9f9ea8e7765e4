/**
 * The family of ACL: users nobody logs in as, their rules, and what may be asked about them. Rules
 * about single commands are left out: 7.0 shows them in other words than later versions. Not one of
 * the default families: users are of the server, whatever is done with its data.
 */
import type { ArgumentSource } from './argument-source.ts';
import { type CommandFamily, type GeneratedCommand, generated } from './generated-command.ts';

const USERS = ['r1', 'r2', 'r-3', 'имя'];
const RULES = [
  ...['on', 'off', 'ON', 'nopass', 'resetpass', 'reset', '>one', '>two', '<one', '<none'],
  ...['~a*', '~b', '%R~a*', '%W~a*', '%rw~c', '%R~*', '~*', 'allkeys', 'resetkeys', '%', '%RR~x'],
  ...['&a', '&b*', '&*', 'allchannels', 'resetchannels', '+@all', '-@all', 'allcommands'],
  ...['nocommands', '(~x +@all)', '(&y', '%R~z)', '()', '(on)', '(+nope)', '+nope', '-@nope'],
  ...['clearselectors', 'sanitize-payload', 'skip-sanitize-payload', '#12', `#${'0'.repeat(64)}`],
  ...[`!${'0'.repeat(64)}`, '+client|id|x', '+get|', 'nonsense', ''],
];
const WRONG = [
  ['ACL'],
  ['ACL', 'NOSUCH'],
  ['ACL', 'GETUSER'],
  ['ACL', 'GETUSER', 'nobody'],
  ['ACL', 'SETUSER', 'a b'],
  ['ACL', 'DELUSER', 'default'],
  ['ACL', 'CAT', 'nope'],
  ['ACL', 'GENPASS', '0'],
  ['ACL', 'GENPASS', 'x'],
  ['ACL', 'GENPASS', '4097'],
  ['ACL', 'LOG', 'x'],
  ['ACL', 'LOAD'],
  ['ACL', 'SAVE'],
  ['ACL', 'DRYRUN', 'nobody', 'GET', 'k'],
  ['ACL', 'DRYRUN', 'default', 'NOSUCH'],
  ['ACL', 'DRYRUN', 'default', 'GET'],
];

/** `fixed`: a rule in other letters may be another one. */
function acl(label: string, ...args: readonly string[]): GeneratedCommand {
  return generated(['ACL', ...args], { label: `ACL ${label}`, fixed: true });
}

function makeSetUser(source: ArgumentSource): GeneratedCommand {
  const { prng } = source;
  const rules = Array.from({ length: prng.below(4) }, () => prng.pick(RULES));
  return acl('SETUSER', 'SETUSER', prng.pick(USERS), ...rules);
}

export const ACL_FAMILY: CommandFamily = {
  name: 'acl',
  recipes: [
    { name: 'ACL SETUSER', weight: 6, make: makeSetUser },
    {
      name: 'ACL GETUSER',
      weight: 3,
      make: ({ prng }) => acl('GETUSER', 'GETUSER', prng.pick(USERS)),
    },
    {
      name: 'ACL DELUSER',
      weight: 1,
      make: ({ prng }) => acl('DELUSER', 'DELUSER', prng.pick(USERS), prng.pick(USERS)),
    },
    { name: 'ACL LIST', weight: 1, make: () => acl('LIST', 'LIST') },
    { name: 'ACL USERS', weight: 1, make: () => acl('USERS', 'USERS') },
    { name: 'ACL WHOAMI', weight: 1, make: () => acl('WHOAMI', 'WHOAMI') },
    {
      name: 'ACL (wrong)',
      weight: 1,
      make: ({ prng }) => generated(prng.pick(WRONG), { label: 'ACL (wrong)', fixed: true }),
    },
  ],
};
