// What several sorted sets and sets come to, as work that may be done in slices: replied, kept for
// a command that stores it, or counted.

import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import type { SlicedPayload } from '../sliced-payload.ts';
import { SLICE_PAGE, type SlicedWork, SourceVersions } from '../sliced-work.ts';
import type { AlgebraInput, VisitInput } from './algebra-input.ts';
import { type Aggregate, options } from './algebra-options.ts';
import { NewSortedSet } from './new-sorted-set.ts';
import { MemberReply } from './reply-members.ts';
import { payloadOfMade } from './sorted-set-dump.ts';

export type Operation = 'unite' | 'intersect' | 'subtract';

/** Walks some of the inputs, each with what sees its members. */
abstract class Combination implements SlicedWork {
  abstract readonly isPreparation: boolean;
  protected inputs: readonly AlgebraInput[] = [];
  #walked: AlgebraInput[] = [];
  #visits: VisitInput[] = [];
  #walking = 0;
  #cursor = 0;

  /** Takes the inputs that `options` has opened. */
  protected take(): void {
    this.inputs = options.inputs;
    options.inputs = [];
    this.#walked = [];
    this.#visits = [];
    this.#walking = 0;
    this.#cursor = 0;
  }

  /** Members of all inputs. */
  get members(): number {
    let members = 0;
    for (const { count } of this.inputs) members += count;
    return members;
  }

  get collections(): readonly LargeCollection[] {
    return this.inputs.flatMap(({ collection }) => collection ?? []);
  }

  detach(): void {
    for (const input of this.inputs) input.detach();
  }

  /** The inputs, the smallest first: an order that shows in sums that are rounded. */
  protected bySize(): AlgebraInput[] {
    return this.inputs.toSorted((a, b) => a.count - b.count);
  }

  protected choose(input: AlgebraInput, visit: VisitInput): void {
    this.#walked.push(input);
    this.#visits.push(visit);
  }

  /** Walks on through what was chosen; false: at the end. */
  protected walk(): boolean {
    const input = this.#walked[this.#walking];
    if (input === undefined) return false;
    this.#cursor = input.walk(this.#cursor, this.#visits[this.#walking]!);
    if (this.#cursor === 0) this.#walking++;
    if (this.#walking < this.#walked.length) return true;
    this.inputs = [];
    this.#walked = [];
    this.#visits = [];
    return false;
  }

  abstract step(c: CommandContext): boolean;
}

/** Makes a sorted set. */
abstract class Making extends Combination {
  readonly made: NewSortedSet = new NewSortedSet();
  #aggregate: Aggregate = 'sum';

  /** Begins with the inputs that `options` has opened. */
  begin(c: CommandContext, operation: Operation): void {
    this.take();
    this.#aggregate = options.aggregate;
    this.made.begin(c);
    if (operation === 'unite') this.#unite();
    else if (operation === 'intersect') this.#intersect(c);
    else this.#subtract(c);
  }

  #unite(): void {
    const { made } = this;
    for (const input of this.bySize()) {
      this.choose(input, (bytes, offset, length, score) => {
        const value = weighted(score, input.weight);
        const isThere = made.find(bytes, offset, length);
        made.put(bytes, offset, length, isThere ? this.#join(made.score, value) : value);
        return true;
      });
    }
  }

  #intersect(c: CommandContext): void {
    const [smallest, ...others] = this.bySize();
    this.choose(smallest!, (bytes, offset, length, score) => {
      let total = weighted(score, smallest!.weight);
      for (const input of others) {
        if (!input.find(c, bytes, offset, length)) return true;
        total = this.#join(total, input.score * input.weight);
      }
      this.made.put(bytes, offset, length, total);
      return true;
    });
  }

  #subtract(c: CommandContext): void {
    const [first, ...others] = this.inputs;
    this.choose(first!, (bytes, offset, length, score) => {
      if (!others.some((input) => input.find(c, bytes, offset, length))) {
        this.made.put(bytes, offset, length, score);
      }
      return true;
    });
  }

  /** Combines two scores. Redis: what infinities of both signs come to is 0. */
  #join(score: number, other: number): number {
    if (this.#aggregate === 'sum') {
      const sum = score + other;
      return Number.isNaN(sum) ? 0 : sum;
    }
    // The other may be no number: then it is neither.
    const isTaken = this.#aggregate === 'min' ? other < score : other > score;
    return isTaken ? other : score;
  }
}

/** A weighted score; infinity times 0 is 0. */
function weighted(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}

/** The reply of ZUNION and the like. */
export class ShownCombination extends Making {
  readonly isPreparation = false;
  readonly #reply = new MemberReply();
  #withScores = false;
  /** Members that were replied, below 0: not even their number. */
  #replied = -1;

  override begin(c: CommandContext, operation: Operation): void {
    super.begin(c, operation);
    this.#withScores = options.withScores;
    this.#replied = -1;
  }

  step(c: CommandContext): boolean {
    const { made } = this;
    if (this.#replied < 0) {
      if (this.walk()) return false;
      this.#reply.begin(c, made.count, this.#withScores);
      this.#replied = 0;
    }
    const wanted = Math.min(SLICE_PAGE, made.count - this.#replied);
    if (wanted > 0) made.walk(this.#replied, wanted, false, this.#reply.visit);
    this.#replied += wanted;
    if (this.#replied < made.count) return false;
    made.clear();
    return true;
  }
}

/** What ZUNIONSTORE and the like store. */
export class StoredCombination extends Making {
  readonly isPreparation = true;
  readonly sources: SourceVersions = new SourceVersions();
  /** Times that it was outdated before. */
  restarts = 0;
  hits = 0;
  /** Argument indexes of the keys that were missing. */
  missing: readonly number[] = [];
  /** That of what was made when it is large and took long. */
  payload: SlicedPayload | null = null;
  #isLater = false;

  override detach(): void {
    this.#isLater = true;
    super.detach();
  }

  step(c: CommandContext): boolean {
    if (this.payload !== null) return this.payload.step();
    if (this.walk()) return false;
    if (!this.#isLater || !this.made.isLarge) return true;
    this.payload = payloadOfMade(c, this.made);
    return false;
  }
}

/** The reply of ZINTERCARD. */
export class CountedCombination extends Combination {
  readonly isPreparation = false;
  #found = 0;

  begin(c: CommandContext): void {
    this.take();
    this.#found = 0;
    const { limit } = options;
    const [smallest, ...others] = this.bySize();
    this.choose(smallest!, (bytes, offset, length) => {
      if (others.every((input) => input.find(c, bytes, offset, length))) this.#found++;
      return limit === 0 || this.#found < limit;
    });
  }

  step(c: CommandContext): boolean {
    if (this.walk()) return false;
    c.reply.integer(this.#found);
    return true;
  }
}
