// Sketches without keys, against plain models: what was added is found, counts are never too low,
// deletions take back what was added, small digests are exact, and bytes from elsewhere are refused
// or harmless. The hash against known answers.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  addToBloom,
  addToCountMin,
  addToCuckoo,
  addToDigest,
  BLOOM_ADDED,
  BLOOM_FULL,
  bloomFacts,
  bloomHead,
  bloomRanges,
  CUCKOO_FULL,
  centroidsOf,
  compactCuckoo,
  countInCountMin,
  countInCuckoo,
  createBloom,
  createCountMin,
  createCuckoo,
  createDigest,
  createTopK,
  cuckooFacts,
  cuckooHead,
  digestFacts,
  isBloom,
  isCountMin,
  isCuckoo,
  isDigest,
  isInBloom,
  isInCuckoo,
  isTopK,
  itemHash,
  LargeSketch,
  loadBloomHead,
  loadCuckooHead,
  MOST_SKETCH_BYTES,
  mergeCountMin,
  mergeDigests,
  removeFromCuckoo,
  SKETCH_PAGE_BYTES,
  SketchMemory,
  TopK,
} from '../src/index.ts';

const MOST = MOST_SKETCH_BYTES;
const SEED = 7;

function hash(text: string): void {
  const bytes = Buffer.from(text);
  itemHash.of(bytes, 0, bytes.length);
}

