// GEOSEARCH, GEOSEARCHSTORE, GEORADIUS and GEORADIUSBYMEMBER: members inside a circle or a box.

import { decodeGeohash, distanceInside, type GeoPoint, geoCells } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { DONE, OTHER_TYPE, type Outcome } from '../outcome.ts';
import { made } from '../sorted-set/new-sorted-set.ts';
import { zset } from '../sorted-set/sorted-set-value.ts';
import { isDestinationHere, storeMade } from '../sorted-set/store-made.ts';
import { lengths } from './geo-arguments.ts';
import { replyDistance, replyPoint } from './geo-reply.ts';
import { type SearchGrammar, search } from './search-options.ts';

const GEOSEARCH: SearchGrammar = { middle: 'option', source: 1, stores: 'never' };
const GEOSEARCHSTORE: SearchGrammar = { middle: 'option', source: 2, stores: 'always' };
const GEORADIUS: SearchGrammar = { middle: 'point', source: 1, stores: 'option' };
const GEORADIUS_RO: SearchGrammar = { middle: 'point', source: 1, stores: 'never' };
const BYMEMBER: SearchGrammar = { middle: 'member', source: 1, stores: 'option' };
const BYMEMBER_RO: SearchGrammar = { middle: 'member', source: 1, stores: 'never' };

/** A member that was found; its bytes are those of the sorted set. */
interface Found extends GeoPoint {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly score: number;
  /** Meters. */
  readonly distance: number;
}

/** GEOSEARCH key FROMMEMBER m|FROMLONLAT lon lat BYRADIUS r unit|BYBOX w h unit [options]. */
export function geoSearch(c: CommandContext): Outcome {
  return find(c, GEOSEARCH);
}

/** GEOSEARCHSTORE destination source, then as GEOSEARCH, [STOREDIST]. */
export function geoSearchStore(c: CommandContext): Outcome {
  return find(c, GEOSEARCHSTORE);
}

/** GEORADIUS key longitude latitude radius unit [options] [STORE key|STOREDIST key]. */
export function geoRadius(c: CommandContext): Outcome {
  return find(c, GEORADIUS);
}

/** GEORADIUS_RO key longitude latitude radius unit [options]. */
export function geoRadiusRo(c: CommandContext): Outcome {
  return find(c, GEORADIUS_RO);
}

/** GEORADIUSBYMEMBER key member radius unit [options] [STORE key|STOREDIST key]. */
export function geoRadiusByMember(c: CommandContext): Outcome {
  return find(c, BYMEMBER);
}

/** GEORADIUSBYMEMBER_RO key member radius unit [options]. */
export function geoRadiusByMemberRo(c: CommandContext): Outcome {
  return find(c, BYMEMBER_RO);
}

function find(c: CommandContext, grammar: SearchGrammar): Outcome {
  const entry = zset.openSource(c, grammar.source);
  if (entry === OTHER_TYPE) c.stats.hits++;
  if (entry < 0) return c.refuse(entry);
  const wrong = search.read(c, grammar, entry === 0);
  if (wrong !== '') {
    c.countRead(entry);
    return c.fail(wrong);
  }
  const { storeIndex } = search;
  if (storeIndex !== 0) {
    const destination = isDestinationHere(c, storeIndex);
    if (destination < 0) return c.refuse(destination);
  }
  const found = entry === 0 ? [] : collect();
  if (storeIndex === 0) {
    c.countRead(entry);
    reply(c, found);
    return DONE;
  }
  made.begin(c);
  for (const { bytes, offset, length, score, distance } of found) {
    made.put(bytes, offset, length, search.storesDistance ? distance / lengths.unit : score);
  }
  const outcome = storeMade(c, storeIndex);
  if (outcome === DONE) c.countRead(entry);
  return outcome;
}

/** Finds what the options ask for, in their order. */
function collect(): Found[] {
  const { shape, order, count, any } = search;
  const found: Found[] = [];
  const enough = any ? count : Infinity;
  const point = { longitude: 0, latitude: 0 };
  for (const { min, max } of geoCells(shape)) {
    if (found.length >= enough) break;
    zset.matchScores({ min, max, minExclusive: false, maxExclusive: true });
    zset.each(zset.first, zset.matched, (bytes, offset, length, score) => {
      decodeGeohash(score, point);
      const distance = distanceInside(shape, point.longitude, point.latitude);
      if (distance >= 0) found.push({ bytes, offset, length, score, distance, ...point });
      return found.length < enough;
    });
  }
  if (order !== 0) found.sort((a, b) => order * (a.distance - b.distance));
  return count === 0 || found.length <= count ? found : found.slice(0, count);
}

function reply(c: CommandContext, found: readonly Found[]): void {
  const { withDistance, withHash, withPoint } = search;
  const facts = Number(withDistance) + Number(withHash) + Number(withPoint);
  c.reply.array(found.length);
  for (const one of found) {
    if (facts > 0) c.reply.array(1 + facts);
    c.reply.bulk(one.bytes, one.offset, one.length);
    if (withDistance) replyDistance(c, one.distance / lengths.unit);
    if (withHash) c.reply.integer(one.score);
    if (withPoint) replyPoint(c, one);
  }
}
