// Client-side caching as the commands about it see it: what each connection has asked for, and
// which clients there are.

import {
  type ClientPlace,
  NOT_TRACKING,
  type Session,
  type TrackingFacts,
  type TrackingOptions,
  type TrackingServices,
} from '../../src/index.ts';

export class FakeTracking implements TrackingServices {
  readonly facts = new Map<number, TrackingFacts>();
  readonly targets = new Map<number, ClientPlace | null>();
  /** Clients by the front they are on: front 0 is this one. */
  readonly places = new Map<number, number>();

  factsOf({ id }: Session): TrackingFacts {
    return this.facts.get(id) ?? NOT_TRACKING;
  }

  begin(
    session: Session,
    options: TrackingOptions,
    target: ClientPlace | null,
    prefixes: readonly Buffer[],
  ): void {
    const { prefixes: before } = this.factsOf(session);
    const all = [...before, ...prefixes].sort(Buffer.compare);
    const facts = { isOn: true, isCaching: false, isBroken: false, prefixes: all };
    this.facts.set(session.id, { ...options, ...facts });
    this.targets.set(session.id, target);
  }

  end({ id }: Session): void {
    this.facts.delete(id);
  }

  cacheNext(session: Session): void {
    this.facts.set(session.id, { ...this.factsOf(session), isCaching: true });
  }

  place(id: number): ClientPlace | Promise<ClientPlace | null> {
    const front = this.places.get(id);
    if (front === 0) return { id, front };
    return Promise.resolve(front === undefined ? null : { id, front });
  }
}
