// Random commands of the sorted set family for comparisons with Redis: a few keys that meet often.

import type { Random } from '@forgekv/base';
import type { CommandArg } from '@forgekv/testkit';

export type Command = readonly CommandArg[];

/** All members of `lex` have the same score, else its order by members means nothing. */
const KEYS = ['a', 'b', 'c', '{t}d', '{t}e', 'few'];
const ALL_KEYS = [...KEYS, 'lex'];
/** No -0: a listpack forgets the sign, and what is in one when depends on the version. */
const SCORES = [
  ...['0', '1', '2', '3', '-1', '1.5', '0.25', '0.1', '-7.75', '100', '1e3', '12345678901'],
  ...['inf', '-inf', '+inf', '9007199254740993', '1e17', '4611686018427387904', '-1e20', '1e-7'],
  ...['3.141592653589793', '0x10', '1e308', '-0.000123'],
];
const BAD_SCORES = ['', 'abc', 'nan', ' 1', '1 ', '1e400', '1e-400', '0x', '1,5', '--1', 'NX'];
const BOUNDS = ['-inf', '+inf', '(1', '(2', '1', '3', '0', '(0.1', '-5', '5', '(-inf', '(inf', ''];
const BAD_BOUNDS = ['(', 'foo', '(foo', '1 ', ' 1', '[1', 'nan', '1\u00002', '( 1'];
const LEX = ['-', '+', '[a', '(a', '[m3', '(m3', '[m7', '(', '[', '[zz', '(m10', '-\0x'];
const BAD_LEX = ['', 'a', '--', '+x', 'm3', '1'];
const BINARY = [Buffer.from([0, 255, 128]), Buffer.from([255]), Buffer.from([0]), Buffer.alloc(0)];

export class RandomCommands {
  readonly #random: Random;
  #fresh = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Reads everything: all keys with their members, types and encodings. */
  states(): Command[] {
    return ALL_KEYS.flatMap((key) => [
      ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
      ['ZCARD', key],
      ['OBJECT', 'ENCODING', key],
      ['TTL', key],
    ]);
  }

  key(): string {
    return this.#random.pick(KEYS);
  }

