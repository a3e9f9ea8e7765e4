// One input of a union, intersection or difference: a sorted set, a set whose members all have the
// score 1, or a missing key, which is an empty one.

import { TYPE_SET, TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { OTHER_TYPE } from '../outcome.ts';
import { SetValue } from '../set/set-value.ts';
import { SortedSetReading } from './sorted-set-reading.ts';

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
    const loaded = c.loadValue(entry);
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

  /** Visits members until the visitor says false. */
  each(visit: (bytes: Buffer, offset: number, length: number, score: number) => boolean): void {
    this.#zset?.each(0, this.count, visit);
    this.#set?.each((bytes, offset, length) => visit(bytes, offset, length, SET_SCORE));
  }
}
