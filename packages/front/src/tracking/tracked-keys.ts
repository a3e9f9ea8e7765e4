// The keys that clients of this front have read and want to hear of, whatever database they are in,
// as in Redis. The threads that change keys know of them by the filter.

import type { TrackingFilter } from '@forgekv/rings';
import type { Connection } from '../connection.ts';

export interface TrackedKey {
  /** As latin-1. */
  readonly name: string;
  readonly hash: number;
  readonly clients: Set<Connection>;
}

export class TrackedKeys {
  readonly #filter: TrackingFilter;
  /** The oldest first. */
  readonly #byName = new Map<string, TrackedKey>();
  /** Keys counted once for each client. */
  items = 0;

  constructor(filter: TrackingFilter) {
    this.#filter = filter;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Notes that a client is about to read a key. */
  add(name: string, hash: number, connection: Connection): void {
    const { keys } = connection.tracking!;
    let tracked = this.#byName.get(name);
    if (tracked === undefined) {
      tracked = { name, hash, clients: new Set() };
      this.#byName.set(name, tracked);
      this.#filter.add(hash);
    }
    if (keys.has(tracked)) return;
    tracked.clients.add(connection);
    keys.add(tracked);
    this.items++;
  }

  /** Forgets who has read a key, but for those that are to stay; returns those it forgot. */
  take(name: string, stays: (connection: Connection) => boolean): readonly Connection[] {
    const tracked = this.#byName.get(name);
    if (tracked === undefined) return [];
    const { clients } = tracked;
    const taken = [...clients].filter((connection) => !stays(connection));
    for (const connection of taken) {
      clients.delete(connection);
      connection.tracking!.keys.delete(tracked);
    }
    this.items -= taken.length;
    if (clients.size === 0) {
      this.#byName.delete(name);
      this.#filter.remove(tracked.hash);
    }
    return taken;
  }

  /** The key that was read first, or null. */
  get oldest(): string | null {
    for (const name of this.#byName.keys()) return name;
    return null;
  }

  /** Forgets what a client has read. */
  forget(connection: Connection): void {
    const { keys } = connection.tracking!;
    for (const tracked of keys) {
      tracked.clients.delete(connection);
      if (tracked.clients.size > 0) continue;
      this.#byName.delete(tracked.name);
      this.#filter.remove(tracked.hash);
    }
    this.items -= keys.size;
    keys.clear();
  }

  /** Forgets all keys. */
  clear(): void {
    for (const { hash, clients } of this.#byName.values()) {
      this.#filter.remove(hash);
      for (const { tracking } of clients) tracking!.keys.clear();
    }
    this.#byName.clear();
    this.items = 0;
  }
}
