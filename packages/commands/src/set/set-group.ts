// The sets of one command, all open at once, and what they have in common, page by page. It stores
// nothing.

import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { OTHER_TYPE } from '../outcome.ts';
import { SetValue, type VisitMember } from './set-value.ts';

/** More sets than this are not kept for the next command. */
const KEEP_SETS = 32;

/** One per thread, reused. */
export class SetGroup {
  /** In the order of the keys, missing ones too, as empty sets. */
  readonly sets: SetValue[] = [];
  /** Argument indexes of the keys that are missing. */
  readonly #missing: number[] = [];
  /** Keys that were opened. */
  #opened = 0;
  readonly #kept: SetValue[] = [];
  // What is walked, one after the other, and what sees the members.
  readonly #walked: SetValue[] = [];
  readonly #visits: VisitMember[] = [];
  #chosen = 0;
  #walking = 0;
  #cursor = 0;

  /**
   * Opens the sets of `count` keys from argument `first` on. `countReads` comes when nothing can
   * refuse the command any more; of a wrong type it is done.
   * @returns 0, or what `c.refuse` takes
   */
  open(c: CommandContext, first: number, count: number): number {
    this.close();
    this.#missing.length = 0;
    this.#opened = 0;
    for (let i = first; i < first + count; i++) {
      const entry = c.openSource(i, TYPE_SET);
      if (entry === OTHER_TYPE) {
        this.countReads(c);
        c.stats.hits++;
      }
      if (entry < 0) return entry;
      if (entry === 0) this.#missing.push(i);
      this.#opened++;
      this.sets.push((this.#kept.pop() ?? new SetValue()).open(c, entry));
    }
    return 0;
  }

  /** Keys that are missing. */
  get misses(): number {
    return this.#missing.length;
  }

  /**
   * Counts hits and misses of the keys.
   * @param noted the misses were noted before
   */
  countReads(c: CommandContext, noted: boolean = false): void {
    c.stats.misses += this.misses;
    c.stats.hits += this.#opened - this.misses;
    if (noted) return;
    this.noteMisses(c);
  }

  /** Notes the keys that are missing. */
  noteMisses(c: CommandContext): void {
    for (const index of this.#missing) c.noteMiss(index);
  }

  /** Lets go of the sets. */
  close(): void {
    for (const set of this.sets) {
      set.close();
      if (this.#kept.length < KEEP_SETS) this.#kept.push(set);
    }
    this.sets.length = 0;
    this.#chosen = 0;
    this.#walking = 0;
    this.#cursor = 0;
  }

  /** Members of all sets. */
  get members(): number {
    let members = 0;
    for (const { count } of this.sets) members += count;
    return members;
  }

  /** The large sets among them. */
  get collections(): LargeCollection[] {
    return this.sets.flatMap(({ collection }) => collection ?? []);
  }

  /** Copies the others out of the table. */
  detach(): void {
    for (const set of this.sets) set.detach();
  }

  /** The smallest set, the first of those that are equally small. Sorts the sets. */
  get smallest(): SetValue {
    return this.sets.sort((a, b) => a.count - b.count)[0]!;
  }

  /** Walks on through what the methods below have chosen; false: at the end. */
  walk(): boolean {
    if (this.#walking === this.#chosen) return false;
    const set = this.#walked[this.#walking]!;
    this.#cursor = set.walk(this.#cursor, this.#visits[this.#walking]!);
    if (this.#cursor === 0) this.#walking++;
    return this.#walking < this.#chosen;
  }

  /** Chooses a set to be walked, behind those chosen before. */
  choose(set: SetValue, visit: VisitMember): void {
    this.#walked[this.#chosen] = set;
    this.#visits[this.#chosen++] = visit;
  }

  /** Chooses the members that all sets share, by walking the smallest, as Redis does. */
  inCommon(c: CommandContext, visit: VisitMember): void {
    if (this.misses > 0) return;
    const { sets } = this;
    this.choose(this.smallest, (bytes, offset, length) => {
      for (let i = 1; i < sets.length; i++) {
        if (!sets[i]!.has(c, bytes, offset, length)) return true;
      }
      return visit(bytes, offset, length);
    });
  }

  /** Chooses the members of the first set that are in none of the others. */
  onlyInFirst(c: CommandContext, visit: VisitMember): void {
    const { sets } = this;
    this.choose(sets[0]!, (bytes, offset, length) => {
      for (let i = 1; i < sets.length; i++) {
        const set = sets[i]!;
        if (set.count > 0 && set.has(c, bytes, offset, length)) return true;
      }
      return visit(bytes, offset, length);
    });
  }

  /** Chooses the members of all sets, those of several as often as they are found. */
  all(visit: VisitMember): void {
    for (const set of this.sets) this.choose(set, visit);
  }
}
