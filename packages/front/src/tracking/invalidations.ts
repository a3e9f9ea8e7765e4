// Ways of what is told about keys that have changed: to a client of this front, or to the one it
// redirects to, wherever that is, and changes to the fronts that may track their keys. Knows
// nothing of who tracks what.

import type { KeyChange } from '@forgekv/commands';
import {
  InvalidationWriter,
  invalidationMessage,
  type PushForm,
  type Redirected,
} from '@forgekv/rings';
import { AWAY, CLOSING, type Connection } from '../connection.ts';
import type { FrontChannels } from '../front-channels.ts';
import type { Told } from './client-tracking.ts';
import { brokenPart, invalidationPart } from './invalidation-form.ts';

/** Bytes that may wait for room in the ring to a front before changes are told as: all keys. */
const MOST_WAITING_BYTES = 1024 * 1024;

export interface InvalidationsModules {
  /** Among the fronts. */
  readonly index: number;
  /** The other fronts. */
  readonly frontLinks: readonly { readonly front: number }[];
  readonly channels: Pick<FrontChannels, 'deliver' | 'send' | 'waitingFor'>;
  /** Makes sure that the tick ends with a `flush`. */
  readonly schedule: () => void;
  readonly find: (client: number) => Connection | undefined;
}

/** What is to be sent to another front at the end of the tick. */
interface Outgoing {
  readonly front: number;
  /** Changes of keys. */
  readonly changes: InvalidationWriter;
  /** What concerns single clients. */
  readonly direct: InvalidationWriter;
  /** Changes were left out: it may be all keys. */
  isOverfull: boolean;
}

export class Invalidations {
  readonly #m: InvalidationsModules;
  readonly #outgoing: readonly Outgoing[];

  constructor(modules: InvalidationsModules) {
    this.#m = modules;
    this.#outgoing = modules.frontLinks.map(({ front }) => ({
      front,
      changes: new InvalidationWriter(),
      direct: new InvalidationWriter(),
      isOverfull: false,
    }));
  }

  // --- to clients ---

  /** Tells a client that tracks; not before the end of a reply that is still to come. */
  tell(connection: Connection, told: Told): void {
    if (connection.ended) return;
    const isBusy = connection.state === AWAY || connection.block !== null || connection.isMidReply;
    if (isBusy) connection.tracking!.hold(told);
    else this.#send(connection, told);
  }

  /** A reply is complete: tells what has waited for that. */
  release(connection: Connection): void {
    for (const told of connection.tracking!.takeHeld()) this.#send(connection, told);
  }

  #send(connection: Connection, told: Told): void {
    const { isOn, redirect, redirectFront } = connection.tracking!;
    // It may have been switched off since it was held.
    if (!isOn) return;
    const { id, resp } = connection;
    if (redirect === 0) {
      if (resp === 3) this.#deliver(connection, told, resp);
    } else if (redirectFront === this.#m.index) {
      if (!this.#deliverTo(redirect, told, resp)) this.nobody(id, redirect);
    } else {
      const push = { client: redirect, source: id, front: this.#m.index, keys: told ?? [] };
      this.#of(redirectFront).direct.to({ ...push, form: told === null ? resp : 0 });
      this.#m.schedule();
    }
  }

  /** Sends a push to a client of this front that another one redirects to; false: there is none. */
  #deliverTo(client: number, told: Told, form: PushForm): boolean {
    const target = this.#m.find(client);
    if (target === undefined || target.state === CLOSING) return false;
    if (target.resp === 3 || target.isListening) this.#deliver(target, told, form);
    return true;
  }

  #deliver(connection: Connection, told: Told, form: PushForm): void {
    connection.getsInvalidations = true;
    this.#m.channels.deliver(connection, invalidationPart(told, form, connection.resp));
  }

  // --- from other fronts ---

  /** A client of another front redirects to one of this. */
  to({ client, source, front, form, keys }: Redirected): void {
    // Their bytes are gone when the message is.
    const told = form === 0 ? keys.map((key) => Buffer.from(key)) : null;
    if (this.#deliverTo(client, told, form)) return;
    this.#of(front).direct.nobody(source, client);
    this.#m.schedule();
  }

  /** There was no such client to redirect to. */
  nobody(source: number, client: number): void {
    const connection = this.#m.find(source);
    const tracking = connection?.tracking ?? null;
    if (connection === undefined || connection.ended || tracking?.redirect !== client) return;
    tracking.isBroken = true;
    if (connection.resp === 3) this.#m.channels.deliver(connection, brokenPart(client));
  }

  // --- to other fronts ---

  /** Sends a change to those fronts that are to be told. */
  forward({ key, client, low, high }: KeyChange): void {
    for (const { front, changes } of this.#outgoing) {
      const bits = front < 32 ? low : high;
      if ((bits & (1 << (front & 31))) === 0) continue;
      if (key === null) changes.flushed(client);
      else changes.changed(key, client);
      this.#m.schedule();
    }
  }

  #of(front: number): Outgoing {
    return this.#outgoing.find((outgoing) => outgoing.front === front)!;
  }

  /** Gives the links what there is: at the end of the tick. */
  flush(): void {
    const { channels } = this.#m;
    for (const outgoing of this.#outgoing) {
      const { front, changes, direct } = outgoing;
      if (changes.length > 0 && channels.waitingFor(front) > MOST_WAITING_BYTES) {
        changes.take();
        outgoing.isOverfull = true;
      } else if (outgoing.isOverfull && channels.waitingFor(front) <= MOST_WAITING_BYTES) {
        changes.take();
        changes.flushed(0);
        outgoing.isOverfull = false;
      }
      if (changes.length > 0) channels.send(front, invalidationMessage(changes.take()));
      if (direct.length > 0) {
        channels.send(front, invalidationMessage(direct.take()));
      }
    }
  }
}
