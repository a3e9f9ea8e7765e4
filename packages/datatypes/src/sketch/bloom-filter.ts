// Scalable Bloom filters: Almeida, Baquero, Preguica, Hutchison, "Scalable Bloom Filters" (2007). A
// chain of layers, each with its own capacity and error; the errors shrink by half, so that all
// together stay below the one that was asked for. Positions are those of enhanced double hashing:
// Dillinger, Manolios, "Bloom Filters in Probabilistic Verification" (2004).
//
//   version u8 | 1: it does not scale, u8 | layers u16 | expansion u32 | items f64 | 0, 16 bytes
//   each layer: capacity f64 | items f64 | error f64 | bits f64 | hashes u32 | 0, 12 bytes | bits
//
// Numbers are little-endian; the bits of a layer are whole words of 64.

import { itemHash } from './item-hash.ts';
import { MOST_SKETCH_BYTES, type SketchMemory } from './sketch-memory.ts';

export interface BloomOptions {
  /** Between 0 and 1, both excluded. */
  readonly errorRate: number;
  /** Items of the first layer, at least 1. */
  readonly capacity: number;
  /** How much larger each layer is than the one before, at least 1. */
  readonly expansion: number;
  readonly scales: boolean;
}

/** One of the four: the item was not there; it may have been; there is no place for it. */
export const BLOOM_ADDED = 1;
export const BLOOM_FOUND = 0;
/** The filter is not allowed more. */
export const BLOOM_NO_ROOM = -1;
/** The filter does not scale. */
export const BLOOM_FULL = -2;

const VERSION = 1;
const HEAD_BYTES = 32;
const SCALES_AT = 1;
const LAYERS_AT = 2;
const EXPANSION_AT = 4;
const ITEMS_AT = 8;

const LAYER_BYTES = 48;
const LAYER_ITEMS = 8;
const LAYER_ERROR = 16;
const LAYER_BITS = 24;
const LAYER_HASHES = 32;

/** Of a layer's error to that of the one before. */
const TIGHTENING = 0.5;
const LEAST_ERROR = 1e-18;
const MOST_LAYERS = 512;
const MOST_HASHES = 64;
export const MOST_BLOOM_EXPANSION = 2 ** 32 - 1;

/** Makes an empty filter; false: it would be too large. */
export function createBloom(memory: SketchMemory, options: BloomOptions, most: number): boolean {
  const { errorRate, capacity, expansion, scales } = options;
  const error = scales ? errorRate * TIGHTENING : errorRate;
  if (!memory.clear(HEAD_BYTES, Math.max(HEAD_BYTES, most))) return false;
  memory.setByte(0, VERSION);
  memory.setByte(SCALES_AT, scales ? 0 : 1);
  memory.setUint32(EXPANSION_AT, expansion);
  return addLayer(memory, capacity, error);
}

/** Adds the item that was hashed last, unless it seems to be there. */
export function addToBloom(memory: SketchMemory): number {
  if (isInBloom(memory)) return BLOOM_FOUND;
  let layer = lastLayer(memory);
  const capacity = memory.float(layer);
  if (memory.float(layer + LAYER_ITEMS) >= capacity) {
    if (memory.byte(SCALES_AT) !== 0) return BLOOM_FULL;
    const next = capacity * memory.uint32(EXPANSION_AT);
    const error = memory.float(layer + LAYER_ERROR) * TIGHTENING;
    layer = memory.length;
    if (!addLayer(memory, next, error)) return BLOOM_NO_ROOM;
  }
  setBits(memory, layer);
  memory.setFloat(layer + LAYER_ITEMS, memory.float(layer + LAYER_ITEMS) + 1);
  memory.setFloat(ITEMS_AT, memory.float(ITEMS_AT) + 1);
  return BLOOM_ADDED;
}

/** True when the item that was hashed last may be there; false: surely not. */
export function isInBloom(memory: SketchMemory): boolean {
  const { length } = memory;
  for (let layer = HEAD_BYTES; layer < length; layer += layerBytes(memory, layer)) {
    if (areBitsSet(memory, layer)) return true;
  }
  return false;
}

function areBitsSet(memory: SketchMemory, layer: number): boolean {
  const bits = memory.float(layer + LAYER_BITS);
  const { bytes } = memory;
  const from = memory.base + layer + LAYER_BYTES;
  let at = Math.floor(itemHash.unit * bits);
  let step = Math.floor(itemHash.otherUnit * bits);
  for (let i = 0, count = memory.uint32(layer + LAYER_HASHES); i < count; ) {
    if ((bytes[from + (at >>> 3)]! & (1 << (at & 7))) === 0) return false;
    at += step;
    if (at >= bits) at -= bits;
    step += ++i;
    if (step >= bits) step -= bits;
  }
  return true;
}

function setBits(memory: SketchMemory, layer: number): void {
  const bits = memory.float(layer + LAYER_BITS);
  const from = layer + LAYER_BYTES;
  let at = Math.floor(itemHash.unit * bits);
  let step = Math.floor(itemHash.otherUnit * bits);
  for (let i = 0, count = memory.uint32(layer + LAYER_HASHES); i < count; ) {
    const index = from + (at >>> 3);
    memory.setByte(index, memory.byte(index) | (1 << (at & 7)));
    at += step;
    if (at >= bits) at -= bits;
    step += ++i;
    if (step >= bits) step -= bits;
  }
}

