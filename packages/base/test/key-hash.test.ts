// Slot and hash of keys: published vectors, and independent slow versions of both functions.

import { test } from 'tap';
import { crc16, KeyHasher, SHARD_COUNT, SHARD_SHIFT, SLOT_COUNT } from '../src/key-hash.ts';
import { Random } from '../src/random.ts';
import { halfSipHash } from './half-sip-hash.ts';

/** HalfSipHash-2-4 with the key 00..07 of the messages (), (00), (00 01) ...: the authors' list. */
const VECTORS_2_4 = [
  0xa9359f5b, 0x27475ab8, 0xfa62a603, 0x8afee704, 0x2a6e4689, 0xc5fab669, 0x5863fc23, 0x8bcf63c5,
  0xd0b8848f, 0xf806e779, 0x94b07934, 0x08083050, 0x57f0872f, 0x77e663ff, 0xd6fff87c, 0x74fe2b97,
  0xd9b5ac84, 0xc474645b, 0x465b8d9b, 0x7befe387, 0xe34d1045, 0x613f62b3, 0x70f367fe, 0xe6adb8bd,
];

/** CRC-16/XMODEM bit by bit. */
function slowCrc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = ((crc >> 15) ^ (byte >> bit)) & 1;
      crc = ((crc << 1) & 0xffff) ^ (carry === 1 ? 0x1021 : 0);
    }
  }
  return crc;
}

/** The hash tag rule of the Redis Cluster specification, on text. */
function taggedPart(key: string): string {
  const open = key.indexOf('{');
  if (open < 0) return key;
  const close = key.indexOf('}', open + 1);
  return close < 0 || close === open + 1 ? key : key.slice(open + 1, close);
}

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

test('the tests own HalfSipHash gives the published vectors', async (t) => {
  for (const [length, bytes] of VECTORS_2_4.entries()) {
    const message = Uint8Array.from({ length }, (_, i) => i);
    const hash = Buffer.alloc(4);
    hash.writeUInt32LE(halfSipHash(2, 4, 0x03020100, 0x07060504, message));
    t.equal(hash.readUInt32BE(), bytes, `length ${length}`);
  }
});

test('hash is HalfSipHash-1-3 of the key at any offset', async (t) => {
  const random = new Random(0x5eed);
  for (let length = 0; length <= 300; length++) {
    const [k0, k1] = [random.uint32(), random.uint32()];
    const hasher = new KeyHasher(k0, k1);
    const key = randomBytes(random, length);
    const expected = halfSipHash(1, 3, k0, k1, key) | 0;
    for (const offset of [0, 1, 2, 3, 5]) {
      const around = randomBytes(random, offset + length + 9);
      around.set(key, offset);
      if (hasher.hash(around, offset, length) !== expected) {
        t.fail(`length ${length} at ${offset}, key ${k0} ${k1}`);
      }
    }
  }
  t.equal(
    new KeyHasher(1, 2).hash(Buffer.alloc(0), 0, 0),
    halfSipHash(1, 3, 1, 2, Buffer.alloc(0)) | 0,
  );
});

test('digest gives hash and shard in one pass', async (t) => {
  const random = new Random(0xd16e);
  for (let length = 0; length <= 200; length++) {
    const hasher = new KeyHasher(random.uint32(), random.uint32());
    for (const offset of [0, 1, 2, 3]) {
      const around = randomBytes(random, offset + length + 9);
      // Braces, and bytes that differ from one in a bit, in a third of the keys.
      const alphabet = Buffer.from('{}z{|;\xfb', 'latin1');
      if (random.chance(0.3)) {
        for (let i = 0; i < length; i++) around[offset + i] = alphabet[random.below(7)]!;
      }
      const view = new DataView(around.buffer, around.byteOffset, around.length);
      const hash = hasher.digest(around, view, offset, length);
      const shard = hasher.shard(around, offset, length);
      if (hash !== hasher.hash(around, offset, length) || hasher.digestShard !== shard) {
        t.fail(`length ${length} at ${offset}: ${around.toString('latin1')}`);
      }
    }
  }
  t.pass('804 keys');
});

