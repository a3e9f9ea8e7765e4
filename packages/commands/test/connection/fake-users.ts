// The users of the made-up server: the default one, and whom a test adds to them.

import type { CommandTable } from '@forgekv/catalog';
import {
  AclCheck,
  type AclLogEntry,
  AclUsers,
  type CommandContext,
  type Outcome,
  type Session,
  type UserServices,
} from '../../src/index.ts';

export class FakeUsers implements UserServices {
  readonly all = new AclUsers();
  readonly check: AclCheck;
  readonly #calls: unknown[][];
  /** Answers to what the main thread would do. */
  problem = '';
  entries: readonly AclLogEntry[] = [];

  constructor(commands: CommandTable, password: string | undefined, calls: unknown[][]) {
    this.#calls = calls;
    this.check = new AclCheck(commands, this.all.commands);
    if (password !== undefined) this.all.default.apply(`>${password}`);
  }

  get openToAll(): boolean {
    return this.all.default.isOpen;
  }

  logIn(session: Session, name: string, password: Buffer): boolean {
    this.#calls.push(['logIn', name, password.toString('latin1')]);
    if (this.all.find(name)?.hasPassword(password) !== true) return false;
    session.user = name;
    session.authenticated = true;
    return true;
  }

  logOut(session: Session): void {
    session.user = 'default';
    session.authenticated = this.openToAll;
  }

  refuseLogin(c: CommandContext, _: Session, _name: string, text: string): Outcome {
    return c.fail(text);
  }

  setUser(name: string, rules: readonly string[]): Promise<string> {
    this.#calls.push(['setUser', name, rules]);
    return Promise.resolve(this.problem);
  }

  deleteUsers(names: readonly string[]): Promise<number> {
    this.#calls.push(['deleteUsers', names]);
    return Promise.resolve(names.length);
  }

  loadUsers(): Promise<string> {
    this.#calls.push(['loadUsers']);
    return Promise.resolve(this.problem);
  }

  saveUsers(): Promise<string> {
    this.#calls.push(['saveUsers']);
    return Promise.resolve(this.problem);
  }

  denials(count: number): Promise<readonly AclLogEntry[]> {
    this.#calls.push(['denials', count]);
    return Promise.resolve(this.entries);
  }

  forgetDenials(): Promise<void> {
    this.#calls.push(['forgetDenials']);
    return Promise.resolve();
  }
}
