// What lies in a store: the only file that knows the bytes of keys and values there. Encodes into
// buffers it is given, decodes without copying; knows no engine. Integers are never used again
// for another meaning; keys are big-endian, so that their order is the order of the numbers.
//
//   key of a    main record      shard u8 (0..63) | namespace u32 | hash u32 | key bytes
//               expiry record    0xe0 | shard u8 | expireAtMs u64 | namespace u32 | hash u32 | key
//               checkpoint       0xf0 | 1 | shard u8
//               pending drop     0xf0 | 3 | shard u8 | kind u8 | number u64
//               element          0xff | shard u8 | object id u64 | element key bytes
//
//   value    0  format u8        1
//            1  type u8          the value's type; of other records, the first byte of their key
//            2  flags u8         1 = large: the bytes are metadata, elements lie apart
//            3  encoding u8      free for the type
//            4  crc u32 LE       CRC-32 of the whole store key, bytes 0..3, bytes 8..end
//            8  expireAtMs f64 LE   0 = never
//           16  lsn f64 LE       of the last write
//           24  bytes            packed value, metadata, element, ...
//
// The checksum covers the store key, so a record that turns up under another key is damage too.

import { crc32 } from 'node:zlib';
import { invariant, SHARD_COUNT } from '@forgekv/base';

export const RECORD_FORMAT = 1;
/** Bytes of a value before its payload. */
export const HEAD_BYTES = 24;
/** Bytes of a main record's key before the user's key. */
export const MAIN_PREFIX_BYTES = 9;
/** Longest user's or element's key and longest payload; a longer one is the caller's bug. */
export const MAX_KEY_BYTES = (512 << 20) + 64;
export const MAX_PAYLOAD_BYTES = (512 << 20) + 4096;
/** A string above this is cut into elements, keyed by `chunkKey`. */
export const STRING_CHUNK_BYTES = 128 << 10;

export const FLAG_LARGE = 1;

const EXPIRY = 0xe0;
const META = 0xf0;
const ELEMENT = 0xff;
const META_CHECKPOINT = 1;
const META_DROP = 3;
const EXPIRY_PREFIX_BYTES = 18;
const ELEMENT_PREFIX_BYTES = 10;
const TWO_32 = 2 ** 32;

export type RecordKind = 'main' | 'expiry' | 'meta' | 'element' | 'unknown';

/** Returns what a store key is the key of; 'unknown' only for damaged ones. */
export function kindOfKey(key: Uint8Array): RecordKind {
  const first = key[0] ?? 0xfe;
  if (first < SHARD_COUNT) return key.length >= MAIN_PREFIX_BYTES ? 'main' : 'unknown';
  if (first === EXPIRY) return key.length >= EXPIRY_PREFIX_BYTES ? 'expiry' : 'unknown';
  if (first === META) return key.length >= 3 ? 'meta' : 'unknown';
  if (first === ELEMENT) return key.length >= ELEMENT_PREFIX_BYTES ? 'element' : 'unknown';
  return 'unknown';
}

/** Writes a big-endian u32; `value` may be a signed or an unsigned 32-bit number. */
function putU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

