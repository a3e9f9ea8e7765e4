// What a front keeps about a connection whose client caches: how it wants to be told, which keys it
// has read, and what it will be told when a reply is complete.

import type { TrackedKey } from './tracked-keys.ts';

/** Keys that wait; more are told as: it may be all of them. */
const MOST_HELD_KEYS = 16 * 1024;

/** A push to come: the keys that have changed, null: maybe all. */
export type Told = readonly Buffer[] | null;

export class ClientTracking {
  isOn = false;
  isBroadcast = false;
  isOptIn = false;
  isOptOut = false;
  isNoLoop = false;
  /** CLIENT CACHING is in force. */
  isCaching = false;
  isBroken = false;
  /** Client that is told instead, 0: none, and its front. */
  redirect = 0;
  redirectFront = -1;
  /** As latin-1. */
  readonly prefixes = new Set<string>();
  /** What was read, and did not change since. */
  readonly keys = new Set<TrackedKey>();
  /** Length of the run that is away, and whether CLIENT CACHING was for its first command. */
  sentBytes = 0;
  wasCaching = false;
  #held: Told[] = [];
  #heldKeys = 0;

  /** Forgets the options, but not what was read. */
  end(): void {
    this.isOn = false;
    this.isBroadcast = false;
    this.isOptIn = false;
    this.isOptOut = false;
    this.isNoLoop = false;
    this.isCaching = false;
    this.isBroken = false;
    this.redirect = 0;
  }

  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** Keeps a push until the end of the reply. */
  hold(told: Told): void {
    this.#heldKeys += told?.length ?? 0;
    if (this.#heldKeys > MOST_HELD_KEYS) {
      this.#held = [null];
      this.#heldKeys = 0;
    } else {
      this.#held.push(told);
    }
  }

  takeHeld(): Told[] {
    const held = this.#held;
    this.#held = [];
    this.#heldKeys = 0;
    return held;
  }
}
