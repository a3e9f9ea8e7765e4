// One input of a union, intersection or difference: a sorted set, a set whose members all have the
// score 1, or a missing key, which is an empty one.

import { TYPE_SET, TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { OTHER_TYPE } from '../outcome.ts';
import { SetValue, type VisitMember } from '../set/set-value.ts';
import { SortedSetReading } from './sorted-set-reading.ts';

/** Sees members with their scores; returns whether to go on. */
export type VisitInput = (bytes: Buffer, offset: number, length: number, score: number) => boolean;

/** Score of the members of sets. */
const SET_SCORE = 1;

export class AlgebraInput {
  weight = 1;
  /** Score of the member `find` found. */
  score = 0;
  isMissing = false;
  #zset: SortedSetReading | null = null;
  #set: SetValue | null = null;

  /** Opens the key at an argument index; returns its entry or what `open` answers below 0. */
  open(c: CommandContext, index: number): number {
    const entry = c.open(index);
    this.isMissing = entry === 0;
    if (entry <= 0) return entry;
    const type = c.table.typeOf(entry);
    if (type !== TYPE_SET && type !== TYPE_ZSET) return OTHER_TYPE;
    const loaded = c.loadSource(entry);
    if (loaded < 0) return loaded;
    if (type === TYPE_SET) {
      this.#set = new SetValue().open(c, loaded);
    } else {
      this.#zset = new SortedSetReading();
      this.#zset.attach(c);
    }
    return loaded;
  }

  get count(): number {
    return this.#zset?.count ?? this.#set?.count ?? 0;
  }

  find(c: CommandContext, bytes: Buffer, offset: number, length: number): boolean {
    const zset = this.#zset;
    if (zset === null) {
      this.score = SET_SCORE;
      return this.#set?.has(c, bytes, offset, length) ?? false;
    }
    if (!zset.find(bytes, offset, length)) return false;
    this.score = zset.score;
    return true;
  }

  /**
   * Visits a page of members until the visitor says false.
   * @param cursor 0, or what the last call has returned
   * @returns the next cursor, 0: at the end
   */
  walk(cursor: number, visit: VisitInput): number {
    const zset = this.#zset;
    if (zset !== null) return zset.page(cursor, zset.count, visit);
    const see: VisitMember = (bytes, offset, length) => visit(bytes, offset, length, SET_SCORE);
    return this.#set?.walk(cursor, see) ?? 0;
  }

  /** The large collection it is, or null. */
  get collection(): LargeCollection | null {
    return this.#zset?.collection ?? this.#set?.collection ?? null;
  }

  /** Copies what is packed out of the table. */
  detach(): void {
    this.#zset?.detach();
    this.#set?.detach();
  }
}