test('digest sees a brace at every place of a key', async (t) => {
  const hasher = new KeyHasher(5, 6);
  for (let length = 2; length <= 20; length++) {
    for (let open = 0; open < length - 1; open++) {
      for (let close = open + 1; close < length; close++) {
        const key = Buffer.alloc(length, 'k');
        key[open] = 123;
        key[close] = 125;
        const view = new DataView(key.buffer, key.byteOffset, length);
        hasher.digest(key, view, 0, length);
        const tag = taggedPart(key.toString());
        const expected = (slowCrc16(Buffer.from(tag)) % SLOT_COUNT) >> SHARD_SHIFT;
        if (hasher.digestShard !== expected) t.fail(`${key}: shard ${hasher.digestShard}`);
      }
    }
  }
  t.pass('every place');
});

test('hash depends on the secret, the length and every bit of the key', async (t) => {
  const key = Buffer.from('user:1000');
  const hasher = new KeyHasher(1, 2);
  const hash = hasher.hash(key, 0, key.length);
  t.not(new KeyHasher(1, 3).hash(key, 0, key.length), hash);
  t.not(new KeyHasher(0, 2).hash(key, 0, key.length), hash);
  t.not(hasher.hash(key, 0, key.length - 1), hash);
  for (let bit = 0; bit < key.length * 8; bit++) {
    const other = Buffer.from(key);
    other[bit >> 3]! ^= 1 << (bit & 7);
    t.not(hasher.hash(other, 0, other.length), hash, `bit ${bit}`);
  }
});

test('hash spreads: the top bits that choose the bucket are even', async (t) => {
  const hasher = new KeyHasher(0x1234, 0x5678);
  const counts = new Int32Array(256);
  for (let i = 0; i < 65536; i++) {
    const key = Buffer.from(`key:${i}`);
    const bucket = hasher.hash(key, 0, key.length) >>> 24;
    counts[bucket] = counts[bucket]! + 1;
  }
  // 256 a bucket on average, deviation 16: six deviations on either side.
  t.ok(
    counts.every((count) => count > 160 && count < 352),
    `${counts}`,
  );
});

test('crc16', async (t) => {
  const check = Buffer.from('123456789');
  t.equal(crc16(check, 0, 9), 0x31c3);
  t.equal(crc16(check, 0, 0), 0);
  const random = new Random(7);
  for (let length = 0; length < 100; length++) {
    const bytes = randomBytes(random, length + 3);
    t.equal(crc16(bytes, 3, length), slowCrc16(bytes.subarray(3)), `length ${length}`);
  }
});

test('slots and shards of keys with hash tags', async (t) => {
  const hasher = new KeyHasher(0, 0);
  const keys = [
    '',
    'foo',
    '{',
    '}',
    '{}',
    '{}{a}',
    '{a}',
    'x{a}y',
    'foo{{bar}}zap',
    'foo{bar}{zap}',
    'a}b{c}',
    '{user1000}.following',
    '{user1000}.followers',
    'foo{}{bar}',
    'foo{bar',
    '{{',
    '{{}}',
    'x{\0}',
  ];
  for (const key of keys) {
    const bytes = Buffer.from(`pre${key}post`, 'latin1');
    const expected = slowCrc16(Buffer.from(taggedPart(key), 'latin1')) % SLOT_COUNT;
    t.equal(hasher.slot(bytes, 3, key.length), expected, key);
    t.equal(hasher.shard(bytes, 3, key.length), expected >> SHARD_SHIFT, key);
  }
  // Facts of redis-cli CLUSTER KEYSLOT.
  t.equal(hasher.slot(Buffer.from('foo'), 0, 3), 12182);
  t.equal(hasher.slot(Buffer.from('123456789'), 0, 9), 12739);
  t.equal(SHARD_COUNT, SLOT_COUNT >> SHARD_SHIFT);
});

test('random keys full of braces agree with the rule', async (t) => {
  const random = new Random(99);
  const hasher = new KeyHasher(0, 0);
  for (let i = 0; i < 5000; i++) {
    const key = Array.from({ length: random.below(8) }, () => random.pick([...'{}{}ab'])).join('');
    const expected = slowCrc16(Buffer.from(taggedPart(key))) % SLOT_COUNT;
    const slot = hasher.slot(Buffer.from(key), 0, key.length);
    if (slot !== expected) t.equal(slot, expected, key);
  }
});
