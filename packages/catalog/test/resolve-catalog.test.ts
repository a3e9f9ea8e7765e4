// Entries to specs: defaults, orders, and mistakes.
import { test } from 'tap';
import { CATALOG } from '../src/catalog.ts';
import type { CommandFamily } from '../src/command-spec.ts';
import { resolveCatalog, runnableNames } from '../src/resolve-catalog.ts';

const family = {
  'A.BOX': {
    summary: 'A container.',
    complexity: 'O(1)',
    since: '1.0.0',
    arity: -2,
    flags: [],
    acl: ['slow', 'read'],
    subcommands: {
      OPEN: {
        summary: 'A subcommand.',
        complexity: 'O(1)',
        since: '1.0.0',
        arity: -3,
        flags: ['fast', 'readonly'],
        acl: [],
        keys: ['2:numkeys RO'],
      },
    },
  },
} as const satisfies CommandFamily;

test('what follows from an entry and its family is filled in', (t) => {
  const specs = resolveCatalog([{ group: 'module', module: 'm', commands: family }]);
  t.match(specs, [
    { name: 'a.box', upperName: 'A.BOX', container: null, isContainer: true, module: 'm' },
    { name: 'a.box|open', upperName: 'A.BOX|OPEN', container: 'A.BOX', isContainer: false },
  ]);
  t.strictSame(specs[0]!.acl, ['read', 'slow'], 'in the order of ACL CAT');
  t.strictSame(specs[1]!.flags, ['readonly', 'module', 'fast', 'movablekeys']);
  t.strictSame(specs[1]!.args, '');
  t.equal(specs[1]!.reply, null);
  t.end();
});

test('a name may occur once', (t) => {
  const twice = { group: 'generic', commands: family } as const;
  t.throws(() => resolveCatalog([twice, twice]), /A\.BOX twice/);
  t.end();
});

test('containers are not runnable, but COMMAND is', (t) => {
  const names = new Set(runnableNames(CATALOG));
  t.notOk(names.has('CLIENT'));
  t.ok(names.has('CLIENT|ID'));
  t.ok(names.has('COMMAND'));
  t.ok(names.has('COMMAND|COUNT'));
  t.equal(names.size, 459 - 16);
  t.end();
});
