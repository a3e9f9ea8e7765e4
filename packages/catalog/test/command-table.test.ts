// Lookup by name and the flat arrays, for the whole catalog and for a part of it.
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { CATALOG } from '../src/catalog.ts';
import { FLAG_DENYOOM, FLAG_FAST, FLAG_WRITE } from '../src/command-flags.ts';
import { CommandTable } from '../src/command-table.ts';
import { fullTable } from './full-table.ts';

function lookup(table: CommandTable, name: string): number {
  const buf = Buffer.from(name, 'latin1');
  return table.lookup(buf, 0, buf.length);
}

function lookupSub(table: CommandTable, container: string, name: string): number {
  const buf = Buffer.from(name, 'latin1');
  return table.lookupSub(table.idOf(container), buf, 0, buf.length);
}

test('every name is found in letters of any case, inside a larger buffer', (t) => {
  const seed = Date.now() >>> 0;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const scramble = (name: string) =>
    [...name].map((char) => (random.chance(0.5) ? char.toUpperCase() : char)).join('');
  for (let id = 0; id < fullTable.size; id++) {
    const [name, subName] = fullTable.names[id]!.split('|');
    const own = subName ?? name!;
    const buf = Buffer.from(`*1\r\n$9\r\n${scramble(own)}\r\n`);
    const start = buf.indexOf('\n', 4) + 1;
    const found =
      subName === undefined
        ? fullTable.lookup(buf, start, own.length)
        : fullTable.lookupSub(fullTable.containerOf[id]!, buf, start, own.length);
    t.equal(found, id, fullTable.names[id]!);
    t.equal(fullTable.idOf(scramble(fullTable.names[id]!)), id);
  }
  t.end();
});

test('commands are called by other names', (t) => {
  const implemented = ['GET', 'SET', 'DEL', 'CONFIG|GET', 'KEYS'];
  const plain = new CommandTable(CATALOG, implemented);
  const table = new CommandTable(CATALOG, implemented);
  plain.rename([['KEYS', '']]);
  table.rename([
    ...([['GET', 'x'] as const, ['set', 'GET'] as const, ['X', 'SET'] as const] as const),
    ...([['config', 'A|b'] as const, ['nothing', 'del'] as const] as const),
    ...([['DEL', 'Ü'] as const, ['KEYS', 'all'] as const, ['ALL', ''] as const] as const),
  ]);
  const called = (of: CommandTable, name: string): string => {
    const bytes = Buffer.from(name);
    return of.names[of.lookupForClients(bytes, 0, bytes.length)] ?? '';
  };
  t.equal(called(plain, 'gEt'), 'get');
  t.equal(called(plain, 'keys'), '');
  t.notOk(plain.hasNewNames);
  t.ok(table.hasNewNames);
  const names = ['get', 'SET', 'x', 'a|B', 'config', 'del', 'Ü', 'ü', 'keys', 'all', ''];
  const found = names.map((name) => called(table, name));
  t.strictSame(found, ['set', 'get', '', 'config', '', '', 'del', '', '', '', '']);
  const ownName = (name: string): string => table.ownNameOf(Buffer.from(name), 0, name.length);
  t.strictSame(['get', 'a|b', 'keys', 'x'].map(ownName), ['SET', 'CONFIG', '', '']);
  t.equal(table.clientNameOf(table.idOf('get')), 'set');
  t.equal(lookup(table, 'get'), table.idOf('get'), 'logs have the own name');
  t.equal(lookupSub(table, 'config', 'get'), table.idOf('config|get'));
  const gone = table.names.filter((_, id) => table.isRemoved[id] === 1);
  t.strictSame(gone, ['keys']);
  t.throws(() => plain.rename([['set', 'get']]), /two commands are called get/);
  t.end();
});

test('what is not a name is not found', (t) => {
  const strangers = [
    '',
    'g',
    'ge',
    'gett',
    'get ',
    ' get',
    'g\xe9t',
    'client|id',
    'id',
    'gåt',
    '\0',
  ];
  for (const name of [...strangers, 'x'.repeat(10_000)]) {
    t.equal(lookup(fullTable, name), -1, name.slice(0, 20));
    t.equal(lookupSub(fullTable, 'client', name), name === 'id' ? fullTable.idOf('client|id') : -1);
  }
  t.equal(lookupSub(fullTable, 'config', 'getname'), -1, 'a subcommand of another container');
  t.equal(fullTable.lookupSub(fullTable.idOf('get'), Buffer.from('id'), 0, 2), -1);
  t.end();
});

test('every name with one byte changed is another name or none', (t) => {
  const known = new Map(fullTable.names.map((name, id) => [name, id]));
  let misses = 0;
  for (const id of fullTable.topLevelIds()) {
    const buf = Buffer.from(fullTable.names[id]!);
    for (let i = 0; i < buf.length; i++) {
      const byte = buf[i]!;
      for (let other = 0; other < 256; other++) {
        buf[i] = other;
        const expected = known.get(buf.toString('latin1').toLowerCase()) ?? -1;
        const isExpected = fullTable.lookup(buf, 0, buf.length) === expected;
        if (!isExpected) t.fail(JSON.stringify(buf.toString('latin1')));
        if (expected === -1) misses++;
      }
      buf[i] = byte;
    }
  }
  t.ok(misses > 500_000);
  t.end();
});

test('flat arrays say what the specs say', (t) => {
  t.equal(fullTable.size, 459);
  const id = lookup(fullTable, 'APPEND');
  t.equal(fullTable.names[id], 'append');
  t.equal(fullTable.specs[id]!.upperName, 'APPEND');
  t.equal(fullTable.arity[id], 3);
  t.equal(fullTable.flagBits[id], FLAG_WRITE | FLAG_DENYOOM | FLAG_FAST);
  t.strictSame([fullTable.firstKey[id], fullTable.lastKey[id], fullTable.keyStep[id]], [1, 1, 1]);
  t.equal(fullTable.isContainer[id], 0);
  t.equal(fullTable.containerOf[id], -1);
  const client = lookup(fullTable, 'client');
  t.equal(fullTable.isContainer[client], 1);
  t.equal(fullTable.containerOf[fullTable.idOf('CLIENT|ID')], client);
  t.equal(fullTable.subcommandIds(client).length, 18);
  t.equal(fullTable.topLevelIds().length, 320);
  t.end();
});

test('names without a handler do not exist', (t) => {
  const table = new CommandTable(CATALOG, ['GET', 'CLIENT|ID', 'COMMAND']);
  t.strictSame(table.names, ['get', 'client', 'client|id', 'command']);
  t.equal(lookup(table, 'set'), -1);
  t.equal(lookup(table, 'config'), -1, 'a container without implemented subcommands');
  t.equal(lookupSub(table, 'client', 'ID'), 2);
  t.equal(lookupSub(table, 'client', 'LIST'), -1);
  t.equal(lookupSub(table, 'command', 'COUNT'), -1);
  t.equal(table.isContainer[table.idOf('command')], 1);
  t.end();
});

test('stray names are refused', (t) => {
  for (const name of ['NOPE', 'get', 'CLIENT', 'CLIENT|NOPE', '']) {
    t.throws(() => new CommandTable(CATALOG, [name]), name);
  }
  t.end();
});
