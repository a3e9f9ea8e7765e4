// Clients of this front that want to hear of all keys with a prefix, and the keys with it that have
// changed since they were told last: once in a tick, all of a prefix in one push.

import type { Connection } from '../connection.ts';
import type { Told } from './client-tracking.ts';

/** Keys of a prefix that wait for the end of the tick; more are told as: it may be all of them. */
const MOST_KEYS = 64 * 1024;

interface TrackedPrefix {
  readonly clients: Set<Connection>;
  /** Keys that have changed, as latin-1, and the client that changed each first. */
  readonly changed: Map<string, number>;
  isOverfull: boolean;
}

export class TrackedPrefixes {
  readonly #byPrefix = new Map<string, TrackedPrefix>();
  #isDue = false;

  get size(): number {
    return this.#byPrefix.size;
  }

  add(prefix: string, connection: Connection): void {
    let tracked = this.#byPrefix.get(prefix);
    if (tracked === undefined) {
      tracked = { clients: new Set(), changed: new Map(), isOverfull: false };
      this.#byPrefix.set(prefix, tracked);
    }
    tracked.clients.add(connection);
    connection.tracking!.prefixes.add(prefix);
  }

  /** Takes a client out of all its prefixes. */
  remove(connection: Connection): void {
    const { prefixes } = connection.tracking!;
    for (const prefix of prefixes) {
      const tracked = this.#byPrefix.get(prefix)!;
      tracked.clients.delete(connection);
      if (tracked.clients.size === 0) this.#byPrefix.delete(prefix);
    }
    prefixes.clear();
  }

  /** Notes a key that a client has changed; true when somebody is to be told. */
  changed(key: string, client: number): boolean {
    let any = false;
    for (const [prefix, tracked] of this.#byPrefix) {
      if (!key.startsWith(prefix)) continue;
      any = true;
      const { changed } = tracked;
      if (changed.size >= MOST_KEYS) tracked.isOverfull = true;
      else if (!changed.has(key)) changed.set(key, client);
    }
    if (any) this.#isDue = true;
    return any;
  }

  /** Hands out what each client is to be told, prefixes and keys in ascending order. */
  flush(tell: (connection: Connection, told: Told) => void): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    for (const prefix of [...this.#byPrefix.keys()].sort()) this.#tell(prefix, tell);
  }

  #tell(prefix: string, tell: (connection: Connection, told: Told) => void): void {
    const { clients, changed, isOverfull } = this.#byPrefix.get(prefix)!;
    if (changed.size === 0) return;
    const names = [...changed.keys()].sort();
    const all = isOverfull ? null : names.map(toBuffer);
    for (const connection of clients) {
      const { isNoLoop } = connection.tracking!;
      const isOwn = (name: string): boolean => changed.get(name) === connection.id;
      if (all === null || !isNoLoop || !names.some(isOwn)) {
        tell(connection, all);
        continue;
      }
      const others = names.filter((name) => !isOwn(name));
      if (others.length > 0) tell(connection, others.map(toBuffer));
    }
    changed.clear();
    this.#byPrefix.get(prefix)!.isOverfull = false;
  }
}

function toBuffer(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}
