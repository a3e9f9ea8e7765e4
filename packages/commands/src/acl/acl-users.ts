// All users as one thread knows them, and how a change travels: as the rules of the users that are
// others now. The main thread has the truth; the copies of the others change before whoever asked
// for it gets an answer.

import { invariant } from '@forgekv/base';
import { AclCommands } from './acl-commands.ts';
import { AclUser, applyAll } from './acl-user.ts';

export const DEFAULT_USER = 'default';

/** A user on the way to another thread. Plain data; no password is in it, only hashes. */
export interface UserLine {
  /** As latin-1. */
  readonly name: string;
  /** Small; stands for the user in what fronts send to workers. */
  readonly number: number;
  readonly rules: readonly string[];
}

/** Users that are new or changed, and those that are no more. */
export interface UserChange {
  readonly users: readonly UserLine[];
  readonly gone: readonly string[];
}

export class AclUsers {
  readonly commands = new AclCommands();
  /** `acl-pubsub-default` of this moment: for users and selectors that are made from now on. */
  allChannels = false;
  readonly #byName = new Map<string, AclUser>();
  readonly #byNumber = new Map<number, AclUser>();
  readonly #numbers = new Map<string, number>();
  #default: AclUser;

  constructor() {
    this.#default = this.newDefault();
    this.set(this.#default, 1);
  }

  /** A user as ACL SETUSER begins with. */
  newUser(name: string): AclUser {
    const users = this;
    return new AclUser(name, {
      commands: this.commands,
      get allChannels() {
        return users.allChannels;
      },
    });
  }

  /** The default user where nothing is configured: he may do everything, without a password. */
  newDefault(): AclUser {
    const user = this.newUser(DEFAULT_USER);
    applyAll(user, ['on', 'nopass', '~*', '&*', '+@all']);
    return user;
  }

  /** The one that connections begin as. */
  get default(): AclUser {
    return this.#default;
  }

  get size(): number {
    return this.#byName.size;
  }

  find(name: string): AclUser | undefined {
    return this.#byName.get(name);
  }

  /** The user with a number, undefined when he is no more. */
  withNumber(number: number): AclUser | undefined {
    return this.#byNumber.get(number);
  }

  numberOf(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }

  /** Puts a user in the place of the one of his name. */
  set(user: AclUser, number: number): void {
    const { name } = user;
    this.#byName.set(name, user);
    this.#numbers.set(name, number);
    this.#byNumber.set(number, user);
    if (name === DEFAULT_USER) this.#default = user;
  }

  delete(name: string): void {
    const number = this.#numbers.get(name);
    if (number !== undefined) this.#byNumber.delete(number);
    this.#numbers.delete(name);
    this.#byName.delete(name);
  }

  /** In the order of their names' bytes. */
  sorted(): AclUser[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** ACL LIST: each user as a line of the file of users. */
  lines(): string[] {
    return this.sorted().map((user) => `user ${user.name} ${user.describe()}`);
  }

  // --- between threads ---

  lineOf(user: AclUser): UserLine {
    return { name: user.name, number: this.numberOf(user.name), rules: user.rules(true) };
  }

  /** Everybody, for a thread that starts. */
  toChange(): UserChange {
    return { users: this.sorted().map((user) => this.lineOf(user)), gone: [] };
  }

  /** Takes over what has changed elsewhere. */
  adopt({ users, gone }: UserChange): void {
    for (const name of gone) this.delete(name);
    for (const { name, number, rules } of users) {
      const user = this.newUser(name);
      const failure = applyAll(user, rules);
      invariant(failure === null, 'the rules that show a user are rules');
      this.set(user, number);
    }
  }
}
