// COPY and RENAME of large collections as work that may be done in slices: the copy, and what is
// logged of either, are made ahead. The command stores them when it is executed again, if the
// source is what it was.

import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { SlicedPayload } from '../sliced-payload.ts';
import { type SlicedWork, SourceVersions } from '../sliced-work.ts';
import { CollectionCopy } from './collection-copy.ts';
import { pagesOf } from './dump-forms.ts';

export class SlicedTransfer implements SlicedWork {
  readonly isPreparation = true;
  readonly collections: readonly LargeCollection[];
  readonly sources: SourceVersions = new SourceVersions();
  /** Times that it was outdated before. */
  restarts = 0;
  /** What is logged, where it was made ahead. */
  payload: SlicedPayload | null = null;
  readonly #source: LargeCollection;
  /** Null: the source itself moves. */
  readonly #copy: CollectionCopy | null;
  #isCopied: boolean;
  #isLater = false;

  constructor(c: CommandContext, source: LargeCollection, isCopy: boolean) {
    this.collections = [source];
    this.#source = source;
    this.#copy = isCopy ? new CollectionCopy(source, c.largeOptions) : null;
    this.#isCopied = !isCopy;
  }

  /** What the other key will hold. */
  get collection(): LargeCollection {
    return this.#copy?.copy ?? this.#source;
  }

  detach(): void {
    this.#isLater = true;
  }

  step(c: CommandContext): boolean {
    if (!this.#isCopied) {
      this.#isCopied = this.#copy!.step();
      return this.#isCopied && !this.#isLater;
    }
    if (!this.#isLater) return true;
    this.payload ??= new SlicedPayload(pagesOf(c, this.collection));
    return this.payload.step();
  }
}
