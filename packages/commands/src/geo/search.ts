// GEOSEARCH, GEOSEARCHSTORE, GEORADIUS and GEORADIUSBYMEMBER: members inside a circle or a box.

import {
  decodeGeohash,
  distanceInside,
  type GeoPoint,
  type GeoShape,
  geoCells,
} from '@forgekv/datatypes';
import { type CommandContext, NOTED } from '../context.ts';
import { DONE, OTHER_TYPE, type Outcome, SLICED } from '../outcome.ts';
import { MOST_RESTARTS } from '../sliced-work.ts';
import { made } from '../sorted-set/new-sorted-set.ts';
import { zset } from '../sorted-set/sorted-set-value.ts';
import { isDestinationHere, storeMade } from '../sorted-set/store-made.ts';
import { lengths } from './geo-arguments.ts';
import { Facts } from './geo-reply.ts';
import { type SearchGrammar, search } from './search-options.ts';
import { type RankRange, SearchReply, SearchStore } from './sliced-search.ts';

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
    c.countRead(entry, grammar.source);
    return c.fail(wrong);
  }
  const { storeIndex } = search;
  if (storeIndex !== 0) {
    const destination = isDestinationHere(c, storeIndex);
    if (destination < 0) return c.refuse(destination);
  }
  const prepared = c.prepared instanceof SearchStore ? c.prepared : null;
  if (prepared?.sources.areCurrent(c)) return finish(c, prepared, grammar);
  if (zset.isLong(c, zset.count)) {
    const ranges = rangesOf(search.shape);
    const looked = ranges.reduce((sum, { count }) => sum + count, 0);
    if (looked > c.sliceElements) {
      return findSliced(c, grammar, ranges, looked, prepared === null ? 0 : prepared.restarts + 1);
    }
  }
  const found = entry === 0 ? [] : collect();
  if (storeIndex === 0) {
    c.countRead(entry, grammar.source);
    reply(c, found);
    return DONE;
  }
  made.begin(c);
  for (const { bytes, offset, length, score, distance } of found) {
    made.put(bytes, offset, length, search.storesDistance ? distance / lengths.unit : score);
  }
  if (entry === 0) c.noteMiss(grammar.source);
  const outcome = storeMade(c, eventOf(grammar), storeIndex);
  if (outcome === DONE) c.countRead(entry, NOTED);
  return outcome;
}

/** Where the sorted set that is open has what may be in a shape. */
function rangesOf(shape: GeoShape): RankRange[] {
  return geoCells(shape).map(({ min, max }) => {
    zset.matchScores({ min, max, minExclusive: false, maxExclusive: true });
    return { first: zset.first, count: zset.matched };
  });
}

function findSliced(
  c: CommandContext,
  grammar: SearchGrammar,
  ranges: readonly RankRange[],
  looked: number,
  restarts: number,
): Outcome {
  if (search.storeIndex === 0) {
    c.stats.hits++;
    return c.perform(new SearchReply(zset, ranges), looked, 1);
  }
  const work = new SearchStore(c, zset, ranges);
  work.restarts = restarts;
  const outcome = c.perform(work, restarts > MOST_RESTARTS ? 0 : looked);
  if (outcome === SLICED) work.sources.note(c, grammar.source, 1);
  return outcome === DONE ? finish(c, work, grammar) : outcome;
}

/** Stores what was found in a sorted set that is there. */
function finish(c: CommandContext, work: SearchStore, grammar: SearchGrammar): Outcome {
  const { made: found, payload } = work;
  const outcome = storeMade(c, eventOf(grammar), search.storeIndex, found, payload);
  if (outcome === DONE) c.stats.hits++;
  return outcome;
}

function eventOf(grammar: SearchGrammar): string {
  return grammar === GEOSEARCHSTORE ? 'geosearchstore' : 'georadiusstore';
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
  const facts = new Facts(search, lengths.unit);
  c.reply.array(found.length);
  for (const one of found) {
    facts.reply(c, one.bytes, one.offset, one.length, one.score, one.distance, one);
  }
}