  #member(): CommandArg {
    const random = this.#random;
    const dice = random.below(30);
    if (dice === 0) return random.pick(BINARY);
    if (dice === 1) return 'x'.repeat(18 + random.below(5));
    if (dice === 2) return `n${this.#fresh++}`;
    if (dice < 8) return String(random.below(20) - 5);
    return `m${random.below(24)}`;
  }

  #score(): string {
    const random = this.#random;
    if (random.chance(0.02)) return random.pick(BAD_SCORES);
    return random.chance(0.5) ? String(random.below(6)) : random.pick(SCORES);
  }

  #bound(): string {
    return this.#random.pick(this.#random.chance(0.04) ? BAD_BOUNDS : BOUNDS);
  }

  #lex(): string {
    return this.#random.pick(this.#random.chance(0.04) ? BAD_LEX : LEX);
  }

  #rank(): string {
    const random = this.#random;
    if (random.chance(0.02)) return random.pick(['x', '', '9223372036854775807', '1.5']);
    return String(random.below(30) - 15);
  }

  #some(words: readonly string[], chance: number): string[] {
    return words.filter(() => this.#random.chance(chance));
  }

  #limit(chance: number): string[] {
    return this.#random.chance(chance)
      ? ['LIMIT', String(this.#random.below(6) - 1), String(this.#random.below(8) - 2)]
      : [];
  }

  #keys(): string[] {
    return Array.from({ length: 1 + this.#random.below(3) }, () =>
      this.#random.chance(0.1) ? this.#random.pick(['set', 'ints', 'none']) : this.key(),
    );
  }

  next(): Command {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 24) return this.#add();
    if (dice < 44) return this.#range();
    if (dice < 56) return this.#remove();
    if (dice < 68) return this.#ask();
    if (dice < 84) return this.#algebra();
    if (dice < 90) return this.#store();
    return this.#other();
  }

  #add(): Command {
    const random = this.#random;
    const key = this.key();
    if (random.chance(0.1)) return ['ZADD', 'lex', '0', this.#member(), '0', this.#member()];
    if (random.chance(0.2)) return ['ZINCRBY', key, this.#score(), this.#member()];
    const isFew = key === 'few' || random.chance(0.5);
    const count = isFew ? 1 : 1 + random.below(random.chance(0.1) ? 16 : 5);
    const pairs = Array.from({ length: count }, () => [this.#score(), this.#member()]).flat();
    return ['ZADD', key, ...this.#some(['NX', 'XX', 'GT', 'LT', 'CH', 'INCR'], 0.08), ...pairs];
  }

  #range(): Command {
    const random = this.#random;
    const scores = this.#some(['WITHSCORES'], 0.4);
    const key = this.key();
    switch (random.below(6)) {
      case 0:
        return ['ZRANGE', key, this.#rank(), this.#rank(), ...this.#some(['REV'], 0.3), ...scores];
      case 1: {
        const options = [...this.#some(['REV'], 0.4), ...this.#limit(0.4), ...scores];
        return ['ZRANGE', key, this.#bound(), this.#bound(), 'BYSCORE', ...options];
      }
      case 2: {
        const options = [...this.#some(['REV', 'WITHSCORES'], 0.2), ...this.#limit(0.4)];
        return ['ZRANGE', 'lex', this.#lex(), this.#lex(), 'BYLEX', ...options];
      }
      case 3: {
        const name = random.pick(['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE']);
        return [name, key, this.#bound(), this.#bound(), ...scores, ...this.#limit(0.3)];
      }
      case 4: {
        const name = random.pick(['ZRANGEBYLEX', 'ZREVRANGEBYLEX']);
        return [name, 'lex', this.#lex(), this.#lex(), ...this.#limit(0.3)];
      }
      default:
        return ['ZREVRANGE', key, this.#rank(), this.#rank(), ...scores, ...this.#limit(0.03)];
    }
  }

  #remove(): Command {
    const random = this.#random;
    const key = random.chance(0.1) ? 'lex' : this.key();
    switch (random.below(7)) {
      case 0:
        return ['ZREMRANGEBYRANK', key, this.#rank(), this.#rank()];
      case 1:
        return ['ZREMRANGEBYSCORE', key, this.#bound(), this.#bound()];
      case 2:
        return ['ZREMRANGEBYLEX', 'lex', this.#lex(), this.#lex()];
      case 3: {
        const count = random.chance(0.5) ? [random.pick(['0', '1', '2', '100', '-1', 'x'])] : [];
        return [random.pick(['ZPOPMIN', 'ZPOPMAX']), key, ...count];
      }
      case 4: {
        const keys = this.#keys();
        const end = random.pick(['MIN', 'MAX', 'max', 'mid']);
        const count = random.chance(0.4) ? ['COUNT', random.pick(['1', '3', '0', 'x'])] : [];
        return ['ZMPOP', String(keys.length), ...keys, end, ...count];
      }
      default: {
        const members = Array.from({ length: 1 + random.below(4) }, () => this.#member());
        return ['ZREM', key, ...members];
      }
    }
  }

  #ask(): Command {
    const random = this.#random;
    const key = random.chance(0.05) ? random.pick(['set', 'none']) : this.key();
    switch (random.below(8)) {
      case 0:
        return ['ZSCORE', key, this.#member()];
      case 1:
        return ['ZMSCORE', key, this.#member(), this.#member()];
      case 2:
        return [random.pick(['ZRANK', 'ZREVRANK']), key, this.#member()];
      case 3:
        return ['ZCOUNT', key, this.#bound(), this.#bound()];
      case 4:
        return ['ZLEXCOUNT', 'lex', this.#lex(), this.#lex()];
      case 5:
        return ['ZCARD', key];
      case 6:
        return ['OBJECT', 'ENCODING', key === 'set' ? 'a' : key];
      default:
        return ['ZRANDMEMBER', key, random.pick(['1', '-3', '5']), 'WITHSCORES'];
    }
  }

  #algebra(): Command {
    const random = this.#random;
    const keys = this.#keys();
    const count = random.chance(0.02) ? random.pick(['0', 'x', '9', '-1']) : String(keys.length);
    if (random.chance(0.15)) {
      const limit = random.chance(0.5) ? ['LIMIT', random.pick(['0', '1', '3', '-1', 'x'])] : [];
      return ['ZINTERCARD', count, ...keys, ...limit];
    }
    const name = random.pick(['ZUNION', 'ZINTER', 'ZDIFF']);
    const weights = random.chance(0.3) ? ['WEIGHTS', ...keys.map(() => this.#weight())] : [];
    const aggregate = random.chance(0.3)
      ? ['AGGREGATE', random.pick(['SUM', 'min', 'MAX', 'avg'])]
      : [];
    const options = name === 'ZDIFF' && random.chance(0.9) ? [] : [...weights, ...aggregate];
    if (random.chance(0.4)) return [`${name}STORE`, this.key(), count, ...keys, ...options];
    return [name, count, ...keys, ...options, ...this.#some(['WITHSCORES'], 0.5)];
  }

  #weight(): string {
    return this.#random.pick(['1', '2', '0.5', '-1', '0', 'inf', '1e3', 'x']);
  }

  #store(): Command {
    const random = this.#random;
    const target = this.key();
    const source = random.chance(0.1) ? random.pick(['set', 'none']) : this.key();
    switch (random.below(3)) {
      case 0: {
        const options = [...this.#some(['REV'], 0.3), ...this.#limit(0.1)];
        return ['ZRANGESTORE', target, source, this.#rank(), this.#rank(), ...options];
      }
      case 1: {
        const options = ['BYSCORE', ...this.#some(['REV'], 0.3), ...this.#limit(0.3)];
        return ['ZRANGESTORE', target, source, this.#bound(), this.#bound(), ...options];
      }
      default: {
        const options = ['BYLEX', ...this.#some(['REV'], 0.3), ...this.#limit(0.3)];
        return ['ZRANGESTORE', target, 'lex', this.#lex(), this.#lex(), ...options];
      }
    }
  }

  #other(): Command {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
        return ['DEL', this.key()];
      case 1:
        return ['SADD', 'set', `m${random.below(24)}`, `m${random.below(24)}`];
      case 2:
        return ['SADD', 'ints', String(random.below(20) - 5)];
      case 3:
        return ['EXPIRE', this.key(), '1000'];
      case 4:
        return ['PERSIST', this.key()];
      case 5:
        return ['COPY', this.key(), this.key(), 'REPLACE'];
      case 6:
        return ['RENAME', this.key(), this.key()];
      default:
        return ['ZSCAN', random.pick(['few', 'none', 'set']), '0', ...this.#some(['x'], 0.05)];
    }
  }
}
