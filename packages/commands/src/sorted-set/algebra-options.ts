// The arguments that unions, intersections and differences share: numkeys, keys, options.

import { parseFloat64 } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { OTHER_TYPE } from '../outcome.ts';
import { AlgebraInput } from './algebra-input.ts';

const ERR_WEIGHT = 'ERR weight value is not a float';
const ERR_LIMIT = "ERR LIMIT can't be negative";

export type Aggregate = 'sum' | 'min' | 'max';

/** What one command may say. */
export interface AlgebraGrammar {
  /** In lower case, for errors. */
  readonly name: string;
  /** Argument index of numkeys; the keys follow. */
  readonly at: number;
  readonly hasWeights: boolean;
  readonly hasScores: boolean;
  readonly hasLimit: boolean;
}

/** One per thread, reused. */
class AlgebraOptions {
  inputs: AlgebraInput[] = [];
  aggregate: Aggregate = 'sum';
  withScores = false;
  /** Members that are enough, 0 = all. */
  limit = 0;
  #numKeys = 0;
  #opened = 0;
  /** Argument indexes of the keys that are missing. */
  missing: number[] = [];

  /** Reads the number of keys; returns '' or an error. */
  readNumKeys(c: CommandContext, grammar: AlgebraGrammar): string {
    const { request } = c;
    const given = request.int64(grammar.at);
    if (given === null) return ERR_NOT_INTEGER;
    if (given < 1n) return `ERR at least 1 input key is needed for '${grammar.name}' command`;
    if (given > request.argc - grammar.at - 1) return ERR_SYNTAX;
    this.#numKeys = Number(given);
    return '';
  }

  /** Opens the keys; returns 0 or what `open` answers below 0. */
  openKeys(c: CommandContext, grammar: AlgebraGrammar): number {
    this.inputs = [];
    this.missing = [];
    for (let i = 0; i < this.#numKeys; i++) {
      const input = new AlgebraInput();
      const entry = input.open(c, grammar.at + 1 + i);
      this.#opened = i + 1;
      if (entry === OTHER_TYPE) this.countReads(c);
      if (entry < 0) return entry;
      if (input.isMissing) this.missing.push(grammar.at + 1 + i);
      this.inputs.push(input);
    }
    return 0;
  }

  /** Keys that were opened, and are there. */
  get hits(): number {
    return this.#opened - this.misses;
  }

  /** Keys that are missing. */
  get misses(): number {
    return this.missing.length;
  }

  /** Counts the reads, once nothing can refuse the command any more, and lets go of the inputs. */
  countReads(c: CommandContext): void {
    c.stats.misses += this.misses;
    c.stats.hits += this.hits;
    for (const index of this.missing) c.noteMiss(index);
    this.inputs = [];
  }

  /** Reads what is behind the keys, after their types are checked; returns '' or an error. */
  readOptions(c: CommandContext, grammar: AlgebraGrammar): string {
    const { request } = c;
    this.aggregate = 'sum';
    this.withScores = false;
    this.limit = 0;
    for (let i = grammar.at + 1 + this.#numKeys; i < request.argc; i++) {
      const following = request.argc - 1 - i;
      if (grammar.hasWeights && following >= this.#numKeys && request.is(i, 'weights')) {
        if (!this.#readWeights(c, i + 1)) return ERR_WEIGHT;
        i += this.#numKeys;
      } else if (grammar.hasWeights && following >= 1 && request.is(i, 'aggregate')) {
        if (!this.#readAggregate(c, ++i)) return ERR_SYNTAX;
      } else if (grammar.hasScores && request.is(i, 'withscores')) {
        this.withScores = true;
      } else if (grammar.hasLimit && following >= 1 && request.is(i, 'limit')) {
        const limit = request.int64(++i);
        if (limit === null || limit < 0n) return ERR_LIMIT;
        this.limit = Number(limit);
      } else {
        return ERR_SYNTAX;
      }
    }
    return '';
  }

  #readWeights({ request }: CommandContext, index: number): boolean {
    return this.inputs.every((input, i) => {
      const at = request.offset(index + i);
      input.weight = parseFloat64(request.bytes, at, request.length(index + i));
      return !Number.isNaN(input.weight);
    });
  }

  #readAggregate({ request }: CommandContext, index: number): boolean {
    if (request.is(index, 'sum')) this.aggregate = 'sum';
    else if (request.is(index, 'min')) this.aggregate = 'min';
    else if (request.is(index, 'max')) this.aggregate = 'max';
    else return false;
    return true;
  }
}

export const options = new AlgebraOptions();
