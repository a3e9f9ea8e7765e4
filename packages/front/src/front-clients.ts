// The connections of one front as CLIENT LIST and CLIENT KILL mean them.

import type { ClientFacts, ClientFilter } from '@forgekv/commands';
import { factsOf, matches } from './client-facts.ts';
import { type Connection, DEFERRED } from './connection.ts';

export class FrontClients {
  readonly #connections: ReadonlyMap<number, Connection>;
  readonly #names: readonly string[];

  readonly #unwait: (connection: Connection) => void;

  /**
   * @param names of the commands by id
   * @param unwait ends a connection's wait for keys
   */
  constructor(
    connections: ReadonlyMap<number, Connection>,
    names: readonly string[],
    unwait: (connection: Connection) => void,
  ) {
    this.#connections = connections;
    this.#names = names;
    this.#unwait = unwait;
  }

  /** Facts of the connections that pass a filter. */
  list(filter: ClientFilter): ClientFacts[] {
    const nowMs = Date.now();
    return [...this.#connections.values()]
      .filter((connection) => !connection.ended && matches(connection, filter, nowMs))
      .map((connection) => this.factsOf(connection));
  }

  /** Facts of those with most replies they have not read, then of those with most traffic. */
  top(most: number): ClientFacts[] {
    const weights: [connection: Connection, unread: number, traffic: number][] = [];
    for (const connection of this.#connections.values()) {
      const { socket, inputBytes, outputBytes } = connection;
      weights.push([connection, socket.writableLength, inputBytes + outputBytes]);
    }
    weights.sort((a, b) => b[1] - a[1] || b[2] - a[2]);
    return weights.slice(0, most).map(([connection]) => this.factsOf(connection));
  }

  factsOf(connection: Connection): ClientFacts {
    return factsOf(connection, this.#names, Date.now());
  }

  /** Closes the connections that pass a filter; returns how many. */
  kill(filter: ClientFilter): number {
    const nowMs = Date.now();
    let killed = 0;
    for (const connection of this.#connections.values()) {
      if (!matches(connection, filter, nowMs)) continue;
      killed++;
      // The one that asked gets its answer first.
      if (connection.state === DEFERRED) {
        connection.closeAfterReply = true;
        continue;
      }
      // Now, not when the socket is closed: who killed it finds what it would have been served.
      this.#unwait(connection);
      connection.drop();
    }
    return killed;
  }
}
