// Replies of COMMAND without a live server: shapes, filters and errors.
import { test } from 'tap';
import { CATALOG } from '../src/catalog.ts';
import { CommandTable } from '../src/command-table.ts';
import {
  commandCount,
  commandGetKeys,
  commandGetKeysAndFlags,
  commandInfo,
  commandList,
  type ListFilter,
} from '../src/introspection.ts';
import { fullTable, request } from './full-table.ts';

const small = new CommandTable(CATALOG, [
  'GET',
  'XREAD',
  'EVAL',
  'CLIENT|ID',
  'CLIENT|KILL',
  'JSON.GET',
]);

test('COMMAND COUNT counts commands only', (t) => {
  t.equal(commandCount(fullTable), 320);
  t.equal(commandCount(small), 5);
  t.end();
});

test('COMMAND INFO: a row, a container, and null for strangers', (t) => {
  t.strictSame(commandInfo(small, ['XRead', 'nope', 'set', 'client|ID']), {
    array: [
      {
        array: [
          { bulk: 'xread' },
          -4,
          { set: [{ str: 'readonly' }, { str: 'blocking' }, { str: 'movablekeys' }] },
          0,
          0,
          0,
          { set: [{ str: '@read' }, { str: '@stream' }, { str: '@slow' }, { str: '@blocking' }] },
          { set: [] },
          {
            set: [
              {
                map: [
                  [{ bulk: 'flags' }, { set: [{ str: 'RO' }, { str: 'access' }] }],
                  [
                    { bulk: 'begin_search' },
                    {
                      map: [
                        [{ bulk: 'type' }, { bulk: 'keyword' }],
                        [
                          { bulk: 'spec' },
                          {
                            map: [
                              [{ bulk: 'keyword' }, { bulk: 'STREAMS' }],
                              [{ bulk: 'startfrom' }, 1],
                            ],
                          },
                        ],
                      ],
                    },
                  ],
                  [
                    { bulk: 'find_keys' },
                    {
                      map: [
                        [{ bulk: 'type' }, { bulk: 'range' }],
                        [
                          { bulk: 'spec' },
                          {
                            map: [
                              [{ bulk: 'lastkey' }, -1],
                              [{ bulk: 'keystep' }, 1],
                              [{ bulk: 'limit' }, 2],
                            ],
                          },
                        ],
                      ],
                    },
                  ],
                ],
              },
            ],
          },
          { set: [] },
        ],
      },
      null,
      null,
      {
        array: [
          { bulk: 'client|id' },
          2,
          { set: [{ str: 'noscript' }, { str: 'loading' }, { str: 'stale' }] },
          0,
          0,
          0,
          { set: [{ str: '@slow' }, { str: '@connection' }] },
          { set: [] },
          { set: [] },
          { set: [] },
        ],
      },
    ],
  });
  t.end();
});

test('COMMAND has a row for each command, with its implemented subcommands inside', (t) => {
  t.match(commandInfo(small, null), {
    array: [
      { array: [{ bulk: 'get' }] },
      { array: [{ bulk: 'xread' }] },
      { array: [{ bulk: 'eval' }] },
      {
        array: {
          0: { bulk: 'client' },
          9: { array: [{ array: [{ bulk: 'client|id' }] }, { array: [{ bulk: 'client|kill' }] }] },
        },
      },
      { array: [{ bulk: 'json.get' }] },
    ],
  });
  t.end();
});

test('COMMAND LIST', (t) => {
  const namesOf = (filter: ListFilter | null) => {
    const tree = commandList(small, filter);
    return tree !== null && typeof tree === 'object' && 'array' in tree
      ? tree.array.map((item) => (item as { bulk: string }).bulk).join(' ')
      : null;
  };
  t.equal(namesOf(null), 'get xread eval client client|id client|kill json.get');
  t.equal(namesOf({ module: 'ReJSON' }), 'json.get');
  t.equal(namesOf({ module: 'rejson' }), '');
  t.equal(namesOf({ aclCategory: 'Connection' }), 'client|id client|kill');
  t.equal(namesOf({ aclCategory: 'nope' }), '');
  t.equal(namesOf({ pattern: Buffer.from('CLIENT|*') }), 'client|id client|kill');
  t.equal(namesOf({ pattern: Buffer.from('*get') }), 'get json.get');
  t.end();
});

test('COMMAND GETKEYS', (t) => {
  const keysOf = (line: string) => {
    const { argc, argText } = request(line);
    return commandGetKeys(small, argc, argText);
  };
  t.strictSame(keysOf('GET k'), { array: [{ bulk: 'k' }] });
  t.strictSame(keysOf('eval s 0'), { array: [] });
  t.strictSame(keysOf('eval s 5 a'), { array: [] });
  t.strictSame(keysOf('nope k'), { error: 'ERR Invalid command specified' });
  t.strictSame(keysOf('set k v'), { error: 'ERR Invalid command specified' });
  t.strictSame(keysOf('client nope'), { error: 'ERR Invalid command specified' });
  t.strictSame(keysOf('client id'), { error: 'ERR The command has no key arguments' });
  t.strictSame(keysOf('client'), { error: 'ERR The command has no key arguments' });
  t.strictSame(keysOf('get'), { error: 'ERR Invalid number of arguments specified for command' });
  t.strictSame(keysOf('get a b'), {
    error: 'ERR Invalid number of arguments specified for command',
  });
  t.strictSame(keysOf('xread block 1 2'), { error: 'ERR Invalid arguments specified for command' });
  t.strictSame(
    commandGetKeys(small, 0, () => ''),
    { error: 'ERR Invalid command specified' },
  );
  t.end();
});

test('COMMAND GETKEYSANDFLAGS, with bytes', (t) => {
  const words = ['EVAL', 's', '1', '\xff'].map((word) => Buffer.from(word, 'latin1'));
  t.strictSame(
    commandGetKeysAndFlags(small, words.length, (i) => words[i]!),
    {
      array: [
        {
          array: [
            { bulk: words[3] },
            { set: [{ str: 'RW' }, { str: 'access' }, { str: 'update' }] },
          ],
        },
      ],
    },
  );
  t.end();
});
