// What the commands of client-side caching ask of the front they run on.

import type { Session } from './session.ts';

/** How a connection wants to hear of keys that change. */
export interface TrackingOptions {
  /** Of all keys with a prefix, not of those it has read. */
  readonly isBroadcast: boolean;
  /** Reads are remembered only behind CLIENT CACHING YES, or unless it was CLIENT CACHING NO. */
  readonly isOptIn: boolean;
  readonly isOptOut: boolean;
  /** Not of what it changes itself. */
  readonly isNoLoop: boolean;
  /** Id of the client that is told instead, 0: itself. */
  readonly redirect: number;
}

/** A client of some front. */
export interface ClientPlace {
  readonly id: number;
  /** Index of its front. */
  readonly front: number;
}

export interface TrackingFacts extends TrackingOptions {
  readonly isOn: boolean;
  /** CLIENT CACHING was just called. */
  readonly isCaching: boolean;
  /** There was no client to redirect to. */
  readonly isBroken: boolean;
  /** In ascending order. */
  readonly prefixes: readonly Buffer[];
}

export const NOT_TRACKING: TrackingFacts = {
  ...{ isOn: false, isBroadcast: false, isOptIn: false, isOptOut: false, isNoLoop: false },
  ...{ isCaching: false, isBroken: false, redirect: 0, prefixes: [] },
};

/** Client-side caching; implemented by a front for its connections. */
export interface TrackingServices {
  factsOf(session: Session): TrackingFacts;
  /**
   * Switches tracking on, or its options if it is on; from now on no change is missed.
   * @param prefixes to be added, of which there are none yet that overlap
   */
  begin(
    session: Session,
    options: TrackingOptions,
    target: ClientPlace | null,
    prefixes: readonly Buffer[],
  ): void;
  /** Switches it off. */
  end(session: Session): void;
  /** CLIENT CACHING: the next command is an exception. */
  cacheNext(session: Session): void;
  /** Finds a client on this front or, later, on another; null: there is none. */
  place(id: number): ClientPlace | Promise<ClientPlace | null>;
}
