// Whether the user of a connection may run what it asks for, and the notes of what he may not.
// Asked only about users who may not do everything.

import {
  type AclCheck,
  type CommandContext,
  type CommandRegistry,
  DENIED_CHANNEL,
  DENIED_KEY,
  type Denial,
  DenialBook,
  denialReason,
  denialText,
  laterDenialText,
  PERMITTED,
  type Permit,
  Request,
  type Verdict,
} from '@forgekv/commands';
import { COMMAND_ARGC, COMMAND_FIRST_ARG, RequestParser } from '@forgekv/protocol';
import type { Connection } from './connection.ts';
import type { FrontClients } from './front-clients.ts';

const NO_LIMITS = { maxBulkBytes: Infinity, authenticated: true };

export interface FrontPermitsModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly check: AclCheck;
  readonly clients: FrontClients;
}

export class FrontPermits {
  /** What was refused here since the main thread has asked. */
  readonly book = new DenialBook();
  readonly #m: FrontPermitsModules;
  readonly #parser = new RequestParser();
  #connection!: Connection;
  readonly #permit: Permit = { problemOf: (id) => this.#problemOf(id) };

  constructor(modules: FrontPermitsModules) {
    this.#m = modules;
  }

  /** Says it of the commands of a connection, until it is asked about another one. */
  of(connection: Connection): Permit {
    this.#connection = connection;
    return this.#permit;
  }

  #problemOf(id: number): string {
    const connection = this.#connection;
    const user = connection.permissions!;
    const { check, context, registry } = this.#m;
    const verdict = check.check(user, id, context.request);
    if (verdict !== PERMITTED) {
      const isQueued = connection.queue !== null;
      this.#note(connection, id, verdict, context.request, isQueued ? 'multi' : 'toplevel');
      return denialText(verdict, user.name, registry.table.names[id]!);
    }
    const problem = check.sortProblem(user, id, context.request);
    if (problem === '' || connection.queue === null) return problem;
    // Nobody is told before it is executed.
    connection.queue.isToBeChecked = true;
    return '';
  }

  /** True when the connection may run the command in the context's request; tells nobody. */
  allows(connection: Connection, id: number): boolean {
    const user = connection.permissions;
    if (user === null) return true;
    const { check, context } = this.#m;
    const { request } = context;
    return (
      check.check(user, id, request) === PERMITTED && check.sortProblem(user, id, request) === ''
    );
  }

  /**
   * Why a command (RESP) may not be run any more that a connection was allowed to send, or ''.
   * @param isQueued it is one of a transaction
   */
  laterProblem(
    connection: Connection,
    id: number,
    bytes: Buffer,
    start: number,
    end: number,
    isQueued: boolean,
  ): string {
    const user = connection.permissions;
    if (user === null) return '';
    const { check, registry } = this.#m;
    const request = this.#parse(bytes, start, end);
    const verdict = check.check(user, id, request);
    if (verdict === PERMITTED) return check.sortProblem(user, id, request);
    this.#note(connection, id, verdict, request, isQueued ? 'multi' : 'toplevel');
    if (isQueued) return laterDenialText(verdict);
    return denialText(verdict, user.name, registry.table.names[id]!);
  }

  #parse(bytes: Buffer, start: number, end: number): Request {
    this.#parser.parse(bytes, start, end, NO_LIMITS);
    const { commands, args } = this.#parser;
    const request = new Request();
    request.source(bytes, request.view, args);
    request.first = commands[COMMAND_FIRST_ARG]!;
    request.argc = commands[COMMAND_ARGC]!;
    return request;
  }

  #note(
    connection: Connection,
    id: number,
    verdict: Verdict,
    request: Request,
    context: Denial['context'],
  ): void {
    const { check, registry, context: c } = this.#m;
    const { stats } = c;
    if (verdict === DENIED_KEY) stats.deniedKeys++;
    else if (verdict === DENIED_CHANNEL) stats.deniedChannels++;
    else stats.deniedCommands++;
    // The client is shown with the command that was refused.
    connection.lastCommand = id;
    const reason = denialReason(verdict);
    const object = reason === 'command' ? registry.table.names[id]! : request.text(check.index);
    this.add(connection, { reason, context, object, user: connection.user });
  }

  /** Notes a failed login. */
  loginFailed(connection: Connection, user: string): void {
    const context = connection.queue === null ? 'toplevel' : 'multi';
    const object = this.#m.context.request.text(0);
    this.add(connection, { reason: 'auth', context, object, user });
  }

  add(connection: Connection, denial: Omit<Denial, 'client'>): void {
    const client = this.#m.clients.factsOf(connection);
    this.book.add({ ...denial, client }, Date.now());
  }
}
