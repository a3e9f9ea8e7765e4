// The door of a front: counts who comes in, turns away whom there is no room for or who may not
// come from where he comes, and has TLS connections do their handshake. Every accepted socket goes
// one of two ways: to `welcome`, whose owner calls `control.leave` when it closes, or away.

import type { Socket } from 'node:net';
import type { ThreadStats } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { ProcessControl } from '@forgekv/rings';
import { addressesOf } from './connection.ts';
import { type AcceptedFacts, TlsIntake } from './tls-intake.ts';

/** Time a peer that was turned away has to read why, in milliseconds. */
const FAREWELL_MS = 1000;
/** One in so many of `maxclients` may be in the middle of its handshake. */
const HANDSHAKE_SHARE = 4;
const FULL = 'ERR max number of clients reached';

export interface ReceptionModules {
  readonly config: Config;
  readonly control: ProcessControl;
  readonly threadStats: ThreadStats;
  /** How many fronts share `maxclients`. */
  readonly fronts: number;
  /** Returns why a peer is turned away (an error text), or null. */
  readonly refusal: (socket: Socket) => string | null;
  /** Begins to serve a socket that reads and writes plain bytes. */
  readonly welcome: (socket: Socket, facts: AcceptedFacts, isTls: boolean) => void;
  readonly log: (message: string) => void;
}

export class Reception {
  readonly #m: ReceptionModules;
  readonly tls: TlsIntake;
  /** The server stops: nobody comes in any more. */
  isClosed = false;

  constructor(modules: ReceptionModules) {
    const { config, control, fronts } = modules;
    this.#m = modules;
    this.tls = new TlsIntake({
      mostHandshakes: () => config.integer('maxclients') / HANDSHAKE_SHARE / fronts,
      secured: (socket, facts) => this.#secured(socket, facts),
      gone: () => control.leave(),
      log: modules.log,
    });
  }

  /** Takes a socket accepted with `pauseOnConnect`, or turns it away. */
  accept(socket: Socket, fileDescriptor: number): void {
    if (this.isClosed) {
      socket.destroy();
      return;
    }
    const { config, welcome } = this.#m;
    const refusal = this.#m.refusal(socket) ?? (this.#enter() ? null : FULL);
    if (refusal !== null) {
      this.#turnAway(socket, refusal);
      return;
    }
    // Now, since after it was adopted it knows its own address no more.
    welcome(socket, { ...addressesOf(socket, config.text('unixsocket')), fileDescriptor }, false);
  }

  /** Takes a socket that was accepted where TLS is spoken. */
  acceptTls(socket: Socket, fileDescriptor: number): void {
    // One that is closed already has no address.
    if (this.isClosed || socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    if (!this.#enter()) {
      // As Redis does it: without a handshake there is no way to say why.
      this.#m.threadStats.rejectedConnections++;
      socket.destroy();
      return;
    }
    this.tls.begin(socket, { ...addressesOf(socket, ''), fileDescriptor });
  }

  #secured(socket: Socket, facts: AcceptedFacts): void {
    const refusal = this.isClosed ? FULL : this.#m.refusal(socket);
    if (refusal === null) {
      this.#m.welcome(socket, facts, true);
      return;
    }
    socket.once('close', () => this.#m.control.leave());
    this.#turnAway(socket, refusal);
  }

  #enter(): boolean {
    return this.#m.control.enter(this.#m.config.integer('maxclients'));
  }

  #turnAway(socket: Socket, error: string): void {
    this.#m.threadStats.rejectedConnections++;
    socket.on('error', () => socket.destroy());
    socket.end(`-${error}\r\n`);
    socket.resume();
    // Who never closes its own side would keep the descriptor, and is counted nowhere.
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }
}
