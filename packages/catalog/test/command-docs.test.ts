// COMMAND DOCS: the shape clients read, and that every entry has one.
import { test } from 'tap';
import { commandDocs } from '../src/command-docs.ts';
import type { ReplyTree } from '../src/reply-tree.ts';
import { fullTable } from './full-table.ts';

function entriesOf(tree: ReplyTree): [string, ReplyTree][] {
  if (tree === null || typeof tree === 'number' || !('map' in tree)) throw new Error('not a map');
  return tree.map.map(([key, value]) => [(key as { bulk: string }).bulk, value]);
}

test('SET', (t) => {
  const [[name, doc]] = entriesOf(commandDocs(fullTable, ['SeT'])) as [[string, ReplyTree]];
  t.equal(name, 'set');
  const parts = entriesOf(doc);
  t.strictSame(
    parts.map(([part]) => part),
    ['summary', 'since', 'group', 'complexity', 'arguments'],
  );
  t.match(parts[4]![1], {
    array: {
      0: {
        map: [
          [{ bulk: 'name' }, { bulk: 'key' }],
          [{ bulk: 'type' }, { bulk: 'key' }],
          [{ bulk: 'key_spec_index' }, 0],
        ],
      },
      3: {
        map: [
          [{ bulk: 'name' }, { bulk: 'get' }],
          [{ bulk: 'type' }, { bulk: 'pure-token' }],
          [{ bulk: 'token' }, { bulk: 'GET' }],
          [{ bulk: 'flags' }, { set: [{ str: 'optional' }] }],
        ],
      },
    },
  });
  t.end();
});

test('deprecated, of a module, container', (t) => {
  const partsOf = (name: string) =>
    Object.fromEntries(entriesOf(entriesOf(commandDocs(fullTable, [name]))[0]![1]));
  t.match(partsOf('getset'), {
    doc_flags: { set: [{ str: 'deprecated' }] },
    deprecated_since: { bulk: '6.2.0' },
    replaced_by: { bulk: 'SET with GET' },
  });
  t.match(partsOf('json.get'), { group: { bulk: 'module' }, module: { bulk: 'ReJSON' } });
  const subcommands = entriesOf(partsOf('xinfo').subcommands!).map(([name]) => name);
  t.strictSame(subcommands, ['xinfo|consumers', 'xinfo|groups', 'xinfo|help', 'xinfo|stream']);
  t.match(partsOf('sort'), {
    arguments: { array: { 3: { map: { 4: [{ bulk: 'flags' }] } } } },
  });
  t.end();
});

test('strangers are left out, subcommands have docs of their own', (t) => {
  const names = entriesOf(commandDocs(fullTable, ['nope', 'client|id', 'get'])).map(([n]) => n);
  t.strictSame(names, ['client|id', 'get']);
  t.equal(entriesOf(commandDocs(fullTable, null)).length, 320);
  t.end();
});
