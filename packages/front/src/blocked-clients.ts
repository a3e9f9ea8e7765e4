// The connections of a front that wait for keys on workers (BLPOP and the like), and what ends
// their waits here: the timeout, CLIENT UNBLOCK, the end of the connection or of the server.
// Whoever ends a wait claims it first (keyspace/awaited-keys.ts), so a client gets exactly one
// answer: where the claim fails, a worker is about to serve it.
//
// To the front a connection that waits is AWAY, as with any run on a worker, but its run does not
// count as outstanding: nobody waits for it to come back. That it has begun (KIND_BLOCKED, from its
// home) and that it is over (KIND_SERVED, from whoever serves it) may come over two rings, and so
// in either order: the second is known by its ticket, and the first is then of no interest.

import { performance } from 'node:perf_hooks';
import type { ThreadStats } from '@forgekv/commands';
import type { AwaitedKeys } from '@forgekv/keyspace';
import type { Connection } from './connection.ts';
import type { HopClient } from './hop-client.ts';

/** The longest time a timer takes, in milliseconds. */
const MOST_TIMER_MS = 2 ** 31 - 1;
const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';
const NULL_ARRAY = Buffer.from('*-1\r\n');
const NULL = Buffer.from('_\r\n');
const UNBLOCKED_REPLY = Buffer.from(`-${UNBLOCKED}\r\n`);
/** Tickets are 32 bits, and slots fewer than 2^20. */
const TICKETS = 2 ** 32;

/** A wait that is going on. */
export interface KeyWaiting {
  readonly connection: Connection;
  readonly home: number;
  readonly slot: number;
  readonly ticket: number;
  /** On the monotonic clock, 0 = never. */
  readonly untilMs: number;
  timer: NodeJS.Timeout | null;
}

export interface BlockedClientsModules {
  readonly connections: ReadonlyMap<number, Connection>;
  readonly awaited: AwaitedKeys;
  readonly hops: HopClient;
  readonly stats: ThreadStats;
  /** Ends a run with its last reply. */
  readonly replied: (connection: number, reply: Buffer) => void;
  /** Lets what was sent to workers leave. */
  readonly schedule: () => void;
}

export class BlockedClients {
  readonly #m: BlockedClientsModules;
  /** By slot and ticket; also those that a worker has claimed and not served yet. */
  readonly #waits = new Map<number, KeyWaiting>();
  /** Those that were served before it was known that they wait. */
  readonly #early = new Set<number>();
  /** Those whose connection had gone by then, and that somebody serves. */
  readonly #orphans = new Set<number>();
  #isEnding = false;

  constructor(modules: BlockedClientsModules) {
    this.#m = modules;
  }

  /** The run of a connection waits; its worker is the home of the wait. */
  blocked(id: number, home: number, slot: number, ticket: number, timeoutMs: number): void {
    const { connections, hops, stats } = this.#m;
    const token = slot * TICKETS + (ticket >>> 0);
    if (this.#early.delete(token)) return;
    hops.outstanding--;
    const connection = connections.get(id);
    if (connection === undefined || connection.ended) {
      // Else somebody serves it: his reply counts as that of a run.
      if (!this.#claim(home, slot, ticket)) this.#orphans.add(token);
      return;
    }
    const untilMs = timeoutMs === 0 ? 0 : performance.now() + timeoutMs;
    const wait: KeyWaiting = { connection, home, slot, ticket, untilMs, timer: null };
    this.#waits.set(token, wait);
    connection.waiting = wait;
    stats.blockedClients++;
    if (connection.peerEnded) connection.drop();
    else if (this.#isEnding) this.#end(wait);
    else if (untilMs > 0) this.#arm(wait);
  }

  /** A worker has served one that waits; what it sends next ends the run. */
  served(slot: number, ticket: number): void {
    const token = slot * TICKETS + (ticket >>> 0);
    const wait = this.#waits.get(token);
    if (wait !== undefined) {
      this.#forget(wait);
    } else if (!this.#orphans.delete(token)) {
      this.#early.add(token);
      return;
    }
    this.#m.hops.outstanding++;
  }

  /**
   * CLIENT UNBLOCK.
   * @returns false: it does not wait, or is being served
   */
  unblock(id: number, isError: boolean): boolean {
    const wait = this.#m.connections.get(id)?.waiting;
    if (!wait || !this.#claim(wait.home, wait.slot, wait.ticket)) return false;
    if (isError) this.#m.stats.errorReply(UNBLOCKED);
    this.#answer(wait, isError ? UNBLOCKED_REPLY : null);
    return true;
  }

  /**
   * Ends a wait with an error.
   * @returns false: it does not wait, or is being served
   */
  refuse(id: number, error: string): boolean {
    const wait = this.#m.connections.get(id)?.waiting;
    if (!wait || !this.#claim(wait.home, wait.slot, wait.ticket)) return false;
    this.#m.stats.errorReply(error);
    this.#answer(wait, Buffer.from(`-${error}\r\n`, 'latin1'));
    return true;
  }

  /** A connection is closed. */
  closed({ waiting }: Connection): void {
    if (waiting && this.#claim(waiting.home, waiting.slot, waiting.ticket)) this.#forget(waiting);
  }

  /** The server stops: nobody is served any more, but for those that are being served. */
  endAll(): void {
    this.#isEnding = true;
    for (const wait of this.#waits.values()) this.#end(wait);
  }

  #end(wait: KeyWaiting): void {
    if (!this.#claim(wait.home, wait.slot, wait.ticket)) return;
    this.#forget(wait);
    wait.connection.end();
  }

  /** Ends a wait here, if nobody else has. */
  #claim(home: number, slot: number, ticket: number): boolean {
    if (!this.#m.awaited.claim(slot, ticket)) return false;
    this.#m.hops.unblocked(home, slot, ticket);
    this.#m.schedule();
    return true;
  }

  #forget(wait: KeyWaiting): void {
    this.#waits.delete(wait.slot * TICKETS + (wait.ticket >>> 0));
    if (wait.timer !== null) clearTimeout(wait.timer);
    wait.connection.waiting = null;
    this.#m.stats.blockedClients--;
  }

  /** @param reply null: that of the timeout */
  #answer(wait: KeyWaiting, reply: Buffer | null): void {
    const { connection } = wait;
    this.#forget(wait);
    // As of a run that comes back.
    this.#m.replied(connection.id, reply ?? (connection.resp === 3 ? NULL : NULL_ARRAY));
  }

  #arm(wait: KeyWaiting): void {
    const leftMs = Math.min(Math.ceil(wait.untilMs - performance.now()), MOST_TIMER_MS);
    if (leftMs > 0) wait.timer = setTimeout(() => this.#arm(wait), leftMs);
    else if (this.#claim(wait.home, wait.slot, wait.ticket)) this.#answer(wait, null);
  }
}
