// The short lists of big keys: who is in them, and who is not any more.

import { test } from 'tap';
import { createArena } from '../src/arena.ts';
import { BigKeys } from '../src/big-keys.ts';
import { BIG_KEYS, FLUSH_GENERATION } from '../src/layout.ts';

test('the biggest stay', (t) => {
  const arena = createArena({ poolBytes: 1 << 20, databases: 2, hashSecret: [1, 2] });
  const big = new BigKeys(arena);
  const shown = (shard = 3): number[] =>
    big
      .ofShard(shard)
      .map(({ bytes }) => bytes)
      .sort((a, b) => b - a);
  big.noteIn(3, 0, 1, 1023);
  t.strictSame(shown(), [], 'small');
  for (let i = 0; i < 100; i++) big.noteIn(3, 0, i, 2000 + i);
  t.strictSame(
    shown(),
    Array.from({ length: BIG_KEYS }, (_, i) => 2099 - i),
  );
  t.strictSame(shown(4), [], 'of another shard');
  big.noteIn(3, 0, 99, 5000);
  big.noteIn(3, 0, 98, 1500);
  t.equal(shown()[0], 5000, 'it has grown');
  t.equal(shown().at(-1), 1500, 'it has shrunk');
  big.noteIn(3, 0, 97, 10);
  big.noteIn(3, 0, 96, 0);
  t.equal(shown().length, BIG_KEYS - 2, 'gone');
  big.noteIn(3, 1, 99, 3_000_000_000);
  t.equal(shown()[0], 3_000_000_000, 'another database, beyond 31 bits');
  t.equal(shown()[1], 5000);
  // The first database is flushed: it has a new namespace.
  arena.words[arena.namespaces] = 77;
  arena.words[FLUSH_GENERATION]!++;
  for (let i = 0; i < BIG_KEYS - 1; i++) big.noteIn(3, 0, i, 1100);
  t.strictSame(shown(), [3_000_000_000, ...new Array<number>(BIG_KEYS - 1).fill(1100)]);
  t.end();
});
