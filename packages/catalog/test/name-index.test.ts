// The byte index against a plain map, with names and with noise.
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { NameIndex } from '../src/name-index.ts';

test('scopes do not see each other', (t) => {
  const index = new NameIndex(['get', 'config', 'get', 'set'], Int32Array.of(0, 0, 2, 2));
  const find = (scope: number, name: string) =>
    index.find(scope, Buffer.from(name), 0, name.length);
  t.equal(find(0, 'get'), 0);
  t.equal(find(0, 'CONFIG'), 1);
  t.equal(find(2, 'GeT'), 2);
  t.equal(find(0, 'set'), -1);
  t.equal(find(1, 'get'), -1);
  t.equal(find(2, ''), -1);
  t.end();
});

test('an empty index finds nothing', (t) => {
  t.equal(new NameIndex([], new Int32Array()).find(0, Buffer.from('get'), 0, 3), -1);
  t.end();
});

test('only A to Z are folded', (t) => {
  const index = new NameIndex(['a@[`{', 'x0'], Int32Array.of(0, 0));
  t.equal(index.find(0, Buffer.from('A@[`{'), 0, 5), 0);
  t.equal(index.find(0, Buffer.from('a`{@['), 0, 5), -1);
  t.equal(index.find(0, Uint8Array.of(0x58, 0x10), 0, 2), -1, '0x10 | 32 is the byte of 0');
  t.end();
});

test('random names against a map', (t) => {
  const seed = Date.now() >>> 0;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const alphabet = 'abcABC.|_-0 \0\xff';
  const randomName = () => {
    let name = '';
    for (let i = 1 + random.below(6); i > 0; i--) name += random.pick([...alphabet]);
    return name;
  };
  const names = new Map<string, number>();
  while (names.size < 300) {
    const name = randomName().toLowerCase().replaceAll('\xff', 'z');
    if (!names.has(name)) names.set(name, names.size);
  }
  const index = new NameIndex([...names.keys()], new Int32Array(names.size));
  for (let i = 0; i < 20_000; i++) {
    const name = randomName();
    const padding = random.below(3);
    const buf = Buffer.from(`${'#'.repeat(padding)}${name}#`, 'latin1');
    const expected = names.get(name.toLowerCase()) ?? -1;
    if (index.find(0, buf, padding, name.length) !== expected) t.fail(JSON.stringify(name));
  }
  t.end();
});
