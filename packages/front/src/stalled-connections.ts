// Connections that execute nothing until something has left this front: their replies, or messages.

import { type Connection, READY, STALLED } from './connection.ts';
import type { FrontChannels } from './front-channels.ts';
import type { TickOutput } from './tick-output.ts';

export class StalledConnections {
  readonly #output: TickOutput;
  readonly #proceed: (connection: Connection) => void;
  #held: Connection[] = [];
  #clogged: Connection[] = [];

  constructor(output: TickOutput, proceed: (connection: Connection) => void) {
    this.#output = output;
    this.#proceed = proceed;
  }

  /** Stalls a connection until the replies of this tick have left. */
  hold(connection: Connection): void {
    this.#held.push(connection);
    this.#output.schedule();
    if (connection.state === READY) connection.state = STALLED;
  }

  /** Stalls a connection that publishes until enough messages have left. */
  clog(connection: Connection): void {
    this.#clogged.push(connection);
    this.#output.schedule();
    connection.state = STALLED;
  }

  /** Lets connections go on, at the end of a tick. */
  release(channels: FrontChannels): void {
    if (this.#held.length > 0) {
      const held = this.#held;
      this.#held = [];
      this.#release(held);
    }
    if (this.#clogged.length > 0 && !channels.isClogged) {
      const clogged = this.#clogged;
      this.#clogged = [];
      this.#release(clogged);
    }
  }

  #release(connections: readonly Connection[]): void {
    for (const connection of connections) {
      // What is left in the socket is announced by its `drain`.
      if (connection.state === STALLED) this.#proceed(connection);
    }
  }
}
