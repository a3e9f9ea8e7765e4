// Positions on the earth as 52-bit numbers, the scores of geo indexes: longitude and latitude, each
// divided into 2^26 steps, their bits interleaved, latitude in the even ones. Source: the public
// description of geohash and the behaviour of Redis, whose scores and positions these are exactly.

export const GEO_STEPS = 26;
export const GEO_MAX_LONGITUDE = 180;
/** Beyond it there is no Mercator projection. */
export const GEO_MAX_LATITUDE = 85.05112878;

const TWO_32 = 4294967296;
const TWO_63 = 9223372036854775808n;
const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';
const TEXT_LENGTH = 11;

/** A position in degrees. */
export interface GeoPoint {
  longitude: number;
  latitude: number;
}

/** Puts a zero bit before each of 16 bits. */
function spread(bits: number): number {
  let x = bits & 0xffff;
  x = (x | (x << 8)) & 0x00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f;
  x = (x | (x << 2)) & 0x33333333;
  return (x | (x << 1)) & 0x55555555;
}

/** Takes the 16 even ones of 32 bits. */
function squash(bits: number): number {
  let x = bits & 0x55555555;
  x = (x | (x >>> 1)) & 0x33333333;
  x = (x | (x >>> 2)) & 0x0f0f0f0f;
  x = (x | (x >>> 4)) & 0x00ff00ff;
  return (x | (x >>> 8)) & 0xffff;
}

/** Interleaves two numbers of at most 32 bits; what is beyond 2^53 is rounded. */
export function interleave(latitudeBits: number, longitudeBits: number): number {
  const low = (spread(latitudeBits) | (spread(longitudeBits) << 1)) >>> 0;
  const high = (spread(latitudeBits >>> 16) | (spread(longitudeBits >>> 16) << 1)) >>> 0;
  return high * TWO_32 + low;
}

/** Returns the cell of a value in a range of `2 * most` around 0 that has 2^steps cells. */
export function geoCell(value: number, most: number, steps: number): number {
  return Math.floor(((value + most) / (most + most)) * 2 ** steps);
}

/** Returns the lower edge of a cell; that of the next one is its upper edge. */
export function geoEdge(cell: number, most: number, steps: number): number {
  return -most + (cell / 2 ** steps) * (most + most);
}

/** Returns the score of a position within the bounds above. */
export function encodeGeohash(longitude: number, latitude: number): number {
  return interleave(
    geoCell(latitude, GEO_MAX_LATITUDE, GEO_STEPS),
    geoCell(longitude, GEO_MAX_LONGITUDE, GEO_STEPS),
  );
}

/** Sets `point` to the middle of the cell that a score, which may be any number, stands for. */
export function decodeGeohash(score: number, point: GeoPoint): void {
  let high = Math.floor(score / TWO_32);
  let low = score - high * TWO_32;
  if (!(score >= 0 && high < TWO_32)) {
    const bits = unsigned64(score);
    high = Number(bits >> 32n);
    low = Number(bits & 0xffffffffn);
  }
  const latitudeCell = (squash(low) | (squash(high) << 16)) >>> 0;
  const longitudeCell = (squash(low >>> 1) | (squash(high >>> 1) << 16)) >>> 0;
  point.longitude = middle(longitudeCell, GEO_MAX_LONGITUDE);
  point.latitude = middle(latitudeCell, GEO_MAX_LATITUDE);
}

function middle(cell: number, most: number): number {
  const next = (cell + 1) >>> 0;
  const value = (geoEdge(cell, most, GEO_STEPS) + geoEdge(next, most, GEO_STEPS)) / 2;
  return Math.max(-most, Math.min(most, value));
}

/** A double as 64 bits without sign, as x86 converts what is out of range. */
function unsigned64(value: number): bigint {
  if (Number.isFinite(value) && value < TWO_32 * TWO_32 && value >= -Number(TWO_63)) {
    return BigInt.asUintN(64, BigInt(Math.trunc(value)));
  }
  return value > 0 ? 0n : TWO_63;
}

/** Returns a position as the standard geohash text of 11 characters, the last one `0`. */
export function geohashText({ longitude, latitude }: GeoPoint): string {
  const latitudeCell = geoCell(latitude, 90, GEO_STEPS);
  const longitudeCell = geoCell(longitude, 180, GEO_STEPS);
  let bits = 0n;
  for (let i = 31; i >= 0; i--) {
    const pair = (((longitudeCell >>> i) & 1) << 1) | ((latitudeCell >>> i) & 1);
    bits = (bits << 2n) | BigInt(pair);
  }
  let text = '';
  for (let i = 1; i < TEXT_LENGTH; i++) {
    text += ALPHABET[Number((bits >> BigInt(52 - 5 * i)) & 31n)];
  }
  // 52 bits are two characters short of twelve; the eleventh is nothing but zeros.
  return `${text}0`;
}
