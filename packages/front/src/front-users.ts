// The users as a front knows them: logging in, and what becomes of connections when users change.
// Changing users is asked of the main thread, which tells all threads, this one too.

import {
  AclCheck,
  type AclLogEntry,
  type AclUser,
  AclUsers,
  type CommandContext,
  DEFAULT_USER,
  type Outcome,
  type Session,
  type UserChange,
  type UserServices,
  WAITING,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { BlockedClients } from './blocked-clients.ts';
import { type Connection, DEFERRED } from './connection.ts';
import type { FrontChannels } from './front-channels.ts';
import type { MainRequest } from './front-messages.ts';
import { FrontPermits, type FrontPermitsModules } from './front-permits.ts';
import { LoginThrottle } from './login-throttle.ts';
import type { TickOutput } from './tick-output.ts';

export interface FrontUsersModules extends Omit<FrontPermitsModules, 'check'> {
  /** The users at the start. */
  readonly initialUsers: UserChange;
  readonly connections: ReadonlyMap<number, Connection>;
  readonly channels: FrontChannels;
  readonly blocked: BlockedClients;
  /** Sends a request to the main thread. */
  readonly ask: (request: MainRequest) => Promise<unknown>;
  readonly output: TickOutput;
  /** Answers a connection whose command was deferred with an error. */
  readonly answer: (connection: Connection, error: string) => void;
}

export class FrontUsers implements UserServices {
  readonly all = new AclUsers();
  readonly check: AclCheck;
  readonly permits: FrontPermits;
  readonly #m: FrontUsersModules;
  readonly #throttle = new LoginThrottle();

  constructor(modules: FrontUsersModules) {
    this.#m = modules;
    this.all.adopt(modules.initialUsers);
    this.check = new AclCheck(modules.registry.table, this.all.commands);
    this.permits = new FrontPermits({ ...modules, check: this.check });
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(config: Config): void {
    this.all.allChannels = config.word('acl-pubsub-default') === 'allchannels';
  }

  get openToAll(): boolean {
    return this.all.default.isOpen;
  }

  // --- who a connection is ---

  logIn(session: Session, name: string, password: Buffer): boolean {
    const user = this.all.find(name);
    if (user === undefined || !user.hasPassword(password)) return false;
    const connection = session as Connection;
    this.#become(connection, user);
    connection.isLoggedIn = true;
    connection.authenticated = true;
    return true;
  }

  logOut(session: Session): void {
    const connection = session as Connection;
    this.#become(connection, this.all.default);
    connection.isLoggedIn = this.openToAll;
    connection.authenticated = this.openToAll;
  }

  #become(connection: Connection, user: AclUser): void {
    connection.user = user.name;
    connection.permissions = user.allowsAll ? null : user;
    connection.userNumber = user.allowsAll ? 0 : this.all.numberOf(user.name);
  }

  refuseLogin(c: CommandContext, session: Session, name: string, text: string): Outcome {
    const connection = session as Connection;
    this.permits.loginFailed(connection, name);
    const { address } = session;
    const host = address.slice(0, address.lastIndexOf(':'));
    const delayMs = this.#throttle.failed(host, Date.now());
    if (delayMs === 0) return c.fail(text);
    setTimeout(() => this.#m.answer(connection, text), delayMs);
    return WAITING;
  }

  // --- users change ---

  setUser(name: string, rules: readonly string[]): Promise<string> {
    return this.#m.ask({ op: 'set-user', name, rules }) as Promise<string>;
  }

  deleteUsers(names: readonly string[]): Promise<number> {
    return this.#m.ask({ op: 'delete-users', names }) as Promise<number>;
  }

  loadUsers(): Promise<string> {
    return this.#m.ask({ op: 'load-users' }) as Promise<string>;
  }

  saveUsers(): Promise<string> {
    return this.#m.ask({ op: 'save-users' }) as Promise<string>;
  }

  denials(count: number): Promise<readonly AclLogEntry[]> {
    return this.#m.ask({ op: 'denials', count }) as Promise<readonly AclLogEntry[]>;
  }

  async forgetDenials(): Promise<void> {
    await this.#m.ask({ op: 'forget-denials' });
  }

  /** Takes over what has changed; from now on nobody can do what he may not do any more. */
  adopt(change: UserChange): void {
    this.all.adopt(change);
    const changed = new Set(change.users.map(({ name }) => name));
    const gone = new Set(change.gone);
    for (const connection of this.#m.connections.values()) {
      if (connection.ended) continue;
      if (gone.has(connection.user)) this.#expel(connection);
      else if (changed.has(connection.user)) this.#review(connection);
      if (!connection.isLoggedIn) connection.authenticated = this.openToAll;
    }
    // The ends of waits are with the workers before anybody is told.
    this.#m.output.flush();
  }

  /** There is no such user any more. */
  #expel(connection: Connection): void {
    this.#become(connection, this.all.find(DEFAULT_USER)!);
    connection.isLoggedIn = false;
    this.#end(connection);
  }

  /** Whoever waits for the end of the change itself, gets his answer. */
  #end(connection: Connection): void {
    if (connection.state === DEFERRED) connection.closeAfterReply = true;
    else connection.drop();
  }

  #review(connection: Connection): void {
    this.#become(connection, this.all.find(connection.user)!);
    if (connection.permissions === null) return;
    if (connection.isListening && !this.#mayListen(connection, connection.permissions)) {
      this.#end(connection);
    } else if (connection.waiting !== null && connection.sentCommand !== null) {
      // Redis: 7.2 looks again when there is something to be had.
      const { sentCommand, lastCommand } = connection;
      const end = sentCommand.length;
      const problem = this.permits.laterProblem(
        ...([connection, lastCommand, sentCommand, 0, end, false] as const),
      );
      if (problem !== '') this.#m.blocked.refuse(connection.id, problem);
    }
  }

  /** To all that it listens to. */
  #mayListen(connection: Connection, { selectors }: AclUser): boolean {
    return (['channel', 'pattern', 'shard-channel'] as const).every((kind) =>
      this.#m.channels
        .namesOf(connection, kind)
        .every((name) =>
          selectors.some((selector) =>
            selector.allowsChannel(name, 0, name.length, kind === 'pattern'),
          ),
        ),
    );
  }
}
