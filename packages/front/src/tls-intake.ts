// TLS connections until they are as good as any other: accepted, and in the middle of the
// handshake. What comes out is a socket that reads and writes plain bytes.
//
// A handshake costs the peer nothing to begin, and the server a socket, some 50 KB and the work of
// a signature. So it has to end in time, only so many may be under way, and when there are more the
// oldest one goes: whoever means it is done in milliseconds.

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { invariant } from '@forgekv/base';
import { addressesOf, type ConnectionFacts } from './connection.ts';
import { type TlsMaterial, tlsOptions } from './tls-material.ts';

/** Time a handshake may take, in milliseconds. */
const HANDSHAKE_MS = 10_000;
/** Handshakes that may be under way whatever the configuration says. */
const LEAST_HANDSHAKES = 16;
/** Failed handshakes are told of once in this time, so that nobody fills the log with them. */
const SAY_MS = 1000;

/** What is known of a socket since it was accepted. */
export type AcceptedFacts = Pick<ConnectionFacts, 'address' | 'localAddress' | 'fileDescriptor'>;

export interface TlsIntakeModules {
  /** Most handshakes under way at a time; never less than 16. */
  readonly mostHandshakes: () => number;
  /** Takes over a connection whose handshake is done. */
  readonly secured: (socket: TLSSocket, facts: AcceptedFacts) => void;
  /** A connection has gone that was never handed over. */
  readonly gone: () => void;
  readonly log: (message: string) => void;
}

interface Handshake {
  readonly raw: Socket;
  readonly facts: AcceptedFacts;
  readonly startedAtMs: number;
  /** Somebody else looks after the socket now. */
  isHandedOver: boolean;
}

export class TlsIntake {
  readonly #m: TlsIntakeModules;
  /** Never listens: connections are given to it. */
  #server: Server | null = null;
  /** By both addresses, which no two open sockets share; the oldest first. */
  readonly #handshakes = new Map<string, Handshake>();
  #saidAtMs = 0;
  /** Handshakes that have failed since. */
  #unsaid = 0;

  constructor(modules: TlsIntakeModules) {
    this.#m = modules;
  }

  /**
   * Connections that are accepted from now on are made with this; those there are keep what they
   * began with.
   */
  use(material: TlsMaterial): void {
    const { clients } = material;
    // A server of its own each time: setSecureContext would leave requestCert as it was, and
    // handshakes under way must be judged by the rules they began with.
    const server = createServer(tlsOptions(material));
    server.on('secureConnection', (socket) => this.#secured(socket, clients));
    server.on('tlsClientError', (error, socket) => {
      this.#failed(socket, socket.authorizationError ?? error);
      socket.destroy();
    });
    this.#server = server;
  }

  /**
   * Begins the handshake with a socket that was accepted, without `allowHalfOpen`, and has been
   * counted.
   */
  begin(raw: Socket, facts: AcceptedFacts): void {
    invariant(this.#server !== null, 'TLS is listened for with a certificate');
    if (this.#handshakes.size >= Math.max(LEAST_HANDSHAKES, this.#m.mostHandshakes())) {
      const [oldest] = this.#handshakes.values();
      if (oldest !== undefined) this.#giveUp(oldest);
    }
    const startedAtMs = Date.now();
    const handshake: Handshake = { raw, facts, startedAtMs, isHandedOver: false };
    this.#handshakes.set(keyOf(facts), handshake);
    raw.once('close', () => {
      this.#forget(handshake);
      if (!handshake.isHandedOver) this.#m.gone();
    });
    this.#server.emit('connection', raw);
  }

  /** Ends the handshakes that take too long; called about once a second. */
  eachSecond(nowMs: number): void {
    for (const handshake of this.#handshakes.values()) {
      if (nowMs - handshake.startedAtMs <= HANDSHAKE_MS) return;
      this.#giveUp(handshake);
    }
  }

  /** Forgotten at once, since the socket is closed only later, and more may come before. */
  #giveUp(handshake: Handshake): void {
    this.#forget(handshake);
    handshake.raw.destroy();
  }

  #forget(handshake: Handshake): void {
    const key = keyOf(handshake.facts);
    // A newer socket may have got the same addresses before it was known that this one closed.
    if (this.#handshakes.get(key) === handshake) this.#handshakes.delete(key);
  }

  #secured(socket: TLSSocket, clients: TlsMaterial['clients']): void {
    const handshake = this.#handshakes.get(keyOf(addressesOf(socket, '')));
    if (handshake === undefined) {
      // It has gone in the same moment.
      socket.destroy();
      return;
    }
    if (clients === 'optional' && !socket.authorized && showsCertificate(socket)) {
      this.#failed(socket, socket.authorizationError);
      socket.destroy();
      return;
    }
    this.#forget(handshake);
    handshake.isHandedOver = true;
    // Who gives up within the handshake is closed at once. From now on it is the front that ends
    // its side, when everything the client sent is answered.
    socket.allowHalfOpen = true;
    this.#m.secured(socket, handshake.facts);
  }

  /** Redis: says this only with `loglevel verbose`. */
  #failed(socket: TLSSocket, why: Error | string): void {
    this.#unsaid++;
    const nowMs = Date.now();
    if (nowMs - this.#saidAtMs < SAY_MS) return;
    const others = this.#unsaid > 1 ? ` (and ${this.#unsaid - 1} others before)` : '';
    const address = socket.remoteAddress ?? 'a client that has gone';
    this.#m.log(`TLS handshake with ${address} failed: ${reasonOf(why)}${others}`);
    this.#saidAtMs = nowMs;
    this.#unsaid = 0;
  }
}

function keyOf({ address, localAddress }: Pick<AcceptedFacts, 'address' | 'localAddress'>): string {
  return `${address} ${localAddress}`;
}

/** OpenSSL's messages name its source files; its reason is a few words. */
function reasonOf(why: Error | string): string {
  if (!(why instanceof Error)) return why;
  return (why as Error & { reason?: string }).reason ?? why.message.trim();
}

function showsCertificate(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate()).length > 0;
}
