// Random commands on lists for tests: few keys and few elements, so that they meet, of lengths that
// are around what the thresholds count. Not a test itself.

import type { Random } from '@forgekv/base';
import type { CommandArg } from '@forgekv/testkit';

const NUMBERS = [
  ...['0', '-1', '127', '128', '4095', '4096', '-4096', '-4097', '32767', '32768', '8388607'],
  ...['8388608', '2147483647', '2147483648', '9223372036854775807', '-9223372036854775808'],
  ...['9223372036854775808', '00', '+1', '-0', '1.5', ' 1', ''],
];
const LENGTHS = [1, 2, 62, 63, 64, 65, 127, 128, 300, 2000, 4095, 4096, 5000, 9000];
const INDEXES = ['0', '-1', '1', '-2', '5', '-5', '100', '-100', '9223372036854775807'];
const BAD_INTEGERS = ['', 'x', '1.0', ' 1', '9223372036854775808', '-9223372036854775808', '+1'];
const ENDS = ['LEFT', 'RIGHT', 'left', 'Right'];

/** As a rank it is refused since Redis 7.2. */
const LEAST_INTEGER = '-9223372036854775808';

/** Commands for keys `prefix`0 to `prefix`3, and rarely for one that holds a string. */
export class RandomLists {
  readonly #random: Random;
  readonly #longest: number;

  /** @param longest no element is longer, in bytes */
  constructor(random: Random, longest: number) {
    this.#random = random;
    this.#longest = longest;
  }

  key(): string {
    return this.#random.chance(0.02) ? 'string' : `k${this.#random.below(4)}`;
  }

  element(): CommandArg {
    const random = this.#random;
    if (random.chance(0.4)) return String.fromCharCode(97 + random.below(4));
    if (random.chance(0.5)) return this.#pick(NUMBERS);
    const bytes = Buffer.alloc(random.below(6), random.below(256));
    if (random.chance(0.6)) return bytes;
    const length = Math.min(this.#pick(LENGTHS), this.#longest);
    return Buffer.alloc(length, 97 + random.below(3));
  }

  index(): string {
    const random = this.#random;
    if (random.chance(0.03)) return this.#pick(BAD_INTEGERS);
    return random.chance(0.3) ? this.#pick(INDEXES) : String(random.below(24) - 12);
  }

  /** One command with its arguments. */
  command(): CommandArg[] {
    const random = this.#random;
    const key = this.key();
    const many = (): CommandArg[] =>
      Array.from({ length: 1 + random.below(random.chance(0.1) ? 40 : 4) }, () => this.element());
    switch (random.below(24)) {
      case 0:
      case 1:
        return ['LPUSH', key, ...many()];
      case 2:
      case 3:
        return ['RPUSH', key, ...many()];
      case 4:
        return [this.#pick(['LPUSHX', 'RPUSHX']), key, ...many()];
      case 5:
      case 6:
        return [this.#pick(['LPOP', 'RPOP']), key];
      case 7:
        return [this.#pick(['LPOP', 'RPOP']), key, this.index()];
      case 8:
        return ['LINDEX', key, this.index()];
      case 9:
      case 10:
        return ['LRANGE', key, this.index(), this.index()];
      case 11:
        return ['LSET', key, this.index(), this.element()];
      case 12:
      case 13: {
        const where = random.chance(0.03) ? 'BESIDE' : this.#pick(['BEFORE', 'after']);
        return ['LINSERT', key, where, this.element(), this.element()];
      }
      case 14:
      case 15:
        return ['LREM', key, this.index(), this.element()];
      case 16:
        return ['LTRIM', key, this.index(), this.index()];
      case 17:
      case 18:
        return ['LPOS', key, this.element(), ...this.#positionOptions()];
      case 19:
      case 20:
        return ['LMOVE', key, this.key(), this.#end(), this.#end()];
      case 21:
        return ['RPOPLPUSH', key, this.key()];
      case 22:
        return this.#multiplePop();
      default:
        return random.chance(0.3) ? ['DEL', key] : ['LLEN', key];
    }
  }

  #positionOptions(): string[] {
    const random = this.#random;
    const options: string[] = [];
    for (const name of ['RANK', 'COUNT', 'MAXLEN']) {
      const value = this.index();
      if (value !== LEAST_INTEGER && random.chance(0.5)) options.push(name, value);
    }
    if (random.chance(0.03)) options.push(this.#pick(['RANK', 'FOO', 'COUNT']));
    return options;
  }

  #multiplePop(): string[] {
    const random = this.#random;
    const keys = Array.from({ length: 1 + random.below(3) }, () => this.key());
    const count = random.chance(0.95) ? String(keys.length) : this.index();
    const rest = random.chance(0.6) ? ['COUNT', this.index()] : [];
    if (random.chance(0.03)) rest.push(this.#pick(['COUNT', 'x', 'LEFT']));
    return ['LMPOP', count, ...keys, this.#end(), ...rest];
  }

  #end(): string {
    return this.#random.chance(0.02) ? 'MIDDLE' : this.#pick(ENDS);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)]!;
  }
}
