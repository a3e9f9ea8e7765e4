// Whether a front takes a command of a connection at all: what every thread asks, and what only a
// front knows, which is whom it listens to, whether data is being loaded, and who speaks HTTP.

import { FLAG_LOADING, FLAG_MAY_REPLICATE, FLAG_READONLY, FLAG_WRITE } from '@forgekv/catalog';
import {
  admit,
  type CommandContext,
  type CommandRegistry,
  LOADING,
  NO_AUTH,
  onlyListening,
  UNKNOWN,
} from '@forgekv/commands';
import type { ProcessControl } from '@forgekv/rings';
import type { Connection } from './connection.ts';
import type { FrontPermits } from './front-permits.ts';
import { isLocalPeer } from './peer-address.ts';

/** Command names an HTTP client would send first: such a peer is not a Redis client. */
const HTTP_NAMES = ['post', 'host:'];
/** What a RESP2 connection may call while it listens to channels. */
const LISTENER_NAMES = [
  ...['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'ssubscribe', 'sunsubscribe'],
  ...['ping', 'quit', 'reset'],
];
const NO_DEBUG =
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can ' +
  'run it from a local connection, otherwise you need to set this option in the configuration ' +
  'file, and then restart the server.';
const ABOUT_KEYS = FLAG_READONLY | FLAG_WRITE | FLAG_MAY_REPLICATE;
/** As Redis says it, to which monitors are replicas. */
const NO_KEYS_FOR_MONITORS = "ERR Replica can't interact with the keyspace";

export interface FrontAdmissionModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly control: ProcessControl;
  readonly permits: FrontPermits;
  readonly log: (message: string) => void;
}

export class FrontAdmission {
  readonly #m: FrontAdmissionModules;
  /** 1 by command id: who listens to channels may call it. */
  readonly #forListeners: Uint8Array;
  /** 1 for DEBUG and its subcommands. */
  readonly #isDebug: Uint8Array;

  constructor(modules: FrontAdmissionModules) {
    this.#m = modules;
    const { names } = modules.registry.table;
    this.#forListeners = Uint8Array.from(names, (name) => (LISTENER_NAMES.includes(name) ? 1 : 0));
    this.#isDebug = Uint8Array.from(names, (name) => (/^debug(\||$)/.test(name) ? 1 : 0));
  }

  /** Checks what must hold before a command may run; writes the error when it does not. */
  admit(connection: Connection, id: number): boolean {
    const { context, registry } = this.#m;
    if (id === UNKNOWN && this.#speaksHttp(connection)) return false;
    if (this.#isDebug[id < UNKNOWN ? -2 - id : id] === 1 && this.#refusesDebug(connection, id)) {
      if (id >= 0) context.stats.rejected(id);
      return false;
    }
    const permit = connection.permissions === null ? null : this.#m.permits.of(connection);
    if (!admit(context, registry, id, connection.limits.authenticated, permit)) return false;
    const problem = connection.listening === null ? '' : this.#listenerProblem(connection, id);
    const flags = registry.table.flagBits[id]!;
    const mayRun = !this.#m.control.loading || (flags & FLAG_LOADING) !== 0;
    if (mayRun && problem === '') return true;
    context.reply.error(problem || LOADING);
    context.stats.rejected(id);
    return false;
  }

  /** Redis asks for the password behind this, and looks for the subcommand behind both. */
  #refusesDebug({ address, limits }: Connection, id: number): boolean {
    const { config, reply, request } = this.#m.context;
    if (request.argc < 2) return false;
    const allowed = config.word('enable-debug-command');
    const isAllowed = allowed === 'yes' || (allowed === 'local' && isLocalPeer(address));
    if (isAllowed && (id >= 0 || limits.authenticated)) return false;
    reply.error(isAllowed ? NO_AUTH : NO_DEBUG);
    return true;
  }

  /** Why a connection that has listened to something may not call a command, or ''. */
  #listenerProblem(connection: Connection, id: number): string {
    const { flagBits, names } = this.#m.registry.table;
    if (connection.isMonitor && (flagBits[id]! & ABOUT_KEYS) !== 0) return NO_KEYS_FOR_MONITORS;
    const isBound = connection.resp === 2 && connection.isListening;
    return isBound && this.#forListeners[id] === 0 ? onlyListening(names[id]!) : '';
  }

  /** Drops connections that speak HTTP: a browser may have been talked into it. */
  #speaksHttp(connection: Connection): boolean {
    if (!HTTP_NAMES.some((name) => this.#m.context.request.is(0, name))) return false;
    this.#m.log(
      `client ${connection.id} at ${connection.address} speaks HTTP: it may be the victim of ` +
        'a cross-protocol attack; the connection is closed',
    );
    connection.drop();
    return true;
  }
}
