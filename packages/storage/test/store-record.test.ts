// The bytes of keys and values: round trips, order, and that every flipped bit is seen.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { decodeLarge, encodeLarge } from '../src/store/large-metadata.ts';
import { decodeCheckpoint, encodeCheckpoint, NOT_COUNTED } from '../src/store/meta-records.ts';
import {
  checkpointKey,
  dropKey,
  elementKey,
  expiryBound,
  expiryKey,
  HEAD_BYTES,
  hashOfMain,
  isTimeOf,
  keyOfElement,
  keyOfMain,
  kindOfKey,
  MAIN_PREFIX_BYTES,
  mainBound,
  mainKeyOfExpiry,
  namespaceOfMain,
  parseDrop,
  putMainKey,
  RecordView,
  sealRecord,
  shardOfMain,
  timeOfExpiry,
} from '../src/store/record.ts';

function randomBytes(random: Random, maxBytes: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(maxBytes + 1) }, () => random.below(256)));
}

function mainKey(shard: number, namespace: number, hash: number, key: Uint8Array): Buffer {
  const out = Buffer.alloc(MAIN_PREFIX_BYTES + key.length);
  putMainKey(out, shard, namespace, hash, key);
  return out;
}

test('records come back as they were', async (t) => {
  const seed = 41;
  const random = new Random(seed);
  const view = new RecordView();
  for (let i = 0; i < 5000; i++) {
    const [shard, namespace, hash] = [random.below(64), random.uint32(), random.uint32()];
    const key = randomBytes(random, 40);
    const payload = randomBytes(random, 200);
    const head = {
      type: random.below(256),
      flags: random.below(256),
      encoding: random.below(256),
      expireAtMs: random.below(2) * random.uint32() * 1000,
      lsn: random.uint32() * 2 ** 20,
    };
    const storeKey = mainKey(shard, namespace, hash | 0, key);
    const value = Buffer.alloc(HEAD_BYTES + payload.length);
    value.set(payload, HEAD_BYTES);
    sealRecord(storeKey, value, head);
    const what = view.decode(storeKey, value);
    const { type, flags, encoding, expireAtMs, lsn } = view;
    const isSame =
      what === null &&
      JSON.stringify({ type, flags, encoding, expireAtMs, lsn }) === JSON.stringify(head) &&
      payload.equals(view.payload) &&
      shardOfMain(storeKey) === shard &&
      namespaceOfMain(storeKey) === namespace &&
      hashOfMain(storeKey) === hash &&
      keyOfMain(storeKey).equals(key) &&
      kindOfKey(storeKey) === 'main';
    if (!isSame) t.fail(`case ${i} of seed ${seed}`);
  }
  t.pass(`5000 cases, seed ${seed}`);
});

test('every flipped bit of key and value is seen', async (t) => {
  const random = new Random(42);
  const view = new RecordView();
  let bits = 0;
  for (let i = 0; i < 40; i++) {
    const storeKey = mainKey(random.below(64), 1, random.uint32(), randomBytes(random, 20));
    const value = Buffer.concat([Buffer.alloc(HEAD_BYTES), randomBytes(random, 60)]);
    sealRecord(storeKey, value, { type: 1, flags: 0, encoding: 0, expireAtMs: 5, lsn: 7 });
    for (const bytes of [storeKey, value]) {
      for (let bit = 0; bit < bytes.length * 8; bit++, bits++) {
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
        if (view.decode(storeKey, value) === null) t.fail(`bit ${bit} of record ${i}`);
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
      }
    }
    for (let length = 0; length < value.length; length++) {
      if (view.decode(storeKey, value.subarray(0, length)) === null) t.fail(`cut to ${length}`);
    }
    t.equal(view.decode(storeKey, value), null);
  }
  t.pass(`${bits} bits`);
});

test('keys sort by shard, namespace, unsigned hash, key', async (t) => {
  const hashes = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
  const keys = [0, 1, 63].flatMap((shard) =>
    [0, 1, 0x80000000, 0xffffffff].flatMap((namespace) =>
      hashes.flatMap((hash) =>
        ['', 'a', 'b'].map((key) => mainKey(shard, namespace, hash | 0, Buffer.from(key))),
      ),
    ),
  );
  t.same(keys.toSorted(Buffer.compare), keys);
  t.same(mainBound(3, 7, 9), mainKey(3, 7, 9, Buffer.alloc(0)));
  t.equal(mainKey(3, 7, -1, Buffer.alloc(500, 255)).compare(mainBound(3, 7, 2 ** 32)), -1);
  t.same(mainBound(3, 7, 2 ** 32), mainBound(3, 8, 0));
  t.equal(
    mainKey(3, 2 ** 32 - 1, -1, Buffer.alloc(9, 255)).compare(mainBound(3, -1 >>> 0, 2 ** 32)),
    -1,
  );
  t.throws(() => mainKey(64, 0, 0, Buffer.alloc(0)), { name: 'InvariantError' });
});

