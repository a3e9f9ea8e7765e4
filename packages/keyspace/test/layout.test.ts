// The layout's numbers fit each other: nothing overlaps, everything is aligned, fields are wide
// enough for what is stored in them.

import { SHARD_COUNT } from '@forgekv/base';
import { test } from 'tap';
import * as layout from '../src/layout.ts';
import { CLASS_BYTES, INDEX_CLASS } from '../src/size-classes.ts';
import { smallArena } from './keyed-table.ts';

test('a page', async (t) => {
  t.equal(layout.PAGE_WORDS, layout.PAGE_BYTES / 4);
  t.equal(2 ** layout.PAGE_WORDS_SHIFT, layout.PAGE_WORDS);
  t.ok(layout.PAGE_EXPIRES < layout.PAGE_RECORD_WORDS);
});

test('a shard block holds its list heads', async (t) => {
  t.ok(layout.SHARD_CLASS_HEADS + INDEX_CLASS < layout.SHARD_BLOCK_WORDS);
  t.equal(layout.SHARD_LSN % 2, 0, 'a float64 on an even word');
  t.ok(layout.SHARD_ENTRIES < layout.SHARD_CLASS_HEADS);
});

test('an entry', async (t) => {
  t.equal(layout.ENTRY_KEY * 4, layout.ENTRY_HEAD_BYTES);
  t.equal(layout.ENTRY_EXPIRE % 2, 0);
  t.equal(layout.ENTRY_LSN % 2, 0);
  t.ok(
    CLASS_BYTES.every((bytes) => bytes % 16 === 0),
    'so an address in 16-byte units names it',
  );
  t.ok(CLASS_BYTES.length < 256, 'the class fits 8 bits');
  t.ok(layout.MAX_KEY_BYTES < 65536);
  const largest = layout.ENTRY_HEAD_BYTES + layout.MAX_KEY_BYTES + layout.MAX_PACKED_BYTES;
  t.ok(largest <= layout.PAGE_BYTES, 'the longest key and the largest value share a page');
  t.ok(layout.MAX_PACKED_BYTES < 65536, 'its length fits 16 bits');
  const flags = [
    layout.FLAG_LARGE,
    layout.FLAG_DIRTY,
    layout.FLAG_STORED,
    layout.FLAG_ENCODING_MASK << layout.FLAG_ENCODING_SHIFT,
  ];
  t.equal(
    flags.reduce((all, flag) => all + flag, 0),
    flags.reduce((all, flag) => all | flag, 0),
    'flags do not overlap',
  );
  t.ok(flags.every((flag) => flag < 65536));
});

test('an index segment', async (t) => {
  const needed = (layout.SEGMENT_HEAD_WORDS + layout.SEGMENT_BUCKETS) * 4;
  t.ok(layout.SEGMENT_BYTES >= needed);
  t.equal(layout.SEGMENT_BYTES % 64, 0, 'references count in 64 bytes');
  t.equal(layout.SEGMENT_BUCKETS, 2 ** layout.SEGMENT_BUCKET_BITS);
  t.ok(layout.MAX_DEPTH <= layout.DEPTH_MASK);
  t.ok(layout.MAX_DEPTH + layout.SEGMENT_BUCKET_BITS <= 32);
});

test('the regions of an arena follow each other', async (t) => {
  for (const [pages, databases] of [
    [1, 1],
    [3, 16],
    [40, 4],
    [1000, 100],
  ] as const) {
    const arena = smallArena(pages, databases);
    const ends = [
      [arena.namespaces, databases],
      [arena.shards, SHARD_COUNT * layout.SHARD_BLOCK_WORDS],
      [arena.counters, SHARD_COUNT * databases * layout.COUNTER_WORDS],
      [arena.directories, SHARD_COUNT * arena.directoryWords],
      [arena.pageTable, pages * layout.PAGE_RECORD_WORDS],
      [arena.pages, pages * layout.PAGE_WORDS],
    ] as const;
    let last: number = layout.CONTROL_WORDS;
    for (const [start, words] of ends) {
      t.ok(start >= last, `${start} behind ${last}`);
      last = start + words;
    }
    t.equal(last, arena.words.length);
    t.equal(arena.pages % layout.PAGE_WORDS, 0);
    t.equal(arena.shards % 2, 0);
    t.equal(arena.pageCount, pages);
    t.equal(arena.counters % 2, 0);
    t.ok(layout.CAP_REACHED < layout.CONTROL_WORDS);
  }
});