function hashed(text: string, seed = 0): string {
  const bytes = Buffer.from(`...${text}`);
  itemHash.of(bytes, 3, bytes.length - 3, seed);
  const { a, b, c, d } = itemHash;
  return [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

test('the hash is MurmurHash3_x86_128', (t) => {
  t.equal(hashed(''), '00000000000000000000000000000000');
  t.equal(
    hashed('The quick brown fox jumps over the lazy dog'),
    '2f1583c3ecee2c675d7bf66ce5e91d2c',
  );
  t.end();
});

test('the hash spreads: one bit of the item changes half of its bits, short or long', (t) => {
  const random = new Random(SEED);
  for (const length of [1, 3, 4, 7, 8, 13, 16, 31, 64]) {
    const bytes = Buffer.alloc(length);
    let changed = 0;
    const tries = 1000;
    for (let i = 0; i < tries; i++) {
      for (let k = 0; k < length; k++) bytes[k] = random.below(256);
      itemHash.of(bytes, 0, length);
      const { a, b, c, d } = itemHash;
      const bit = random.below(length * 8);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      itemHash.of(bytes, 0, length);
      for (const word of [a ^ itemHash.a, b ^ itemHash.b, c ^ itemHash.c, d ^ itemHash.d]) {
        for (let w = word; w !== 0; w &= w - 1) changed++;
      }
    }
    const share = changed / (tries * 128);
    t.ok(Math.abs(share - 0.5) < 0.02, `${length} bytes: ${share}`);
  }
  t.end();
});

test('Bloom filters against a set', (t) => {
  const random = new Random(SEED);
  for (const expansion of [1, 2, 4]) {
    const memory = new SketchMemory();
    t.ok(createBloom(memory, { errorRate: 0.01, capacity: 20, expansion, scales: true }, MOST));
    const known = new Set<string>();
    let added = 0;
    for (let i = 0; i < 3000; i++) {
      const text = `item ${random.below(2000)}`;
      hash(text);
      const answer = addToBloom(memory);
      if (answer === BLOOM_ADDED) {
        if (known.has(text)) t.fail('what is there is not added again');
        added++;
      }
      known.add(text);
    }
    for (const text of known) {
      hash(text);
      if (!isInBloom(memory)) t.fail(`${text} is missing`);
    }
    t.equal(bloomFacts(memory).items, added);
    t.ok(isBloom(memory));
  }
  t.end();
});

test('Bloom filters that do not scale, and ones that may not grow', (t) => {
  const memory = new SketchMemory();
  createBloom(memory, { errorRate: 0.01, capacity: 10, expansion: 2, scales: false }, MOST);
  const answers = Array.from({ length: 30 }, (_, i) => {
    hash(`${i}`);
    return addToBloom(memory);
  });
  t.equal(answers.filter((answer) => answer === BLOOM_ADDED).length, 10);
  t.ok(answers.includes(BLOOM_FULL));
  const huge = { errorRate: 1e-9, capacity: 1e12, expansion: 2, scales: true };
  t.notOk(createBloom(new SketchMemory(), huge, MOST), 'too large');
  t.notOk(createBloom(new SketchMemory(), { ...huge, capacity: 1e300 }, MOST), 'far too large');
  t.end();
});

test('Bloom and cuckoo filters in parts: head and ranges make the same filter', (t) => {
  const bloom = new SketchMemory();
  createBloom(bloom, { errorRate: 0.01, capacity: 50, expansion: 2, scales: true }, MOST);
  const cuckoo = new SketchMemory();
  createCuckoo(cuckoo, { capacity: 64, bucketSize: 2, maxIterations: 20, expansion: 2 }, MOST);
  for (let i = 0; i < 500; i++) {
    hash(`${i}`);
    addToBloom(bloom);
    addToCuckoo(cuckoo, false);
  }
  const copy = new SketchMemory();
  t.ok(loadBloomHead(copy, bloomHead(bloom), MOST));
  t.equal(copy.length, bloom.length);
  for (const { at, length } of bloomRanges(bloom)) copy.write(at, bloom.slice(at, length));
  t.strictSame(copy.slice(0, copy.length), bloom.slice(0, bloom.length));
  t.ok(loadCuckooHead(copy, cuckooHead(cuckoo), MOST));
  t.equal(copy.length, cuckoo.length);
  const random = new Random(SEED);
  for (const head of [bloomHead(bloom), cuckooHead(cuckoo)]) {
    for (let i = 0; i < 3000; i++) {
      const damaged = Buffer.from(head);
      damaged[random.below(damaged.length)] = random.below(256);
      const cut = damaged.subarray(0, damaged.length - random.below(3));
      // Most are refused; the others have to be of use.
      if (loadBloomHead(copy, cut, 1 << 16)) {
        if (!isBloom(copy) || isInBloom(copy)) t.fail('a Bloom filter that is none');
      }
      if (loadCuckooHead(copy, cut, 1 << 16)) {
        if (!isCuckoo(copy) || isInCuckoo(copy)) t.fail('a cuckoo filter that is none');
      }
    }
  }
  t.end();
});

test('cuckoo filters against counts: adding, deleting, compacting', (t) => {
  const random = new Random(SEED);
  for (const [bucketSize, expansion] of [
    [1, 1],
    [2, 2],
    [4, 1],
    [3, 4],
  ] as const) {
    const memory = new SketchMemory();
    const options = { capacity: 300, bucketSize, maxIterations: 20, expansion };
    t.ok(createCuckoo(memory, options, MOST));
    const counts = new Map<string, number>();
    let items = 0;
    for (let i = 0; i < 6000; i++) {
      const text = `${random.below(500)}`;
      const count = counts.get(text) ?? 0;
      hash(text);
      if (random.chance(i < 3000 ? 0.6 : 0.3)) {
        if (count >= 3) continue;
        if (addToCuckoo(memory, false) === 1) {
          counts.set(text, count + 1);
          items++;
        }
      } else if (count > 0) {
        if (!removeFromCuckoo(memory)) t.fail('what was added can be removed');
        counts.set(text, count - 1);
        items--;
      }
      if (i % 1000 === 999) {
        compactCuckoo(memory, true);
        t.ok(isCuckoo(memory));
      }
    }
    t.equal(cuckooFacts(memory).items, items);
    for (const [text, count] of counts) {
      hash(text);
      if (countInCuckoo(memory) < count) t.fail(`${text}: fewer than ${count}`);
      if (isInCuckoo(memory) !== countInCuckoo(memory) > 0) t.fail(text);
    }
    for (const [text, count] of counts) {
      hash(text);
      for (let i = 0; i < count; i++) if (!removeFromCuckoo(memory)) t.fail(text);
    }
    compactCuckoo(memory, true);
    t.match(cuckooFacts(memory), { items: 0, filters: 1 }, 'nothing is left');
  }
  t.end();
});

test('a cuckoo filter that does not expand is as it was when it is full', (t) => {
  const memory = new SketchMemory();
  createCuckoo(memory, { capacity: 16, bucketSize: 2, maxIterations: 50, expansion: 0 }, MOST);
  let isFull = false;
  for (let i = 0; i < 100; i++) {
    const before = Buffer.from(memory.slice(0, memory.length));
    hash(`${i}`);
    if (addToCuckoo(memory, false) !== CUCKOO_FULL) continue;
    isFull = true;
    t.strictSame(memory.slice(0, memory.length), before);
  }
  t.ok(isFull);
  t.end();
});

test('count-min sketches: never too low, and sums', (t) => {
  const random = new Random(SEED);
  const sketches = [1, 2, 3].map(() => {
    const memory = new SketchMemory();
    t.ok(createCountMin(memory, 50, 4, MOST));
    return memory;
  });
  const counts = new Map<string, number>();
  const weights = [1, 3, 2];
  for (let i = 0; i < 500; i++) {
    const text = `${random.below(300)}`;
    const which = random.below(3);
    const increment = random.below(10);
    hash(text);
    addToCountMin(sketches[which]!, increment);
    counts.set(text, (counts.get(text) ?? 0) + increment * weights[which]!);
  }
  const sum = new SketchMemory();
  createCountMin(sum, 50, 4, MOST);
  t.ok(mergeCountMin(sum, sketches, weights));
  for (const [text, count] of counts) {
    hash(text);
    if (countInCountMin(sum) < count) t.fail(`${text}: below ${count}`);
  }
  t.notOk(mergeCountMin(sum, sketches, [1, -3, 1]), 'below zero');
  t.notOk(mergeCountMin(sum, sketches, [2 ** 40, 1, 1]), 'above what a counter holds');
  t.notOk(createCountMin(new SketchMemory(), 2 ** 40, 7, MOST), 'too large');
  t.end();
});

test('top-k: few items are counted exactly, and the same commands make the same bytes', (t) => {
  const build = (): SketchMemory => {
    const memory = new SketchMemory();
    createTopK(memory, 5, 8, 7, 0.9, MOST);
    const list = new TopK(memory);
    const random = new Random(SEED);
    for (let i = 0; i < 5000; i++) {
      const item = Buffer.from('x'.repeat(Math.floor(40 * random.below(1000) ** 2 * 1e-6)));
      if (!list.add(item, 0, item.length, 1 + random.below(3))) t.fail('there is room');
      if (i % 500 === 0) t.ok(isTopK(memory), 'it stays whole');
    }
    return memory;
  };
  const first = build();
  const second = build();
  t.strictSame(first.slice(0, first.length), second.slice(0, second.length));
  const memory = new SketchMemory();
  createTopK(memory, 3, 50, 4, 0.9, MOST);
  const list = new TopK(memory);
  const add = (text: string, count: number): string | null => {
    list.add(Buffer.from(text), 0, text.length, count);
    return list.expelled?.toString() ?? null;
  };
  t.strictSame([add('a', 5), add('b', 3), add('c', 9), add('d', 4)], [null, null, null, 'b']);
  t.strictSame(
    list.list().map(({ item, count }) => `${item} ${count}`),
    ['c 9', 'a 5', 'd 4'],
  );
  t.equal(list.countOf(Buffer.from('b'), 0, 1), 3);
  t.end();
});

test('t-digests of few observations are exact', (t) => {
  const memory = new SketchMemory();
  createDigest(memory, 100, MOST);
  const nothing = centroidsOf(memory);
  t.ok([nothing.quantile(0.5), nothing.below(1), nothing.trimmedMean(0, 1)].every(Number.isNaN));
  for (const value of [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5]) addToDigest(memory, value);
  const centroids = centroidsOf(memory);
  t.strictSame(
    [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((share) => centroids.quantile(share)),
    [1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5],
  );
  t.equal(centroids.below(0), 0);
  t.equal(centroids.below(6), 1);
  t.equal(centroids.below(3), 4.5 / 15);
  t.equal(centroids.trimmedMean(0, 1), 55 / 15);
  t.end();
});

test('t-digests: extreme values, merges, few centroids', (t) => {
  for (const compression of [1, 2, 10, 1000]) {
    const parts = [0, 1, 2].map((part) => {
      const memory = new SketchMemory();
      t.ok(createDigest(memory, compression, MOST));
      for (let i = 0; i < 4000; i++) addToDigest(memory, i * 3 + part);
      addToDigest(memory, part === 0 ? -Number.MAX_VALUE : Number.MAX_VALUE);
      t.ok(isDigest(memory));
      return memory;
    });
    const sum = new SketchMemory();
    createDigest(sum, compression, MOST);
    mergeDigests(sum, parts);
    t.ok(isDigest(sum));
    t.ok(digestFacts(sum).merged <= 3 * compression);
    const centroids = centroidsOf(sum);
    t.equal(centroids.weight, 12_003);
    t.equal(centroids.quantile(0), -Number.MAX_VALUE);
    t.equal(centroids.quantile(1), Number.MAX_VALUE);
    let before = -Number.MAX_VALUE;
    for (let i = 0; i <= 1000; i++) {
      const value = centroids.quantile(i / 1000);
      if (value < before) t.fail(`quantiles ascend: ${before}, ${value}`);
      before = value;
    }
    if (compression < 1000) continue;
    t.ok(Math.abs(centroids.quantile(0.5) - 6000) < 20, `${centroids.quantile(0.5)}`);
    t.ok(Math.abs(centroids.below(3000) - 0.25) < 0.005);
  }
  t.end();
});

test('damaged bytes are refused or harmless', (t) => {
  const random = new Random(SEED);
  const makers: [string, (m: SketchMemory) => boolean, (m: SketchMemory) => boolean][] = [
    [
      'bloom',
      (m) => createBloom(m, { errorRate: 0.1, capacity: 9, expansion: 1, scales: true }, MOST),
      isBloom,
    ],
    [
      'cuckoo',
      (m) => createCuckoo(m, { capacity: 8, bucketSize: 2, maxIterations: 9, expansion: 1 }, MOST),
      isCuckoo,
    ],
    ['count-min', (m) => createCountMin(m, 5, 2, MOST), isCountMin],
    ['top-k', (m) => createTopK(m, 3, 4, 2, 0.9, MOST), isTopK],
    ['t-digest', (m) => createDigest(m, 5, MOST), isDigest],
  ];
  for (const [name, make, isOne] of makers) {
    let taken = 0;
    for (let i = 0; i < 500; i++) {
      const memory = new SketchMemory();
      make(memory);
      const fill = (): void => {
        for (let k = 0; k < 12; k++) {
          const item = Buffer.from(`${random.below(50)}`);
          itemHash.of(item, 0, item.length);
          if (name === 'bloom') addToBloom(memory);
          if (name === 'cuckoo') addToCuckoo(memory, true);
          if (name === 'count-min') addToCountMin(memory, 1);
          if (name === 'top-k') new TopK(memory).add(item, 0, item.length, 1);
          if (name === 't-digest') {
            addToDigest(memory, k);
            centroidsOf(memory).quantile(0.5);
          }
        }
      };
      fill();
      if (!isOne(memory)) t.fail(`${name}: it is one`);
      const at = random.below(memory.length);
      memory.bytes[at] = random.below(256);
      memory.mostBytes = 1 << 14;
      if (!isOne(memory)) continue;
      taken++;
      fill();
    }
    t.ok(taken > 0 && taken < 500, `${name}: ${taken} of 500 were taken`);
  }
  t.end();
});

test('a large sketch is its pages, and says which change', (t) => {
  const sketch = new LargeSketch(9);
  const { memory } = sketch;
  createCountMin(memory, 5000, 2, MOST);
  t.equal(sketch.count, Math.ceil((24 + 40_000) / SKETCH_PAGE_BYTES));
  const changed = new Set<number>();
  sketch.listener = {
    changed: (page) => changed.add(page),
    removed: (page) => changed.delete(page),
    renumbered: () => t.fail('pages stay where they are'),
  };
  hash('x');
  addToCountMin(memory, 1);
  t.ok(changed.size >= 2 && changed.size <= 3, 'a row each, and the head');
  memory.resize(memory.length + 3 * SKETCH_PAGE_BYTES);
  t.ok(changed.has(sketch.count - 1));
  const copy = new LargeSketch(9);
  for (let page = 0; page < sketch.count; page++) t.ok(copy.appendPage(page, sketch.page(page)!));
  copy.trim();
  t.strictSame(copy.memory.slice(0, copy.memory.length), memory.slice(0, memory.length));
  t.notOk(copy.appendPage(0, Buffer.alloc(3)), 'not once more');
  t.equal(sketch.page(sketch.count), null);
  t.end();
});
