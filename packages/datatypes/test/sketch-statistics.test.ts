// Whether sketches keep what their papers promise, at a million observations: false positives of
// Bloom and cuckoo filters, errors of count-min sketches, what a top-k list finds, quantiles.
// Without a server; the exact answers are known or counted beside.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  addToBloom,
  addToCountMin,
  addToCuckoo,
  addToDigest,
  bloomFacts,
  centroidsOf,
  countInCountMin,
  countMinFacts,
  countMinSize,
  createBloom,
  createCountMin,
  createCuckoo,
  createDigest,
  createTopK,
  cuckooFacts,
  digestFacts,
  isInBloom,
  isInCuckoo,
  itemHash,
  MOST_SKETCH_BYTES,
  SketchMemory,
  TopK,
} from '../src/index.ts';

const MILLION = 1_000_000;
const SEED = 20261123;
const ALLOWED = 1.2;

const item = Buffer.alloc(8);

/** Hashes the i-th item of a kind; none is of two kinds. */
function hash(kind: number, i: number): void {
  item.writeUInt32LE(i, 0);
  item.writeUInt32LE(kind, 4);
  itemHash.of(item, 0, item.length);
}

/** The share of items that were never added and seem to be there. */
function falseShare(isIn: () => boolean, tries: number): number {
  let found = 0;
  for (let i = 0; i < tries; i++) {
    hash(2, i);
    if (isIn()) found++;
  }
  return found / tries;
}

function missing(isIn: () => boolean, added: number): number {
  let count = 0;
  for (let i = 0; i < added; i++) {
    hash(1, i);
    if (!isIn()) count++;
  }
  return count;
}

test('Bloom filters: a million items, in one layer and in many', (t) => {
  const cases = [
    { capacity: MILLION, errorRate: 0.01, expansion: 2, scales: false },
    { capacity: 1000, errorRate: 0.01, expansion: 2, scales: true },
  ];
  for (const options of cases) {
    const memory = new SketchMemory();
    t.ok(createBloom(memory, options, MOST_SKETCH_BYTES));
    for (let i = 0; i < MILLION; i++) {
      hash(1, i);
      addToBloom(memory);
    }
    const share = falseShare(() => isInBloom(memory), 200_000);
    const { layers } = bloomFacts(memory);
    const text = `${options.capacity} at ${options.errorRate}, ${layers} layers: ${share}`;
    t.ok(share <= ALLOWED * options.errorRate, text);
    t.comment(text);
    t.equal(
      missing(() => isInBloom(memory), MILLION / 10),
      0,
      'none that was added is missing',
    );
  }
  t.end();
});

test('cuckoo filters: a million items, in one filter and in many', (t) => {
  const cases = [
    { capacity: MILLION, bucketSize: 2, maxIterations: 500, expansion: 1 },
    { capacity: 10_000, bucketSize: 4, maxIterations: 20, expansion: 2 },
  ];
  for (const options of cases) {
    const memory = new SketchMemory();
    t.ok(createCuckoo(memory, options, MOST_SKETCH_BYTES));
    for (let i = 0; i < MILLION; i++) {
      hash(1, i);
      addToCuckoo(memory, false);
    }
    // What the documentation of the commands promises, whatever the number of filters.
    const promised = (2 * options.bucketSize) / 255;
    const share = falseShare(() => isInCuckoo(memory), 200_000);
    const { filters, items } = cuckooFacts(memory);
    const text = `buckets of ${options.bucketSize}, ${filters} filters: ${share} of ${promised}`;
    t.ok(share <= ALLOWED * promised, text);
    // And what fingerprints of 16 bits make of it.
    t.ok(share <= ALLOWED * ((2 * options.bucketSize * filters) / 65535) + 1e-4, text);
    t.comment(text);
    t.equal(items, MILLION);
    t.equal(
      missing(() => isInCuckoo(memory), MILLION / 10),
      0,
      'none that was added is missing',
    );
  }
  t.end();
});

/** A number of [0, 1). */
function uniform(random: Random): number {
  return (random.uint32() * 2 ** 21 + (random.uint32() >>> 11)) * 2 ** -53;
}

