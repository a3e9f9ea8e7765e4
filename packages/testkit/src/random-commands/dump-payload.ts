/**
 * DUMP payloads of strings made by hand, right and wrong ones. Shares nothing with the code that is
 * tested: the checksum is computed bit by bit, the text goes in as it is.
 */
import type { Prng } from './prng.ts';

const POLYNOMIAL = 0x95ac9329ac4bc9b5n;
/** Versions that Redis 7.0 accepts end here. */
const NEWEST_VERSION = 10;

const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
  return crc;
});

function crc64(bytes: Buffer): bigint {
  let crc = 0n;
  for (const byte of bytes) crc = (crc >> 8n) ^ (TABLE[Number(crc & 0xffn) ^ byte] as bigint);
  return crc;
}

/** Adds version and checksum to a type byte and a value. */
export function sealPayload(value: Buffer, version: number = NEWEST_VERSION): Buffer {
  const tail = Buffer.alloc(10);
  tail.writeUInt16LE(version);
  tail.writeBigUInt64LE(crc64(Buffer.concat([value, tail.subarray(0, 2)])), 2);
  return Buffer.concat([value, tail]);
}

/** A payload with the text as it is, its length in any of the forms that can hold it. */
export function plainPayload(prng: Prng, text: Buffer): Buffer {
  const { length } = text;
  const long = Buffer.alloc(9, 0x81);
  long.writeBigUInt64BE(BigInt(length), 1);
  const medium = Buffer.alloc(5, 0x80);
  medium.writeUInt32BE(length, 1);
  const forms = [long, medium];
  if (length < 16384) forms.push(Buffer.from([0x40 | (length >> 8), length & 0xff]));
  if (length < 64) forms.push(Buffer.from([length]));
  return sealPayload(Buffer.concat([Buffer.from([0]), prng.pick(forms), text]));
}

const bytes = (...values: number[]) => Buffer.from([0, ...values]);

/**
 * Integers, compressed texts, and values that are damaged under a right checksum. Redis reads on
 * into version and checksum where a value is a few bytes short: none of these is.
 */
const SPECIAL: readonly Buffer[] = [
  ...[bytes(0xc0, 0x85), bytes(0xc1, 0x39, 0x30), bytes(0xc2, 0xff, 0xff, 0xff, 0x7f)],
  ...[bytes(0xc3, 5, 10, 0, 97, 0xe0, 0, 0), bytes(0xc3, 4, 8, 0, 97, 0xa0, 0)],
  ...[bytes(0xc3, 5, 200, 0, 97, 0xe0, 0, 0), bytes(0xc3, 2, 3, 0xa0, 0), bytes(0xc4, 1)],
  ...[
    bytes(0x82, 1),
    bytes(30, 97),
    bytes(0xc3, 4, 0x80, 255, 255, 255, 255),
    bytes(3, 97, 98, 99),
  ],
  ...[bytes(1, 97, 98, 99), Buffer.from([99, 1, 97]), Buffer.from([255])],
];

/** One of the special payloads, with any version up to 10. */
export function specialPayload(prng: Prng): Buffer {
  return sealPayload(prng.pick(SPECIAL), prng.below(NEWEST_VERSION + 1));
}

/** A payload whose version or checksum is wrong. */
export function wrongPayload(prng: Prng, text: Buffer): Buffer {
  const payload = plainPayload(prng, text);
  switch (prng.below(4)) {
    case 0:
      return sealPayload(Buffer.concat([Buffer.from([0, 1]), Buffer.from('x')]), 200);
    case 1:
      return payload.subarray(0, prng.below(payload.length));
    case 2:
      return text.subarray(0, 9);
    default:
      payload[prng.below(payload.length)]! ^= 1 << prng.below(8);
      return payload;
  }
}
