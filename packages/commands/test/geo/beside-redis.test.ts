// Geo indexes beside Redis: the same scores, positions, distances and order, near and far, at the
// edges of the map, and with scores that are no positions.

import { Random } from '@forgekv/base';
import { type CommandArg, EXACT, UNORDERED } from '@forgekv/testkit';
import { testBesideRedis } from '../support/beside-redis.ts';
import { BesideRedisScores } from '../support/beside-redis-scores.ts';

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);
const ROUNDS = Number(process.env.FORGEKV_ROUNDS ?? 8);

const EDGES = ['0', '180', '-180', '85.05112878', '-85.05112878', '85', '1e-9', '-0.5', '179.9999'];
const BAD = ['181', '-181', 'x', '86', 'nan', 'inf', '1e30', ''];
/** Distances are the same but for the last digit, as sines are. */
const STORE = ['STORE', 'stored'];
const STOREDIST = ['STOREDIST', 'far'];
const KEYS = ['world', 'town', 'edges', 'none', 'plain'];

/** Random commands over a few indexes, each of its own scale. */
class GeoCommands {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #coordinate(key: string, most: number): string {
    const random = this.#random;
    if (random.chance(0.01)) return random.pick(BAD);
    if (key === 'edges') return random.pick(EDGES);
    const unit = random.uint32() / 2 ** 32;
    if (key === 'town') return (most / 4 + unit / 10).toFixed(6);
    return ((unit * 2 - 1) * most).toFixed(random.pick([0, 3, 10]));
  }

  #point(key: string): [string, string] {
    return [this.#coordinate(key, 180), this.#coordinate(key, 85)];
  }

  #member(): string {
    return `p${this.#random.below(60)}`;
  }

  #unit(): string {
    return this.#random.pick(['m', 'km', 'ft', 'mi', 'KM', this.#random.chance(0.1) ? 'yd' : 'm']);
  }

  #length(): string {
    const random = this.#random;
    if (random.chance(0.03)) return random.pick(['-1', 'x', '0', '1e9']);
    return String(random.below(10 ** (1 + random.below(7))));
  }

  #some(words: readonly string[], chance: number): string[] {
    return words.filter(() => this.#random.chance(chance));
  }

  #options(key: string): string[] {
    const random = this.#random;
    // Which of several equally near ones are among the first is left open.
    const count =
      key !== 'edges' && random.chance(0.3)
        ? ['COUNT', random.pick(['1', '3', '10', '0', 'x'])]
        : [];
    const any = this.#some(['ANY'], count.length > 0 ? 0.3 : 0.02);
    const order = random.chance(0.4) ? [random.pick(['ASC', 'DESC'])] : [];
    return [...this.#some(['WITHCOORD', 'WITHDIST', 'WITHHASH'], 0.3), ...count, ...any, ...order];
  }

  #area(key: string): string[] {
    const random = this.#random;
    const from = random.chance(0.4)
      ? ['FROMMEMBER', this.#member()]
      : ['FROMLONLAT', ...this.#point(key)];
    const by = random.chance(0.5)
      ? ['BYRADIUS', this.#length(), this.#unit()]
      : ['BYBOX', this.#length(), this.#length(), this.#unit()];
    const both = random.chance(0.03) ? ['FROMMEMBER', 'p1', ...by] : by;
    return random.chance(0.05) ? by : [...from, ...both];
  }

  next(): CommandArg[] {
    const random = this.#random;
    const key = random.pick(KEYS);
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2: {
        const triples = Array.from({ length: 1 + random.below(6) }, () => [
          ...this.#point(key),
          this.#member(),
        ]).flat();
        const options = this.#some(['NX', 'XX', 'CH'], 0.1);
        return ['GEOADD', key === 'none' ? 'world' : key, ...options, ...triples];
      }
      case 3:
        return ['GEOPOS', key, this.#member(), this.#member()];
      case 4:
        return ['GEOHASH', key, this.#member(), this.#member(), this.#member()];
      case 5:
        return ['GEODIST', key, this.#member(), this.#member(), this.#unit()];
      case 6:
        return ['GEODIST', key, this.#member(), this.#member()];
      case 7: {
        const name = random.pick(['GEORADIUS', 'GEORADIUS_RO']);
        const store = random.chance(0.2) ? random.pick([STORE, STOREDIST]) : [];
        const area = [...this.#point(key), this.#length(), this.#unit()];
        return [name, key, ...area, ...this.#options(key), ...store];
      }
      case 8: {
        const name = random.pick(['GEORADIUSBYMEMBER', 'GEORADIUSBYMEMBER_RO']);
        const store = random.chance(0.2) ? random.pick([STORE, STOREDIST]) : [];
        const area = [this.#member(), this.#length(), this.#unit()];
        return [name, key, ...area, ...this.#options(key), ...store];
      }
      case 9: {
        const storesDistance = random.chance(0.3);
        const target = storesDistance ? 'far' : 'stored';
        const options = [...this.#options(key), ...(storesDistance ? ['STOREDIST'] : [])];
        return ['GEOSEARCHSTORE', target, key, ...this.#area(key), ...options];
      }
      default:
        return ['GEOSEARCH', key, ...this.#area(key), ...this.#options(key)];
    }
  }
}

/** At the edges many are equally far, but for the last digit, which decides their order. */
for (const hotValueMaxBytes of [16384, 200]) {
  testBesideRedis(
    `random geo commands, values up to ${hotValueMaxBytes} bytes hot`,
    async (both, t) => {
      t.setTimeout(120_000);
      const scores = new BesideRedisScores(both, t);
      const source = new GeoCommands(new Random(SEED + hotValueMaxBytes));
      const strange = ['-1', '1.5', '1e300', '-1e300', 'inf', '-inf', '18446744073709551615', '3'];
      await scores.same([
        ['ZADD', 'plain', ...strange.flatMap((score, i) => [score, `p${i}`])],
        ['GEOPOS', 'plain', ...strange.map((_, i) => `p${i}`)],
        ['GEOHASH', 'plain', ...strange.map((_, i) => `p${i}`)],
      ]);
      for (let round = 0; round < ROUNDS; round++) {
        await scores.same(
          Array.from({ length: 200 }, () => source.next()),
          (command) => (command.includes('edges') ? UNORDERED : EXACT),
        );
        await scores.same(
          [...KEYS, 'stored'].map((key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES']),
        );
        await scores.same([['ZRANGE', 'far', '0', '-1']]);
      }
      scores.report(SEED);
    },
    { hotValueMaxBytes },
  );
}