/** Draws ranks from a Zipf distribution of so many items. */
function zipf(random: Random, items: number, exponent: number): () => number {
  const sums = new Float64Array(items);
  let sum = 0;
  for (let i = 0; i < items; i++) {
    sum += 1 / (i + 1) ** exponent;
    sums[i] = sum;
  }
  return () => {
    const wanted = uniform(random) * sum;
    let low = 0;
    let high = items - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

test('count-min sketches: errors within epsilon of all counts', (t) => {
  const items = 50_000;
  const epsilon = 0.0005;
  const delta = 0.01;
  const draw = zipf(new Random(SEED), items, 1.05);
  const [width, depth] = countMinSize(epsilon, delta);
  const memory = new SketchMemory();
  t.ok(createCountMin(memory, width, depth, MOST_SKETCH_BYTES));
  const exact = new Uint32Array(items);
  for (let i = 0; i < MILLION; i++) {
    const drawn = draw();
    exact[drawn]!++;
    hash(1, drawn);
    addToCountMin(memory, 1);
  }
  t.equal(countMinFacts(memory).count, MILLION);
  let above = 0;
  let below = 0;
  for (let i = 0; i < items; i++) {
    hash(1, i);
    const error = countInCountMin(memory) - exact[i]!;
    if (error < 0) below++;
    if (error > epsilon * MILLION) above++;
  }
  t.equal(below, 0, 'no estimate is too low');
  t.ok(above <= delta * items, `${above} of ${items} are too high`);
  t.end();
});

test('top-k: what a Zipf stream has most of', (t) => {
  const items = 100_000;
  const draw = zipf(new Random(SEED), items, 1.1);
  const memory = new SketchMemory();
  t.ok(createTopK(memory, 100, 2000, 5, 0.92, MOST_SKETCH_BYTES));
  const list = new TopK(memory);
  const exact = new Uint32Array(items);
  const name = Buffer.alloc(4);
  for (let i = 0; i < MILLION; i++) {
    const drawn = draw();
    exact[drawn]!++;
    name.writeUInt32LE(drawn);
    list.add(name, 0, 4, 1);
  }
  const best = [...exact.keys()].sort((a, b) => exact[b]! - exact[a]!).slice(0, 100);
  const found = new Set(list.list().map((listed) => listed.item.readUInt32LE()));
  const recall = best.filter((i) => found.has(i)).length / best.length;
  t.ok(recall >= 0.95, `${recall} of the most frequent are found`);
  t.ok(
    list.list().every((listed) => listed.count <= exact[listed.item.readUInt32LE()]!),
    'no count is too high',
  );
  t.end();
});

test('t-digests: quantiles of uniform, normal and heavy-tailed data', (t) => {
  const distributions: Record<string, (random: Random) => number> = {
    uniform,
    // Box and Muller; around 10, so that errors relative to the value mean something.
    normal: (random) =>
      10 + Math.sqrt(-2 * Math.log(1 - uniform(random))) * Math.cos(2 * Math.PI * uniform(random)),
    pareto: (random) => (1 - uniform(random)) ** (-1 / 1.5),
  };
  // Relative to the value at the quantile.
  const bounds = { 100: [0.005, 0.02, 0.03], 500: [0.001, 0.003, 0.006] } as const;
  const count = 300_000;
  for (const [name, draw] of Object.entries(distributions)) {
    const random = new Random(SEED);
    const values = Float64Array.from({ length: count }, () => draw(random));
    const sorted = values.slice().sort();
    for (const compression of [100, 500] as const) {
      const memory = new SketchMemory();
      t.ok(createDigest(memory, compression, MOST_SKETCH_BYTES));
      for (const value of values) addToDigest(memory, value);
      t.ok(digestFacts(memory).merged <= 3 * compression, 'as few centroids as it was told');
      const centroids = centroidsOf(memory);
      t.equal(centroids.weight, count);
      t.equal(centroids.quantile(0), sorted[0]);
      t.equal(centroids.quantile(1), sorted[count - 1]);
      for (const [i, share] of [0.5, 0.99, 0.999].entries()) {
        const exact = sorted[Math.floor(share * count)]!;
        const error = Math.abs(centroids.quantile(share) - exact) / exact;
        const text = `${name}, compression ${compression}, p${share * 100}: ${error.toFixed(6)}`;
        t.ok(error <= bounds[compression][i]!, text);
        t.comment(text);
        t.ok(
          Math.abs(centroids.below(exact) - share) <= 1 / compression,
          'and the other way round',
        );
      }
    }
  }
  t.end();
});
