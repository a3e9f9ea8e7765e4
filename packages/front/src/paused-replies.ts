// Long replies that workers pause until their clients have read a part: with that, what a client
// has not read yet stays with the worker, which needs no copy of it. Who must not wait for clients
// lets all of them go on to their ends. Where clients may leave only so much unread, nothing is
// kept from them: what is too much shows at once.

import { GO_AWAY, GO_ON, GO_TO_END } from '@forgekv/rings';
import type { Connection } from './connection.ts';
import type { HopClient } from './hop-client.ts';

export class PausedReplies {
  readonly #hops: HopClient;
  readonly #mayWait: () => boolean;
  /** Whose replies of this tick have yet to be given to the sockets. */
  #fresh: Connection[] = [];
  readonly #paused = new Set<Connection>();

  /** @param mayWait false: clients are closed that leave too much unread */
  constructor(hops: HopClient, mayWait: () => boolean) {
    this.#hops = hops;
    this.#mayWait = mayWait;
  }

  get size(): number {
    return this.#paused.size;
  }

  /** A worker waits; undefined: the connection has gone. */
  add(connection: Connection | undefined, id: number, worker: number): void {
    if (connection === undefined || connection.ended) {
      this.#hops.goOn(worker, id, GO_AWAY);
      return;
    }
    if (!this.#mayWait()) {
      this.#hops.goOn(worker, id, GO_TO_END);
      return;
    }
    connection.pausedBy = worker;
    this.#paused.add(connection);
    this.#fresh.push(connection);
  }

  /** The replies of a tick are with the sockets; true when workers were told something. */
  flushed(): boolean {
    if (this.#fresh.length === 0) return false;
    let any = false;
    for (const connection of this.#fresh.splice(0)) if (this.drained(connection)) any = true;
    return any;
  }

  /** The client has read something; true when a worker was told to go on. */
  drained(connection: Connection): boolean {
    if (connection.pausedBy < 0 || connection.socket.writableLength > connection.stallBytes)
      return false;
    this.#go(connection, connection.ended ? GO_AWAY : GO_ON);
    return true;
  }

  /** The connection has gone; true when a worker was told so. */
  closed(connection: Connection): boolean {
    if (connection.pausedBy < 0) return false;
    this.#go(connection, GO_AWAY);
    return true;
  }

  /** Nobody waits for a client any more; true when workers were told something. */
  hurry(): boolean {
    const any = this.#paused.size > 0;
    for (const connection of this.#paused) this.#go(connection, GO_TO_END);
    return any;
  }

  #go(connection: Connection, how: number): void {
    this.#hops.goOn(connection.pausedBy, connection.id, how);
    connection.pausedBy = -1;
    this.#paused.delete(connection);
  }
}