function addLayer(memory: SketchMemory, capacity: number, wantedError: number): boolean {
  const error = Math.max(wantedError, LEAST_ERROR);
  const layers = memory.uint16(LAYERS_AT);
  const perItem = Math.log(1 / error) / (Math.LN2 * Math.LN2);
  const bits = Math.max(1, Math.ceil((capacity * perItem) / 64)) * 64;
  const at = memory.length;
  const length = at + LAYER_BYTES + bits / 8;
  if (layers >= MOST_LAYERS || !(length <= MOST_SKETCH_BYTES) || !memory.resize(length)) {
    return false;
  }
  memory.setFloat(at, capacity);
  memory.setFloat(at + LAYER_ERROR, error);
  memory.setFloat(at + LAYER_BITS, bits);
  const hashes = Math.ceil(Math.LN2 * perItem);
  memory.setUint32(at + LAYER_HASHES, Math.min(MOST_HASHES, Math.max(1, hashes)));
  memory.setUint16(LAYERS_AT, layers + 1);
  return true;
}

function layerBytes(memory: SketchMemory, layer: number): number {
  return LAYER_BYTES + memory.float(layer + LAYER_BITS) / 8;
}

function lastLayer(memory: SketchMemory): number {
  let layer = HEAD_BYTES;
  for (let next = layer; next < memory.length; next += layerBytes(memory, next)) layer = next;
  return layer;
}

/** New items that the last layer has room for. */
export function bloomRoom(memory: SketchMemory): number {
  const layer = lastLayer(memory);
  return memory.float(layer) - memory.float(layer + LAYER_ITEMS);
}

export interface BloomFacts {
  readonly capacity: number;
  readonly layers: number;
  readonly items: number;
  /** Null: it does not scale. */
  readonly expansion: number | null;
  /** Bytes, as the module that the commands come from counts them. */
  readonly bytes: number;
}

export function bloomFacts(memory: SketchMemory): BloomFacts {
  let capacity = 0;
  let bytes = 40;
  for (let layer = HEAD_BYTES; layer < memory.length; layer += layerBytes(memory, layer)) {
    capacity += memory.float(layer);
    bytes += 56 + memory.float(layer + LAYER_BITS) / 8;
  }
  return {
    ...{ capacity, bytes, layers: memory.uint16(LAYERS_AT), items: memory.float(ITEMS_AT) },
    expansion: memory.byte(SCALES_AT) === 0 ? memory.uint32(EXPANSION_AT) : null,
  };
}

/** Where the bits of each layer lie: what the head does not say. */
export function bloomRanges(memory: SketchMemory): { at: number; length: number }[] {
  const ranges: { at: number; length: number }[] = [];
  for (let layer = HEAD_BYTES; layer < memory.length; layer += layerBytes(memory, layer)) {
    ranges.push({ at: layer + LAYER_BYTES, length: memory.float(layer + LAYER_BITS) / 8 });
  }
  return ranges;
}

/** Returns the head, and those of the layers: what a filter without bits is made of. */
export function bloomHead(memory: SketchMemory): Buffer {
  const parts = [memory.slice(0, HEAD_BYTES)];
  for (const { at } of bloomRanges(memory)) parts.push(memory.slice(at - LAYER_BYTES, LAYER_BYTES));
  return Buffer.concat(parts);
}

/** Makes a filter without bits from such a head; false: it is none, or there is no room. */
export function loadBloomHead(memory: SketchMemory, head: Buffer, most: number): boolean {
  const layers = (head.length - HEAD_BYTES) / LAYER_BYTES;
  if (!Number.isInteger(layers) || layers < 1 || layers > MOST_LAYERS) return false;
  let length = HEAD_BYTES;
  for (let i = 0; i < layers; i++) {
    const bits = head.readDoubleLE(HEAD_BYTES + i * LAYER_BYTES + LAYER_BITS);
    if (!(bits >= 64 && bits / 8 <= MOST_SKETCH_BYTES) || bits % 64 !== 0) return false;
    length += LAYER_BYTES + bits / 8;
  }
  if (length > MOST_SKETCH_BYTES || !memory.clear(length, most)) return false;
  memory.write(0, head.subarray(0, HEAD_BYTES));
  let at = HEAD_BYTES;
  for (let from = HEAD_BYTES; from < head.length; from += LAYER_BYTES) {
    memory.write(at, head.subarray(from, from + LAYER_BYTES));
    at += layerBytes(memory, at);
  }
  return isBloom(memory);
}

/** True when bytes from elsewhere are a filter that nothing here can stumble over. */
export function isBloom(memory: SketchMemory): boolean {
  const { length } = memory;
  if (length <= HEAD_BYTES || memory.byte(0) !== VERSION || memory.byte(SCALES_AT) > 1)
    return false;
  if (memory.uint32(EXPANSION_AT) < 1 || !isCount(memory.float(ITEMS_AT))) return false;
  let at = HEAD_BYTES;
  let layers = 0;
  for (; at < length; layers++) {
    if (at + LAYER_BYTES > length || !isLayer(memory, at)) return false;
    at += layerBytes(memory, at);
  }
  return at === length && layers === memory.uint16(LAYERS_AT) && layers <= MOST_LAYERS;
}

function isLayer(memory: SketchMemory, at: number): boolean {
  const bits = memory.float(at + LAYER_BITS);
  const error = memory.float(at + LAYER_ERROR);
  const hashes = memory.uint32(at + LAYER_HASHES);
  if (!(bits >= 64 && bits / 8 <= memory.length) || bits % 64 !== 0) return false;
  if (!isCount(memory.float(at)) || !isCount(memory.float(at + LAYER_ITEMS))) return false;
  return error > 0 && error < 1 && hashes >= 1 && hashes <= MOST_HASHES;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