function getU32(from: Uint8Array, at: number): number {
  return ((from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!) >>> 0;
}

/** A whole number of 0 to 2^53 - 1, big-endian. Fractions are cut off: a time is never early. */
function putU64(into: Uint8Array, at: number, value: number): void {
  putU32(into, at, Math.floor(value / TWO_32));
  putU32(into, at + 4, value % TWO_32);
}

function getU64(from: Uint8Array, at: number): number {
  return getU32(from, at) * TWO_32 + getU32(from, at + 4);
}

function putShard(into: Uint8Array, at: number, shard: number): void {
  invariant(shard >= 0 && shard < SHARD_COUNT, `shard ${shard} does not exist`);
  into[at] = shard;
}

/** Writes a main record's key and returns its length, MAIN_PREFIX_BYTES + key.length. */
export function putMainKey(
  into: Uint8Array,
  shard: number,
  namespace: number,
  hash: number,
  key: Uint8Array,
): number {
  putShard(into, 0, shard);
  putU32(into, 1, namespace);
  putU32(into, 5, hash);
  into.set(key, MAIN_PREFIX_BYTES);
  return MAIN_PREFIX_BYTES + key.length;
}

/** Returns the first possible key of a namespace's records at `hash` (0..2^32) and behind. */
export function mainBound(shard: number, namespace: number, hash: number): Buffer {
  const bound = Buffer.alloc(MAIN_PREFIX_BYTES);
  putShard(bound, 0, shard);
  bound.writeUInt32BE(namespace >>> 0, 1);
  if (hash < TWO_32) bound.writeUInt32BE(hash, 5);
  // Behind the last hash comes the next namespace, behind the last of those the next shard.
  else if (namespace < TWO_32 - 1) bound.writeUInt32BE(namespace + 1, 1);
  else return Buffer.from([shard + 1]);
  return bound;
}

export function shardOfMain(storeKey: Uint8Array): number {
  return storeKey[0]!;
}
export function namespaceOfMain(storeKey: Uint8Array): number {
  return getU32(storeKey, 1);
}
/** The hash as an unsigned number. */
export function hashOfMain(storeKey: Uint8Array): number {
  return getU32(storeKey, 5);
}
/** The user's key, a view. */
export function keyOfMain<B extends Uint8Array>(storeKey: B): B {
  return storeKey.subarray(MAIN_PREFIX_BYTES) as B;
}

/** Returns the key of an expiry record for a main record's key. `expireAtMs` is above 0. */
export function expiryKey(mainKey: Uint8Array, expireAtMs: number): Buffer {
  const key = Buffer.allocUnsafe(EXPIRY_PREFIX_BYTES + mainKey.length - MAIN_PREFIX_BYTES);
  key[0] = EXPIRY;
  key[1] = mainKey[0]!;
  putU64(key, 2, clampMs(expireAtMs));
  key.set(mainKey.subarray(1), 10);
  return key;
}

/** Returns the first possible expiry key of a shard at a time; `Infinity` is behind them all. */
export function expiryBound(shard: number, atMs: number): Buffer {
  const key = Buffer.alloc(10);
  key[0] = EXPIRY;
  putShard(key, 1, shard);
  putU64(key, 2, clampMs(atMs));
  return key;
}

/** Returns the main record's key that an expiry record speaks of. */
export function mainKeyOfExpiry(key: Uint8Array): Buffer {
  const main = Buffer.allocUnsafe(key.length - EXPIRY_PREFIX_BYTES + MAIN_PREFIX_BYTES);
  main[0] = key[1]!;
  main.set(key.subarray(10), 1);
  return main;
}

export function timeOfExpiry(key: Uint8Array): number {
  return getU64(key, 2);
}

function clampMs(ms: number): number {
  return Math.min(Math.max(0, Math.floor(ms)), Number.MAX_SAFE_INTEGER);
}

/** True when an expiry record at `indexedMs` belongs to a main record that expires at `ms`. */
export function isTimeOf(indexedMs: number, ms: number): boolean {
  return ms > 0 && indexedMs === clampMs(ms);
}

/** Returns an element's key; with an empty element key, the object's first possible one. */
export function elementKey(shard: number, objectId: number, key: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(ELEMENT_PREFIX_BYTES + key.length);
  out[0] = ELEMENT;
  putShard(out, 1, shard);
  invariant(Number.isSafeInteger(objectId) && objectId >= 0, `object id ${objectId}`);
  putU64(out, 2, objectId);
  out.set(key, ELEMENT_PREFIX_BYTES);
  return out;
}

/** The element's own key, a view. */
export function keyOfElement<B extends Uint8Array>(storeKey: B): B {
  return storeKey.subarray(ELEMENT_PREFIX_BYTES) as B;
}

/** Object ids per LSN: values of a key at one LSN may be written again and again. */
export const OBJECT_ATTEMPTS = 32;

/**
 * Returns an object id for a value that a key has at an LSN. No other key of the shard ever has
 * that LSN; `attempt` (0..OBJECT_ATTEMPTS - 1) tells those of the same key apart.
 */
export function objectIdOf(lsn: number, attempt: number): number {
  return lsn * OBJECT_ATTEMPTS + attempt;
}

/** Returns the LSN of an object id. */
export function lsnOfObject(objectId: number): number {
  return Math.floor(objectId / OBJECT_ATTEMPTS);
}

/** Returns the element key of the n-th piece of a large string; big-endian keeps their order. */
export function chunkKey(n: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  putU32(key, 0, n);
  return key;
}

export function checkpointKey(shard: number): Buffer {
  const key = Buffer.from([META, META_CHECKPOINT, 0]);
  putShard(key, 2, shard);
  return key;
}

export function isCheckpointKey(storeKey: Uint8Array): boolean {
  return storeKey[0] === META && storeKey[1] === META_CHECKPOINT && storeKey.length === 3;
}

/** What is reclaimed in the background: a namespace of a shard, or an object's elements. */
export interface PendingDrop {
  readonly kind: 'namespace' | 'object';
  readonly shard: number;
  /** The namespace or the object id. */
  readonly number: number;
}

export function dropKey({ kind, shard, number }: PendingDrop): Buffer {
  const key = Buffer.allocUnsafe(12);
  key[0] = META;
  key[1] = META_DROP;
  putShard(key, 2, shard);
  key[3] = kind === 'namespace' ? 1 : 2;
  putU64(key, 4, number);
  return key;
}

/** Returns what a pending drop's key says, or null for a key of another kind. */
export function parseDrop(key: Uint8Array): PendingDrop | null {
  if (key.length !== 12 || key[1] !== META_DROP || key[2]! >= SHARD_COUNT) return null;
  if (key[3] !== 1 && key[3] !== 2) return null;
  const kind = key[3] === 1 ? 'namespace' : 'object';
  return { kind, shard: key[2]!, number: getU64(key, 4) };
}

/** Bounds of all pending drops. */
export const DROPS_FROM = Buffer.from([META, META_DROP]);
export const DROPS_BEFORE = Buffer.from([META, META_DROP + 1]);
/** Behind every key. */
export const END_OF_KEYS = Buffer.alloc(64, 255);

/** A decoded value. `decode` fills it again and again; `payload` is a view into what was given. */
export class RecordView {
  type = 0;
  flags = 0;
  encoding = 0;
  /** 0 = never. */
  expireAtMs = 0;
  lsn = 0;
  payload: Uint8Array = new Uint8Array(0);

  get isLarge(): boolean {
    return (this.flags & FLAG_LARGE) !== 0;
  }

  /**
   * Reads `value`, stored under `storeKey`.
   * @returns null, or what is wrong; then nothing of the view may be used
   */
  decode(storeKey: Uint8Array, value: Buffer): string | null {
    if (value.length < HEAD_BYTES) return 'too short';
    if (checksum(storeKey, value) !== value.readUInt32LE(4)) return 'checksum';
    if (value[0] !== RECORD_FORMAT) return `format ${value[0]}`;
    this.type = value[1]!;
    this.flags = value[2]!;
    this.encoding = value[3]!;
    this.expireAtMs = value.readDoubleLE(8);
    this.lsn = value.readDoubleLE(16);
    this.payload = value.subarray(HEAD_BYTES);
    return null;
  }
}

/** Fields of a value's head. */
export interface RecordHead {
  readonly type: number;
  readonly flags: number;
  readonly encoding: number;
  /** 0 = never. */
  readonly expireAtMs: number;
  readonly lsn: number;
}

/**
 * Writes head and checksum of a value whose payload is in place already, at HEAD_BYTES and behind.
 * @param value exactly the value's bytes
 */
export function sealRecord(storeKey: Uint8Array, value: Buffer, head: RecordHead): void {
  value[0] = RECORD_FORMAT;
  value[1] = head.type;
  value[2] = head.flags;
  value[3] = head.encoding;
  value.writeDoubleLE(head.expireAtMs, 8);
  value.writeDoubleLE(head.lsn, 16);
  value.writeUInt32LE(checksum(storeKey, value), 4);
}

/** The head of records that are not main records. */
export function plainHead(storeKey: Uint8Array): RecordHead {
  return { type: storeKey[0]!, flags: 0, encoding: 0, expireAtMs: 0, lsn: 0 };
}

function checksum(storeKey: Uint8Array, value: Buffer): number {
  const ofKey = crc32(storeKey);
  return crc32(value.subarray(8), crc32(value.subarray(0, 4), ofKey));
}
