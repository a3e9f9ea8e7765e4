// Positions, lengths and units as arguments of geo commands.

import {
  fixedText,
  GEO_MAX_LATITUDE,
  GEO_MAX_LONGITUDE,
  type GeoPoint,
  parseFloat64,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_FLOAT } from '../errors.ts';

export const ERR_UNIT = 'ERR unsupported unit provided. please use M, KM, FT, MI';
const ERR_RADIUS = 'ERR need numeric radius';
const ERR_NEGATIVE_RADIUS = 'ERR radius cannot be negative';
const ERR_WIDTH = 'ERR need numeric width';
const ERR_HEIGHT = 'ERR need numeric height';
const ERR_NEGATIVE_BOX = 'ERR height or width cannot be negative';

function readNumber({ request }: CommandContext, index: number): number {
  return parseFloat64(request.bytes, request.offset(index), request.length(index));
}

/** Reads longitude and latitude at an argument index into `point`; returns '' or an error. */
export function readPoint(c: CommandContext, index: number, point: GeoPoint): string {
  const longitude = readNumber(c, index);
  const latitude = readNumber(c, index + 1);
  if (Number.isNaN(longitude) || Number.isNaN(latitude)) return ERR_NOT_FLOAT;
  if (Math.abs(longitude) > GEO_MAX_LONGITUDE || Math.abs(latitude) > GEO_MAX_LATITUDE) {
    const pair = `${sixDecimals(longitude)},${sixDecimals(latitude)}`;
    return `ERR invalid longitude,latitude pair ${pair}`;
  }
  point.longitude = longitude;
  point.latitude = latitude;
  return '';
}

/** As C's `%f`. */
function sixDecimals(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  // Beyond this a double has no decimals, and toFixed an exponent.
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${fixedText(value)}.000000`;
}

/** Returns the meters of a unit, 0: it is none. */
export function readUnit({ request }: CommandContext, index: number): number {
  if (request.is(index, 'm')) return 1;
  if (request.is(index, 'km')) return 1000;
  if (request.is(index, 'ft')) return 0.3048;
  return request.is(index, 'mi') ? 1609.34 : 0;
}

/** Lengths in meters, and the unit they were given in. One per thread, reused. */
class GeoLengths {
  /** -1: a box. */
  radius = -1;
  width = 0;
  height = 0;
  /** Meters of the unit. */
  unit = 1;

  /** Reads `radius unit`; returns '' or an error. */
  readRadius(c: CommandContext, index: number): string {
    const radius = readNumber(c, index);
    if (Number.isNaN(radius)) return ERR_RADIUS;
    if (radius < 0) return ERR_NEGATIVE_RADIUS;
    this.unit = readUnit(c, index + 1);
    if (this.unit === 0) return ERR_UNIT;
    this.radius = radius * this.unit;
    return '';
  }

  /** Reads `width height unit`; returns '' or an error. */
  readBox(c: CommandContext, index: number): string {
    const width = readNumber(c, index);
    if (Number.isNaN(width)) return ERR_WIDTH;
    const height = readNumber(c, index + 1);
    if (Number.isNaN(height)) return ERR_HEIGHT;
    if (width < 0 || height < 0) return ERR_NEGATIVE_BOX;
    this.unit = readUnit(c, index + 2);
    if (this.unit === 0) return ERR_UNIT;
    this.radius = -1;
    this.width = width * this.unit;
    this.height = height * this.unit;
    return '';
  }
}

export const lengths = new GeoLengths();
