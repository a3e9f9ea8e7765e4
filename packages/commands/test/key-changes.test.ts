// Keys that change, as they wait to be told of: for those fronts that may track them, once, and not
// more than may wait.

import type { HotTable } from '@forgekv/keyspace';
import { test } from 'tap';
import { type ChangeFilter, KeyChanges } from '../src/index.ts';

/** Front 0 tracks even hashes, and all keys are of interest to it. */
class EvenHashes implements ChangeFilter {
  isOn = true;
  low = 0;
  high = 0;
  find(hash: number): boolean {
    this.low = hash % 2 === 0 ? 1 : 0;
    return this.low !== 0;
  }
  findAll(): boolean {
    this.low = 1;
    return true;
  }
}

function key(hash: number, name: string): HotTable {
  return { hash, selectedKey: Buffer.from(name) } as HotTable;
}

test('what is noted', (t) => {
  const changes = new KeyChanges(new EvenHashes());
  changes.client = 5;
  changes.noteSelected(key(1, 'odd'));
  t.notOk(changes.any);
  for (const name of ['a', 'b', 'a']) changes.noteSelected(key(2, name));
  changes.client = 6;
  changes.noteSelected(key(2, 'a'));
  changes.noteFlush();
  changes.noteSelected(key(2, 'a'));
  const noted = changes.take().map(({ key: name, client }) => `${client} ${name}`);
  t.same(noted, ['5 a', '5 b', '6 a', '6 null', '6 a']);
  t.notOk(changes.any);
  changes.noteSelected(key(2, 'a'));
  t.equal(changes.take().length, 1, 'again when it was told of');
  t.end();
});

test('fronts that have read a key since it changed last are told, too', (t) => {
  const filter = new EvenHashes();
  const changes = new KeyChanges(filter);
  changes.noteSelected(key(2, 'a'));
  filter.find = () => {
    Object.assign(filter, { low: 2, high: 4 });
    return true;
  };
  changes.noteSelected(key(2, 'a'));
  t.same(changes.take(), [{ key: Buffer.from('a'), client: 0, low: 3, high: 4 }]);
  t.end();
});

test('nobody tracks', (t) => {
  const changes = new KeyChanges();
  t.notOk(changes.isOn);
  changes.noteSelected(key(2, 'a'));
  changes.noteFlush();
  t.notOk(changes.any);
  t.end();
});

test('too many', (t) => {
  const changes = new KeyChanges(new EvenHashes());
  changes.client = 5;
  for (let i = 0; i < 100_000; i++) changes.noteSelected(key(2, `key ${i}`));
  const told = changes.take();
  t.ok(told.some((change) => change.key === null && change.client === 0));
  t.ok(told.length < 50_000);
  changes.noteSelected(key(2, 'a'));
  t.same(
    changes.take().map(({ key: name }) => `${name}`),
    ['a'],
  );
  t.end();
});
