// HyperLogLogs without keys: the hash against BigInt, registers in both forms against a plain
// array, the estimate against true counts. That all of it is as in Redis is tested with the
// commands.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  cachedEstimate,
  cacheEstimate,
  countHllRegisters,
  countRegisters,
  denseRegister,
  dropCachedEstimate,
  estimateCount,
  HLL_CHANGED,
  HLL_DENSE_BYTES,
  HLL_FULL,
  HLL_REGISTERS,
  HLL_SPARSE,
  HLL_SPARSE_MOST_BYTES,
  HLL_UNCHANGED,
  hllHash,
  hllPlace,
  isHyperLogLog,
  mergeRegisters,
  SparseHll,
  setDenseRegister,
  writeDenseHll,
  writeEmptySparse,
  writeHllHead,
} from '../src/index.ts';

const M = 0xc6a4a7935bd1e995n;
const MASK = 2n ** 64n - 1n;

/** MurmurHash64A from its description. */
function plainHash(bytes: Uint8Array): bigint {
  let hash = 0xadc83b19n ^ ((BigInt(bytes.length) * M) & MASK);
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    let word = 0n;
    for (let i = 7; i >= 0; i--) word = (word << 8n) | BigInt(bytes[at + i]!);
    word = (word * M) & MASK;
    word ^= word >> 47n;
    word = (word * M) & MASK;
    hash = ((hash ^ word) * M) & MASK;
  }
  if (at < bytes.length) {
    for (let i = at; i < bytes.length; i++) hash ^= BigInt(bytes[i]!) << BigInt(8 * (i - at));
    hash = (hash * M) & MASK;
  }
  hash ^= hash >> 47n;
  hash = (hash * M) & MASK;
  return hash ^ (hash >> 47n);
}

test('the hash, and register and rank from it', async (t) => {
  const seed = 71;
  const random = new Random(seed);
  let failures = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
    const hash = plainHash(bytes);
    if (hllHash(bytes, 0, bytes.length) !== hash) failures++;
    let rank = 1;
    for (let rest = (hash >> 14n) | (1n << 50n); (rest & 1n) === 0n; rest >>= 1n) rank++;
    if (hllPlace(bytes, 0, bytes.length) !== Number(hash & 0x3fffn) * 64 + rank) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});

function emptySparse(): SparseHll {
  const sparse = new SparseHll(Buffer.alloc(HLL_SPARSE_MOST_BYTES + 8));
  writeHllHead(sparse.bytes, 0, HLL_SPARSE);
  sparse.length = writeEmptySparse(sparse.bytes, 0);
  return sparse;
}

test('sparse and dense registers against a plain array', async (t) => {
  const seed = 72;
  const random = new Random(seed);
  let failures = 0;
  for (const span of [40, 400, HLL_REGISTERS]) {
    const sparse = emptySparse();
    const dense = Buffer.alloc(HLL_DENSE_BYTES);
    writeDenseHll(dense, 0, new Uint8Array(HLL_REGISTERS));
    const plain = new Uint8Array(HLL_REGISTERS);
    for (let round = 0; round < 3000; round++) {
      const register = random.chance(0.01) ? HLL_REGISTERS - 1 : random.below(span);
      const rank = 1 + random.below(random.chance(0.9) ? 3 : 32);
      const wanted = rank > plain[register]! ? HLL_CHANGED : HLL_UNCHANGED;
      if (sparse.raise(register, rank, 1e9) !== wanted) failures++;
      plain[register] = Math.max(rank, plain[register]!);
      setDenseRegister(dense, 0, register, plain[register]!);
      if (denseRegister(dense, 0, register) !== plain[register]) failures++;
      if (round % 100 !== 0) continue;
      const histogram = [...countRegisters(plain)];
      const merged = new Uint8Array(HLL_REGISTERS);
      if (!mergeRegisters(merged, sparse.bytes, 0, sparse.length)) failures++;
      if (Buffer.compare(merged, plain) !== 0) failures++;
      const counted = countHllRegisters(sparse.bytes, 0, sparse.length);
      if (`${histogram}` !== `${[...(counted ?? [])]}`) failures++;
      merged.fill(0);
      mergeRegisters(merged, dense, 0, dense.length);
      if (Buffer.compare(merged, plain) !== 0) failures++;
      if (`${histogram}` !== `${[...(countHllRegisters(dense, 0, dense.length) ?? [])]}`)
        failures++;
    }
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('what does not fit the sparse form', async (t) => {
  const sparse = emptySparse();
  t.equal(sparse.raise(5, 33, 3000), HLL_FULL);
  t.equal(sparse.raise(5, 32, 19), HLL_FULL);
  t.equal(sparse.length, 18);
  t.equal(sparse.raise(5, 32, 3000), HLL_CHANGED);
  t.equal(sparse.raise(5, 32, 0), HLL_UNCHANGED);
});

test('the estimate is close to the true count', async (t) => {
  const registers = new Uint8Array(HLL_REGISTERS);
  t.equal(estimateCount(countRegisters(registers)), 0);
  let count = 0;
  for (const goal of [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]) {
    for (; count < goal; count++) {
      const element = Buffer.from(`element ${count}`);
      const place = hllPlace(element, 0, element.length);
      registers[place >> 6] = Math.max(registers[place >> 6]!, place & 63);
    }
    const estimate = Number(estimateCount(countRegisters(registers)));
    t.ok(Math.abs(estimate - goal) <= goal * 0.025, `${goal}: ${estimate}`);
  }
  registers.fill(50);
  t.equal(estimateCount(countRegisters(registers)), -(2n ** 63n));
  registers.fill(40);
  t.ok(Number(estimateCount(countRegisters(registers))) > 1e16);
});

test('head and cached estimate', async (t) => {
  const bytes = Buffer.alloc(40, 1);
  writeHllHead(bytes, 4, HLL_SPARSE);
  t.equal(bytes.toString('latin1', 4, 12), 'HYLL\x01\0\0\0');
  t.equal(isHyperLogLog(bytes, 4, 16), true);
  t.equal(isHyperLogLog(bytes, 4, 15), false);
  t.equal(isHyperLogLog(bytes, 5, 16), false);
  t.equal(cachedEstimate(bytes, 4), 0);
  for (const estimate of [5, 2 ** 40 + 1, 2n ** 62n + 1n]) {
    cacheEstimate(bytes, 4, BigInt(estimate));
    t.equal(cachedEstimate(bytes, 4), estimate);
  }
  dropCachedEstimate(bytes, 4);
  t.equal(cachedEstimate(bytes, 4), -1);
  cacheEstimate(bytes, 4, -(2n ** 63n));
  t.equal(cachedEstimate(bytes, 4), -1);
});
