// The arguments of GEOSEARCH, GEORADIUS and their relatives: where, how far, how many, what is
// replied or stored.

import { decodeGeohash, type GeoPoint, type GeoShape } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { zset } from '../sorted-set/sorted-set-value.ts';
import { lengths, readPoint } from './geo-arguments.ts';

const ERR_MEMBER = 'ERR could not decode requested zset member';
const ERR_COUNT = 'ERR COUNT must be > 0';
const ERR_ANY = 'ERR the ANY argument requires COUNT argument';
const STORE_CONFLICT = 'is not compatible with WITHDIST, WITHHASH and WITHCOORD options';

/** How a command says what it searches, and whether it may store. */
export interface SearchGrammar {
  /** GEOSEARCH: everything is an option. Else the middle comes at a fixed place. */
  readonly middle: 'option' | 'point' | 'member';
  /** Argument index of the source key. */
  readonly source: number;
  /** 'option': STORE key and STOREDIST key; 'always': at argument 1, STOREDIST is a flag. */
  readonly stores: 'never' | 'option' | 'always';
}

/** One per thread, reused. */
class SearchOptions {
  withDistance = false;
  withHash = false;
  withPoint = false;
  /** 0: as they are found; 1 the nearest first; -1 the farthest first. */
  order = 0;
  /** 0: all. */
  count = 0;
  /** The first so many that are found will do. */
  any = false;
  /** Argument index of the key to store under, 0: none. */
  storeIndex = 0;
  storesDistance = false;
  readonly #middle: GeoPoint = { longitude: 0, latitude: 0 };
  #hasMember = false;
  #hasPoint = false;
  #hasRadius = false;
  #hasBox = false;

  get shape(): GeoShape {
    const { radius, width, height } = lengths;
    return { ...this.#middle, radius, width, height };
  }

  /**
   * Reads the arguments behind the source key, which is open.
   * @param isMissing there is no such key: members are not looked up
   * @returns '' or an error
   */
  read(c: CommandContext, grammar: SearchGrammar, isMissing: boolean): string {
    this.#begin(grammar);
    let at = grammar.source + 1;
    if (grammar.middle !== 'option') {
      const wrong = this.#readFixed(c, grammar, isMissing);
      if (wrong !== '') return wrong;
      at += grammar.middle === 'point' ? 4 : 3;
    }
    while (at < c.request.argc) {
      const taken = this.#readOption(c, at, grammar, isMissing);
      if (typeof taken === 'string') return taken;
      at += taken;
    }
    return this.#conflict(c, grammar);
  }

  #begin(grammar: SearchGrammar): void {
    this.withDistance = false;
    this.withHash = false;
    this.withPoint = false;
    this.order = 0;
    this.count = 0;
    this.any = false;
    this.storeIndex = grammar.stores === 'always' ? 1 : 0;
    this.storesDistance = false;
    this.#hasMember = false;
    this.#hasPoint = false;
    this.#hasRadius = false;
    this.#hasBox = false;
  }

  #readFixed(c: CommandContext, { middle, source }: SearchGrammar, isMissing: boolean): string {
    if (middle === 'point') {
      return readPoint(c, source + 1, this.#middle) || lengths.readRadius(c, source + 3);
    }
    // Redis: without a key neither the member nor the radius is looked at.
    if (isMissing) return '';
    return this.#readMember(c, source + 1) || lengths.readRadius(c, source + 2);
  }

  #readMember(c: CommandContext, index: number): string {
    if (!zset.findArgument(c, index)) return ERR_MEMBER;
    decodeGeohash(zset.score, this.#middle);
    return '';
  }

  /** Returns how many arguments it took, or an error. */
  #readOption(
    c: CommandContext,
    index: number,
    grammar: SearchGrammar,
    isMissing: boolean,
  ): number | string {
    const { request } = c;
    if (request.is(index, 'withdist')) this.withDistance = true;
    else if (request.is(index, 'withhash')) this.withHash = true;
    else if (request.is(index, 'withcoord')) this.withPoint = true;
    else if (request.is(index, 'any')) this.any = true;
    else if (request.is(index, 'asc')) this.order = 1;
    else if (request.is(index, 'desc')) this.order = -1;
    else if (request.is(index, 'count')) return this.#readCount(c, index + 1);
    else if (grammar.stores === 'option') return this.#readStore(c, index);
    else if (grammar.middle === 'option') return this.#readShape(c, index, grammar, isMissing);
    else return ERR_SYNTAX;
    return 1;
  }

  #readCount({ request }: CommandContext, index: number): number | string {
    if (index >= request.argc) return ERR_SYNTAX;
    const count = request.int64(index);
    if (count === null) return ERR_NOT_INTEGER;
    if (count <= 0n) return ERR_COUNT;
    this.count = Number(count);
    return 2;
  }

  /** Redis: the last of several counts; here one is all there may be, as its key is locked. */
  #readStore({ request }: CommandContext, index: number): number | string {
    const storesDistance = request.is(index, 'storedist');
    if (!storesDistance && !request.is(index, 'store')) return ERR_SYNTAX;
    if (index + 1 >= request.argc || this.storeIndex !== 0) return ERR_SYNTAX;
    this.storeIndex = index + 1;
    this.storesDistance = storesDistance;
    return 2;
  }

  #readShape(
    c: CommandContext,
    index: number,
    grammar: SearchGrammar,
    isMissing: boolean,
  ): number | string {
    const { request } = c;
    const following = request.argc - 1 - index;
    if (following >= 1 && !this.#hasPoint && request.is(index, 'frommember')) {
      this.#hasMember = true;
      return (isMissing ? '' : this.#readMember(c, index + 1)) || 2;
    }
    if (following >= 2 && !this.#hasMember && request.is(index, 'fromlonlat')) {
      this.#hasPoint = true;
      return readPoint(c, index + 1, this.#middle) || 3;
    }
    if (following >= 2 && !this.#hasBox && request.is(index, 'byradius')) {
      this.#hasRadius = true;
      return lengths.readRadius(c, index + 1) || 3;
    }
    if (following >= 3 && !this.#hasRadius && request.is(index, 'bybox')) {
      this.#hasBox = true;
      return lengths.readBox(c, index + 1) || 4;
    }
    if (grammar.stores === 'always' && request.is(index, 'storedist')) {
      this.storesDistance = true;
      return 1;
    }
    return ERR_SYNTAX;
  }

  #conflict(c: CommandContext, grammar: SearchGrammar): string {
    if (this.storeIndex !== 0 && (this.withDistance || this.withHash || this.withPoint)) {
      const who = grammar.stores === 'always' ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
      return `ERR ${who} ${STORE_CONFLICT}`;
    }
    if (grammar.middle === 'option') {
      const name = c.request.text(0);
      if (!this.#hasMember && !this.#hasPoint) {
        return `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`;
      }
      if (!this.#hasRadius && !this.#hasBox) {
        return `ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`;
      }
    }
    if (this.any && this.count === 0) return ERR_ANY;
    // The nearest ones are meant.
    if (this.count !== 0 && this.order === 0 && !this.any) this.order = 1;
    return '';
  }
}

export const search = new SearchOptions();
