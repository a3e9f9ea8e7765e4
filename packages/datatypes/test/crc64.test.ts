// CRC-64: the published check value, and the sliced loop against bit by bit.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { crc64 } from '../src/index.ts';

function bitByBit(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
    }
  }
  return crc;
}

test('known values', async (t) => {
  t.equal(crc64(Buffer.from('123456789'), 0, 9), 0xe9c6d914c4b8d9can);
  t.equal(crc64(Buffer.from(''), 0, 0), 0n);
  t.equal(crc64(Buffer.alloc(100), 0, 100), 0n);
});

test('every length and offset as bit by bit', async (t) => {
  const seed = 5;
  const random = new Random(seed);
  const bytes = Uint8Array.from({ length: 300 }, () => random.below(256));
  let failures = 0;
  for (let length = 0; length < 100; length++) {
    const offset = random.below(200);
    const part = bytes.subarray(offset, offset + length);
    if (crc64(bytes, offset, length) !== bitByBit(part)) failures++;
    const half = length >> 1;
    const before = crc64(bytes, offset, half);
    if (crc64(bytes, offset + half, length - half, before) !== bitByBit(part)) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});
