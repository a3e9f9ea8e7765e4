// BITOP: sources of every length and storage, the target among them, errors.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

test('BITOP', async (t) => {
  runTable(t, [
    ['bitop and d none', 0],
    ['exists d', 0],
    ['mset a foobar b abcdef c xy', '+OK'],
    ['bitop and d a b', 6],
    ['get d', '`bc`ab'],
    ['object encoding d', 'raw'],
    ['bitop or d a c', 6],
    ['get d', '~\x7fobar'],
    ['bitop xor d a a', 6],
    ['get d', '\0\0\0\0\0\0'],
    ['bitop and d a c', 6],
    ['get d', '`i\0\0\0\0'],
    ['bitop and d a none', 6],
    ['get d', '\0\0\0\0\0\0'],
    ['bitop not d c', 2],
    ['get d', '\x87\x86'],
    ['bitop NOT c c', 2],
    ['get c', '\x87\x86'],
    ['bitop or a a a b', 6],
    ['set d x ex 100', '+OK'],
    ['bitop or d none none', 0],
    ['exists d', 0],
    ['set d x ex 100', '+OK'],
    ['bitop or d c', 2],
    ['ttl d', -1],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['bitop or l c none', 2],
    ['type l', '+string'],
  ]);
});

test('BITOP refuses', async (t) => {
  runTable(t, [
    ['set a x', '+OK'],
    ['bitop nand d a', '-ERR syntax error'],
    ['bitop not d a a', '-ERR BITOP NOT must be called with a single source key.'],
    ['bitop and d', "-ERR wrong number of arguments for 'bitop' command"],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['bitop and d a l', WRONG_TYPE],
    ['bitop not d l', WRONG_TYPE],
    ['exists d', 0],
  ]);
});

function combined(operation: string, sources: readonly Buffer[]): string {
  const bytes = Buffer.alloc(Math.max(...sources.map(({ length }) => length)));
  for (let i = 0; i < bytes.length; i++) {
    let value = sources[0]![i] ?? 0;
    for (const source of sources.slice(1)) {
      const other = source[i] ?? 0;
      if (operation === 'and') value &= other;
      else if (operation === 'or') value |= other;
      else value ^= other;
    }
    bytes[i] = operation === 'not' ? ~value : value;
  }
  return bytes.toString('latin1');
}

test('random strings against byte by byte', async (t) => {
  const seed = 7;
  const random = new Random(seed);
  let failures = 0;
  for (const hotValueMaxBytes of [16384, 40]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    for (let round = 0; round < 400; round++) {
      const operation = random.pick(['and', 'or', 'xor', 'not']);
      const count = operation === 'not' ? 1 : 1 + random.below(4);
      const sources = Array.from({ length: count }, () => {
        const length = 1 + random.below(round % 20 === 0 ? 9000 : 70);
        return Buffer.from(Uint8Array.from({ length }, () => random.below(256)));
      });
      for (const [i, source] of sources.entries()) db.run('set', `k${i}`, source);
      const target = random.pick(['k0', 'd', `k${count - 1}`]);
      const wanted = combined(operation, sources);
      const reply = db.run('bitop', operation, target, ...sources.map((_, i) => `k${i}`));
      if (reply !== wanted.length || db.run('get', target) !== wanted) failures++;
    }
    db.audit();
  }
  t.equal(failures, 0, `seed ${seed}`);
});
