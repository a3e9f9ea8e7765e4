// Circles and boxes on the earth: distances, what lies inside, and the cells of geohashes that may
// hold it, in the order that searches visit them. Source: the behaviour of Redis.

import {
  GEO_MAX_LATITUDE,
  GEO_MAX_LONGITUDE,
  GEO_STEPS,
  geoCell,
  geoEdge,
  interleave,
} from './geohash.ts';

const EARTH_RADIUS_METERS = 6372797.560856;
/** Half the length of the equator in the Mercator projection. */
const MERCATOR_MAX_METERS = 20037726.37;
const RADIANS = Math.PI / 180;

/** What is searched: around a position, lengths in meters. */
export interface GeoShape {
  readonly longitude: number;
  readonly latitude: number;
  /** Of a circle; -1: it is a box. */
  readonly radius: number;
  /** Of a box. */
  readonly width: number;
  readonly height: number;
}

function latitudeDistance(a: number, b: number): number {
  return EARTH_RADIUS_METERS * Math.abs(b * RADIANS - a * RADIANS);
}

/** Returns the great circle distance of two positions in meters (haversine). */
export function geoDistance(
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): number {
  const v = Math.sin((longitude2 * RADIANS - longitude1 * RADIANS) / 2);
  if (v === 0) return latitudeDistance(latitude1, latitude2);
  const from = latitude1 * RADIANS;
  const to = latitude2 * RADIANS;
  const u = Math.sin((to - from) / 2);
  const a = u * u + Math.cos(from) * Math.cos(to) * v * v;
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(a));
}

/** Returns the distance of a position from the middle of a shape in meters, -1: not inside. */
export function distanceInside(shape: GeoShape, longitude: number, latitude: number): number {
  if (shape.radius < 0) {
    if (latitudeDistance(latitude, shape.latitude) > shape.height / 2) return -1;
    const sideways = geoDistance(longitude, latitude, shape.longitude, latitude);
    if (sideways > shape.width / 2) return -1;
  }
  const distance = geoDistance(shape.longitude, shape.latitude, longitude, latitude);
  return shape.radius >= 0 && distance > shape.radius ? -1 : distance;
}

/** Scores from `min` on and below `max`. */
export interface GeoCellRange {
  readonly min: number;
  readonly max: number;
}

/** Bounds of a shape in degrees. */
interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** One of 4^steps cells; numbers grow to the east and to the north. */
interface Cell {
  readonly x: number;
  readonly y: number;
}

// The neighbours, in the order they are visited.
const DIRECTIONS: readonly Cell[] = [
  { x: 0, y: 0 },
  { x: 0, y: 1 },
  { x: 0, y: -1 },
  { x: 1, y: 0 },
  { x: -1, y: 0 },
  { x: 1, y: 1 },
  { x: -1, y: 1 },
  { x: 1, y: -1 },
  { x: -1, y: -1 },
];

/** Returns the ranges of scores, at most nine, that together hold all of a shape. */
export function geoCells(shape: GeoShape): GeoCellRange[] {
  const box = boundsOf(shape);
  let steps = estimateSteps(shape);
  if (steps > 1 && !isCovered(box, cellOf(shape, steps), steps)) steps--;
  const middle = cellOf(shape, steps);
  const { west, south, east, north } = boundsOfCell(middle, steps);
  const ranges: GeoCellRange[] = [];
  let before: Cell | null = null;
  for (const [i, direction] of DIRECTIONS.entries()) {
    const { x, y } = direction;
    const isUseless =
      steps >= 2 &&
      ((y < 0 && south < box.south) ||
        (y > 0 && north > box.north) ||
        (x < 0 && west < box.west) ||
        (x > 0 && east > box.east));
    if (isUseless) continue;
    const cell = neighbour(middle, direction, steps);
    // Redis: skips only what it has searched just before, the middle aside; of large shapes cells
    // come twice, and so do the members in them.
    if (before !== null && before.x === cell.x && before.y === cell.y) continue;
    ranges.push(rangeOf(cell, steps));
    if (i > 0) before = cell;
  }
  return ranges;
}

function boundsOf(shape: GeoShape): Box {
  const { longitude, latitude, radius } = shape;
  const height = radius >= 0 ? radius : shape.height / 2;
  const width = radius >= 0 ? radius : shape.width / 2;
  const up = height / EARTH_RADIUS_METERS / RADIANS;
  // A degree is shortest at the edge that is nearer to a pole.
  const edge = latitude < 0 ? latitude - up : latitude + up;
  const sideways = width / EARTH_RADIUS_METERS / Math.cos(edge * RADIANS) / RADIANS;
  return {
    west: longitude - sideways,
    south: latitude - up,
    east: longitude + sideways,
    north: latitude + up,
  };
}

/** How fine the cells may be so that nine of them cover the shape. */
function estimateSteps({ latitude, radius, width, height }: GeoShape): number {
  let meters = radius >= 0 ? radius : Math.sqrt((width / 2) ** 2 + (height / 2) ** 2);
  if (meters === 0) return GEO_STEPS;
  let steps = 1;
  while (meters < MERCATOR_MAX_METERS) {
    meters *= 2;
    steps++;
  }
  steps -= 2;
  if (latitude > 66 || latitude < -66) {
    steps--;
    if (latitude > 80 || latitude < -80) steps--;
  }
  return Math.max(1, Math.min(GEO_STEPS, steps));
}

function cellOf({ longitude, latitude }: GeoShape, steps: number): Cell {
  return {
    x: geoCell(longitude, GEO_MAX_LONGITUDE, steps),
    y: geoCell(latitude, GEO_MAX_LATITUDE, steps),
  };
}

/** Round the earth, also over the poles. */
function neighbour({ x, y }: Cell, direction: Cell, steps: number): Cell {
  const cells = 2 ** steps;
  return {
    x: direction.x === 0 ? x : (x + direction.x + cells) % cells,
    y: direction.y === 0 ? y : (y + direction.y + cells) % cells,
  };
}

function boundsOfCell({ x, y }: Cell, steps: number): Box {
  return {
    west: geoEdge(x, GEO_MAX_LONGITUDE, steps),
    south: geoEdge(y, GEO_MAX_LATITUDE, steps),
    east: geoEdge(x + 1, GEO_MAX_LONGITUDE, steps),
    north: geoEdge(y + 1, GEO_MAX_LATITUDE, steps),
  };
}

/** False when the shape reaches beyond the neighbours of its middle. */
function isCovered(box: Box, middle: Cell, steps: number): boolean {
  const beyond = (x: number, y: number) => boundsOfCell(neighbour(middle, { x, y }, steps), steps);
  return !(
    beyond(0, 1).north < box.north ||
    beyond(0, -1).south > box.south ||
    beyond(1, 0).east < box.east ||
    beyond(-1, 0).west > box.west
  );
}

function rangeOf({ x, y }: Cell, steps: number): GeoCellRange {
  const scale = 2 ** (2 * (GEO_STEPS - steps));
  const bits = interleave(y, x);
  return { min: bits * scale, max: (bits + 1) * scale };
}
