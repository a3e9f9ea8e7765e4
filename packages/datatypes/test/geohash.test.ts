// Geohashes and areas: published examples, edges of the map, and that the cells of a search hold
// every position inside of it.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  decodeGeohash,
  distanceInside,
  encodeGeohash,
  GEO_MAX_LATITUDE,
  type GeoShape,
  geoCells,
  geoDistance,
  geohashText,
} from '../src/index.ts';

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);

function decoded(score: number) {
  const point = { longitude: 0, latitude: 0 };
  decodeGeohash(score, point);
  return point;
}

test('two towns of Sicily, as in the documentation of Redis', async (t) => {
  const palermo = encodeGeohash(13.361389, 38.115556);
  const catania = encodeGeohash(15.087269, 37.502669);
  t.equal(palermo, 3479099956230698);
  t.equal(catania, 3479447370796909);
  t.equal(geohashText(decoded(palermo)), 'sqc8b49rny0');
  t.equal(geohashText(decoded(catania)), 'sqdtr74hyu0');
  const from = decoded(palermo);
  const to = decoded(catania);
  const meters = geoDistance(from.longitude, from.latitude, to.longitude, to.latitude);
  t.equal(meters.toFixed(4), '166274.1516');
});

test('edges of the map, and scores that are no positions', async (t) => {
  t.equal(encodeGeohash(-180, -GEO_MAX_LATITUDE), 0);
  t.equal(encodeGeohash(180, -GEO_MAX_LATITUDE), 2 ** 53);
  t.ok(Math.abs(decoded(encodeGeohash(180, GEO_MAX_LATITUDE)).longitude) <= 180);
  for (const score of [-1, 1e300, -1e300, Infinity, -Infinity, 2 ** 64, 0.5, -0]) {
    const { longitude, latitude } = decoded(score);
    t.ok(Math.abs(longitude) <= 180 && Math.abs(latitude) <= GEO_MAX_LATITUDE, `${score}`);
  }
});

test(`what comes out is within a cell of what went in, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let wrong = 0;
  for (let i = 0; i < 5000; i++) {
    const longitude = (random.uint32() / 2 ** 32) * 360 - 180;
    const latitude = (random.uint32() / 2 ** 32) * 170 - 85;
    const point = decoded(encodeGeohash(longitude, latitude));
    if (Math.abs(point.longitude - longitude) > 360 / 2 ** 26) wrong++;
    if (Math.abs(point.latitude - latitude) > 171 / 2 ** 26) wrong++;
  }
  t.equal(wrong, 0);
});

test(`the cells of a search hold all that is inside, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let inside = 0;
  let missed = 0;
  for (let round = 0; round < 2000; round++) {
    // Far from the poles and the date line: there, as in Redis, a search may miss some.
    const longitude = (random.uint32() / 2 ** 32) * 240 - 120;
    const latitude = (random.uint32() / 2 ** 32) * 100 - 50;
    const length = 10 ** (1 + random.below(5));
    const isBox = random.chance(0.5);
    const shape: GeoShape = {
      ...{ longitude, latitude, radius: isBox ? -1 : length },
      ...{ width: length * 2, height: length },
    };
    const cells = geoCells(shape);
    if (cells.length < 1 || cells.length > 9) missed++;
    for (let i = 0; i < 20; i++) {
      const spread = (length / 50_000) * 2;
      const score = encodeGeohash(
        longitude + (random.uint32() / 2 ** 32 - 0.5) * spread,
        latitude + (random.uint32() / 2 ** 32 - 0.5) * spread,
      );
      const point = decoded(score);
      if (distanceInside(shape, point.longitude, point.latitude) < 0) continue;
      inside++;
      if (!cells.some(({ min, max }) => score >= min && score < max)) missed++;
    }
  }
  t.equal(missed, 0, `${inside} positions`);
  t.ok(inside > 5000);
});
