// What several sets make together, to be stored: work that may be done in slices before the command
// stores it, and then only if the sets are what they were.

import type { LargeSet } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import type { NewValue } from '../new-value.ts';
import { SlicedPayload } from '../sliced-payload.ts';
import { type SlicedWork, SourceVersions } from '../sliced-work.ts';
import { SetBuilder } from './set-builder.ts';
import { pagesOfSet } from './set-dump.ts';
import { SetGroup } from './set-group.ts';
import type { VisitMember } from './set-value.ts';

/** `group.open`, a choice, `perform`; then `builder` has the result. */
export class SetStore implements SlicedWork {
  readonly group = new SetGroup();
  readonly builder = new SetBuilder();
  readonly sources = new SourceVersions();
  readonly isPreparation = true;
  /** The result as it is stored, until that has succeeded. */
  value: NewValue | null = null;
  /** That of `value` when it is large and took long. */
  payload: SlicedPayload | null = null;
  /** Members of the result. */
  count = 0;
  /** Times that it was outdated before. */
  restarts = 0;
  #prefersIntset = false;
  #isLater = false;

  readonly add: VisitMember = (bytes, offset, length) => {
    this.builder.add(bytes, offset, length);
    return true;
  };

  readonly remove: VisitMember = (bytes, offset, length) => {
    this.builder.remove(bytes, offset, length);
    return this.builder.count > 0;
  };

  /** SINTERSTORE: begins in the form of the smallest set; is one of integers where it can be. */
  readonly intersect = (c: CommandContext): void => {
    const { builder, group } = this;
    builder.begin(c, 'intset');
    this.#prefersIntset = group.misses === 0;
    if (group.misses > 0) return;
    builder.form = group.smallest.form;
    group.inCommon(c, this.add);
  };

  /** SUNIONSTORE. */
  readonly unite = (c: CommandContext): void => {
    this.#prefersIntset = false;
    this.builder.begin(c, 'intset');
    this.group.all(this.add);
  };

  /** SDIFFSTORE. Redis: removes the others' members from a copy of the first when that is less. */
  readonly subtract = (c: CommandContext): void => {
    const { builder, group } = this;
    this.#prefersIntset = false;
    builder.begin(c, 'intset');
    const [first, ...others] = group.sets;
    let present = 0;
    for (const { count } of group.sets) if (count > 0) present++;
    if (Math.floor((first!.count * present) / 2) <= group.members) {
      group.onlyInFirst(c, this.add);
      return;
    }
    group.choose(first!, this.add);
    for (const set of others) group.choose(set, this.remove);
  };

  get collections(): readonly LargeCollection[] {
    return this.group.collections;
  }

  detach(): void {
    this.#isLater = true;
    this.group.detach();
  }

  step(c: CommandContext): boolean {
    const { builder, group, payload } = this;
    if (payload !== null) return payload.step();
    if (group.walk()) return false;
    group.close();
    if (this.#prefersIntset) builder.preferIntset();
    if (!this.#isLater || builder.count === 0 || builder.isPacked) return true;
    this.count = builder.count;
    this.value = builder.value();
    this.payload = new SlicedPayload(pagesOfSet(c, this.value.collection as LargeSet));
    return false;
  }
}
