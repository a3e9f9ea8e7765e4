// The members that ZRANGESTORE stores: work that may be done in slices before they are stored.

import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import type { SlicedPayload } from '../sliced-payload.ts';
import { SLICE_PAGE, type SlicedWork, SourceVersions } from '../sliced-work.ts';
import { NewSortedSet } from './new-sorted-set.ts';
import { payloadOfMade } from './sorted-set-dump.ts';
import type { SortedSetReading, VisitMember } from './sorted-set-reading.ts';

export class RangeCopy implements SlicedWork {
  readonly made = new NewSortedSet();
  readonly sources = new SourceVersions();
  readonly isPreparation = true;
  /** Times that it was outdated before. */
  restarts = 0;
  /** That of what was made when it is large and took long. */
  payload: SlicedPayload | null = null;
  #isLater = false;
  #from: SortedSetReading | null = null;
  #first = 0;
  #wanted = 0;
  #downwards = false;
  #done = 0;
  readonly #put: VisitMember = (bytes, offset, length, score) => {
    this.made.put(bytes, offset, length, score);
  };

  /** Begins with `wanted` members from a rank on, upwards, or downwards to lower ranks. */
  begin(
    c: CommandContext,
    from: SortedSetReading,
    first: number,
    wanted: number,
    downwards: boolean,
  ): void {
    this.#from = from;
    this.#first = first;
    this.#wanted = wanted;
    this.#downwards = downwards;
    this.#done = 0;
    this.made.begin(c);
  }

  get collections(): readonly LargeCollection[] {
    const collection = this.#from?.collection;
    return collection ? [collection] : [];
  }

  /** The command's own is for others meanwhile. */
  detach(): void {
    this.#isLater = true;
    this.#from = this.#from!.taken();
  }

  step(c: CommandContext): boolean {
    if (this.payload !== null) return this.payload.step();
    const done = this.#done;
    const wanted = Math.min(SLICE_PAGE, this.#wanted - done);
    const downwards = this.#downwards;
    const first = downwards ? this.#first - done : this.#first + done;
    if (wanted > 0) this.#from!.walk(first, wanted, downwards, this.#put);
    this.#done += wanted;
    if (this.#done < this.#wanted) return false;
    this.#from = null;
    if (!this.#isLater || !this.made.isLarge) return true;
    this.payload = payloadOfMade(c, this.made);
    return false;
  }
}
