// Large strings that need more memory than they have: it is made, and their bytes are copied to it,
// a slice in every turn. The value is held meanwhile, so nobody changes it in place; its key may be
// removed or replaced, and then the copy is for nothing. In the end a string has the same bytes and
// room behind them, so that nobody notices but the command that has waited, and runs again.

import { performance } from 'node:perf_hooks';
import { allocateLarge } from '@forgekv/commands';
import type { HeldValues } from './held-values.ts';
import type { Awaited } from './peers.ts';

/** Time for all copies between two rounds of runs. */
const ROUND_MS = 1;
const SLICE_BYTES = 256 * 1024;

class Growth implements Awaited {
  readonly id: number;
  readonly old: Buffer;
  readonly fresh: Buffer;
  /** Bytes that are copied, and then bytes that are written to for the first time. */
  readonly neededBytes: number;
  at = 0;
  isDone = false;

  constructor(id: number, old: Buffer, fresh: Buffer, neededBytes: number) {
    this.id = id;
    this.old = old;
    this.fresh = fresh;
    this.neededBytes = neededBytes;
  }
}

export class GrowingStrings {
  readonly #held: HeldValues;
  readonly #replace: (id: number, old: Buffer, fresh: Buffer) => void;
  #growths: Growth[] = [];
  /** Strings that were given more room so far. */
  count = 0;

  /** @param replace gives an id another buffer, if it has the old one */
  constructor(held: HeldValues, replace: (id: number, old: Buffer, fresh: Buffer) => void) {
    this.#held = held;
    this.#replace = replace;
  }

  /**
   * Begins to give a value room for so many bytes, and some more, unless that is under way; who
   * asks waits for it.
   * @returns false when there is no memory
   */
  begin(id: number, value: Buffer, neededBytes: number, spareBytes: number): boolean {
    let growth = this.#growths.find(({ old }) => old === value);
    if (growth === undefined) {
      const fresh = allocateLarge(neededBytes + spareBytes);
      if (fresh === null) return false;
      growth = new Growth(id, value, fresh, neededBytes);
      this.#growths.push(growth);
      this.#held.hold(value);
    }
    this.#held.awaitOther(growth);
    return true;
  }

  /**
   * Goes on for a moment.
   * @param isSlow one slice of a few bytes: for tests
   * @returns true when there is more to do at once
   */
  round(isSlow: boolean): boolean {
    if (this.#growths.length === 0) return false;
    const until = performance.now() + (isSlow ? 0 : ROUND_MS);
    const slice = isSlow ? SLICE_BYTES / 64 : SLICE_BYTES;
    do {
      const growth = this.#growths[0]!;
      const { old, fresh, at, neededBytes } = growth;
      const copied = Math.min(old.length, at + slice);
      if (at < copied) old.copy(fresh, at, at, copied);
      const touched = Math.min(neededBytes, at + slice);
      if (touched > copied) fresh.fill(0, Math.max(at, old.length), touched);
      growth.at += slice;
      if (growth.at >= Math.max(old.length, neededBytes)) this.#end(growth);
    } while (this.#growths.length > 0 && performance.now() < until);
    return true;
  }

  #end(growth: Growth): void {
    this.#growths.shift();
    this.#held.release(growth.old);
    this.#replace(growth.id, growth.old, growth.fresh);
    growth.isDone = true;
    this.count++;
  }
}