test('expiry keys sort by time and lead back to their record', async (t) => {
  const main = mainKey(5, 9, 0x90000000, Buffer.from('key'));
  const times = [1, 255, 256, 2 ** 32 - 1, 2 ** 32, 1.8e12, 1.8e12 + 1, 2 ** 53 - 1];
  const keys = times.map((ms) => expiryKey(main, ms));
  t.same(keys.toSorted(Buffer.compare), keys);
  for (const [i, key] of keys.entries()) {
    t.same(mainKeyOfExpiry(key), main);
    t.equal(timeOfExpiry(key), times[i]);
    t.equal(kindOfKey(key), 'expiry');
    t.ok(isTimeOf(timeOfExpiry(key), times[i]!));
  }
  t.equal(timeOfExpiry(expiryKey(main, 1e300)), 2 ** 53 - 1, 'absurd times sort last');
  t.ok(isTimeOf(2 ** 53 - 1, 1e300));
  t.equal(expiryKey(main, 1000).compare(expiryBound(5, 1001)), -1);
  t.equal(expiryKey(main, 1001).compare(expiryBound(5, 1001)), 1);
  t.equal(expiryKey(main, 2 ** 53).compare(expiryBound(5, Number.POSITIVE_INFINITY)), 1);
});

test('elements, drops, checkpoints, tables, metadata', async (t) => {
  const element = elementKey(2, 2 ** 40 + 3, Buffer.from('field'));
  t.equal(kindOfKey(element), 'element');
  t.same(keyOfElement(element), Buffer.from('field'));
  t.equal(element.compare(elementKey(2, 2 ** 40 + 4, Buffer.alloc(0))), -1);
  for (const kind of ['namespace', 'object'] as const) {
    t.same(parseDrop(dropKey({ kind, shard: 9, number: 2 ** 45 })), {
      kind,
      shard: 9,
      number: 2 ** 45,
    });
  }
  t.equal(parseDrop(checkpointKey(3)), null);
  t.equal(kindOfKey(checkpointKey(3)), 'meta');
  for (const text of ['', '\x40', '\x00', '\xe0\x01', '\xf0', '\xff\x01', '\xfe']) {
    t.equal(kindOfKey(Buffer.from(text, 'latin1')), 'unknown', JSON.stringify(text));
  }
  const counts = [
    { namespace: 0, keys: 2 ** 40, expiring: 3, bytes: 2 ** 50 },
    { namespace: 2 ** 32 - 1, keys: 0, expiring: 0, bytes: NOT_COUNTED },
  ];
  const checkpoint = { shard: 7, durableLsn: 2 ** 50, nextObjectId: 12, counts };
  const encoded = encodeCheckpoint(checkpoint);
  t.same(decodeCheckpoint(7, encoded), checkpoint);
  t.equal(decodeCheckpoint(7, encoded.subarray(1)), null);
  // Earlier versions: without bytes, and before that counts that were zeros.
  const old = Buffer.alloc(20 + 20 + 4);
  for (const [i, double] of [2 ** 50, 12].entries()) old.writeDoubleLE(double, i * 8);
  old.writeUInt32LE(1, 16);
  old.writeUInt32LE(9, 20);
  old.writeDoubleLE(5, 24);
  old.writeDoubleLE(2, 32);
  old.writeUInt32LE(1, 40);
  const oldCounts = [{ namespace: 9, keys: 5, expiring: 2, bytes: NOT_COUNTED }];
  t.same(decodeCheckpoint(7, old), { ...checkpoint, counts: oldCounts });
  t.same(decodeCheckpoint(7, old.subarray(0, 40)), { ...checkpoint, counts: null });
  t.equal(decodeCheckpoint(7, old.subarray(0, 42)), null);
  t.equal(decodeCheckpoint(7, Buffer.alloc(3)), null);
  const large = { objectId: 2 ** 40, count: 3, byteCount: 99, extra: ['x', 1] };
  t.same(decodeLarge(encodeLarge(large)), large);
  for (const bad of ['', '93010203', '94ff0000c0', 'c1', '94a16101 02c0']) {
    t.equal(decodeLarge(Buffer.from(bad, 'hex')), null, bad);
  }
});
