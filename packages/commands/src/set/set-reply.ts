// What several sets make together, as a reply: work that may be done in slices.

import { LargeSet } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { AWAITS, type Outcome } from '../outcome.ts';
import type { SlicedWork } from '../sliced-work.ts';
import { FoundMembers } from './found-members.ts';
import { SetGroup } from './set-group.ts';
import type { VisitMember } from './set-value.ts';

/** `group.open`, a choice, `perform`. One per thread, reused until it is put off. */
export class SetReply implements SlicedWork {
  readonly group = new SetGroup();
  readonly isPreparation = false;
  readonly #found = new FoundMembers();
  #seen: LargeSet | null = null;
  #isFound = false;

  /** Sees members that are replied. */
  readonly list: VisitMember = (bytes, offset, length) => {
    this.#found.add(bytes, offset, length);
    return true;
  };

  /** The same for members that may come several times. */
  readonly listOnce: VisitMember = (bytes, offset, length) => {
    if (this.#seen!.insert(bytes, offset, length)) this.#found.add(bytes, offset, length);
    return true;
  };

  /** Begins with nothing found; to be called before members are chosen. */
  begin(c: CommandContext, isOnce: boolean): void {
    this.#isFound = false;
    this.#found.clear();
    this.#seen = isOnce ? new LargeSet(c.largeOptions) : null;
  }

  get collections(): readonly LargeCollection[] {
    return this.group.collections;
  }

  detach(): void {
    this.group.detach();
  }

  step(c: CommandContext): boolean {
    if (!this.#isFound) {
      if (this.group.walk()) return false;
      this.group.close();
      this.#seen = null;
      this.#isFound = true;
      c.reply.set(this.#found.count);
    }
    return this.#found.replyPiece(c);
  }
}

/** A number of members that several sets share, with a bound. */
export class SetCount implements SlicedWork {
  readonly group = new SetGroup();
  readonly isPreparation = false;
  #enough = 0;
  #count = 0;
  readonly #see: VisitMember = () => ++this.#count < this.#enough;

  /** @param enough members */
  begin(c: CommandContext, enough: number): void {
    this.#enough = enough;
    this.#count = 0;
    this.group.inCommon(c, this.#see);
  }

  get collections(): readonly LargeCollection[] {
    return this.group.collections;
  }

  detach(): void {
    this.group.detach();
  }

  step(c: CommandContext): boolean {
    if (this.group.walk()) return false;
    this.group.close();
    c.reply.integer(this.#count);
    return true;
  }
}

/** Performs work on sets that are open; counts the reads, unless the command comes again. */
export function performOnSets(c: CommandContext, work: SetReply | SetCount): Outcome {
  const { group } = work;
  const outcome = c.perform(work, group.members);
  if (outcome === AWAITS) group.close();
  else group.countReads(c);
  return outcome;
}
