// The end of a front, and the moments at which it stands still: nothing more is executed, what is
// on its way comes in, what was written leaves. Decides nothing: the main thread asks.

import type { BlockedClients } from './blocked-clients.ts';
import { AWAY, type Connection, DEFERRED } from './connection.ts';
import type { HopClient } from './hop-client.ts';
import type { PausedReplies } from './paused-replies.ts';
import type { TickOutput } from './tick-output.ts';

export interface FrontStopModules {
  readonly connections: ReadonlyMap<number, Connection>;
  readonly pausedReplies: PausedReplies;
  readonly blocked: BlockedClients;
  readonly hops: HopClient;
  readonly output: TickOutput;
  /** Of the commands by id. */
  readonly names: readonly string[];
}

export class FrontStop {
  readonly #m: FrontStopModules;

  constructor(modules: FrontStopModules) {
    this.#m = modules;
  }

  /**
   * Stops reading; replies that are on their way still come in. Who waits for a key gets nothing.
   * @returns true when none is
   */
  drain(): boolean {
    const { connections, pausedReplies, output, blocked } = this.#m;
    let busy = false;
    blocked.endAll();
    for (const connection of connections.values()) {
      connection.pauseReading();
      if (this.#expectsReply(connection)) busy = true;
    }
    pausedReplies.hurry();
    return output.flush() && !busy;
  }

  /**
   * Ends the tick. True when no run is with a worker and the kernel has all effects; while
   * commands are held back, it stays so.
   */
  isQuiet(): boolean {
    this.#m.pausedReplies.hurry();
    return this.#m.output.flush() && this.#m.hops.outstanding === 0;
  }

  #expectsReply({ state, lastCommand }: Connection): boolean {
    if (state === AWAY) return true;
    // The client that asked for the shutdown waits for nothing but its end.
    return state === DEFERRED && this.#m.names[lastCommand] !== 'shutdown';
  }

  /** Ends every connection behind what was written to it. */
  close(): void {
    this.#m.output.flush();
    for (const connection of this.#m.connections.values()) connection.end();
  }

  /** True when everything that was written is with the kernel, after `close`. */
  get isClosed(): boolean {
    for (const { socket } of this.#m.connections.values()) {
      if (!socket.writableFinished && !socket.destroyed) return false;
    }
    return true;
  }
}
