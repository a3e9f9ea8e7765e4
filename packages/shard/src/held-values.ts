// Large values that commands read in slices: who wants to change one in place waits until all of
// them have let go of it. Values are known by themselves, not by their ids: what is held may be
// removed, moved to another key or evicted meanwhile, the readers keep it.
//
// Readers that come while somebody waits stand behind him, else he might wait for ever. Nobody
// waits while he holds something, so no circle of waiting can form.

import { invariant } from '@forgekv/base';
import type { LargeValue } from '@forgekv/commands';
import type { Awaited } from './peers.ts';

/** One value while it is held; what waits for it asks `isDone`. */
class Hold {
  holders = 0;
  /** Somebody waits for the release. */
  isAwaited = false;

  get isDone(): boolean {
    return this.holders === 0;
  }
}

export class HeldValues {
  readonly #holds = new Map<LargeValue, Hold>();
  /** What the command that is answered with AWAITS waits for. */
  readonly #awaited = new Set<Awaited>();

  /** Number of values that are held. */
  get size(): number {
    return this.#holds.size;
  }

  has(value: LargeValue): boolean {
    return this.#holds.has(value);
  }

  /** Holds a value once more. */
  hold(value: LargeValue): void {
    let hold = this.#holds.get(value);
    if (hold === undefined) {
      hold = new Hold();
      this.#holds.set(value, hold);
    }
    hold.holders++;
  }

  /** Lets go of a value that was held. */
  release(value: LargeValue): void {
    const hold = this.#holds.get(value);
    invariant(hold !== undefined, 'what is released was held');
    if (--hold.holders === 0) this.#holds.delete(value);
  }

  /** True when a value is held: then its release is waited for. */
  awaitRelease(value: LargeValue): boolean {
    if (this.#holds.size === 0) return false;
    const hold = this.#holds.get(value);
    if (hold === undefined) return false;
    hold.isAwaited = true;
    this.#awaited.add(hold);
    return true;
  }

  /** The command waits for something else that becomes of a value. */
  awaitOther(awaited: Awaited): void {
    this.#awaited.add(awaited);
  }

  /** True when somebody waits for the release of a value. */
  isAwaited(value: LargeValue): boolean {
    return this.#holds.get(value)?.isAwaited === true;
  }

  /** True when somebody waits for the release of a value: then it is waited for, too. */
  queueFor(value: LargeValue): boolean {
    return this.isAwaited(value) && this.awaitRelease(value);
  }

  /** What the last command waits for that was answered with AWAITS. */
  takeAwaited(): Awaited[] {
    const awaited = [...this.#awaited];
    this.#awaited.clear();
    return awaited;
  }
}
