// What commands ask about users wherever these are kept; implemented by fronts. Looking is local,
// changing is up to the main thread, which tells every thread before it answers.

import type { AclCheck } from './acl/acl-check.ts';
import type { AclLogEntry } from './acl/acl-log.ts';
import type { AclUsers } from './acl/acl-users.ts';
import type { CommandContext } from './context.ts';
import type { Outcome } from './outcome.ts';
import type { Session } from './session.ts';

export interface UserServices {
  readonly all: AclUsers;
  readonly check: AclCheck;
  /** True when the default user needs no password. */
  readonly openToAll: boolean;
  /**
   * Makes a connection that of a user, if that is his password.
   * @param name as latin-1
   * @returns false, and nothing has changed, also when there is no such user or he is disabled
   */
  logIn(session: Session, name: string, password: Buffer): boolean;
  /** Makes a connection what it was when it was accepted: the default user, if that is open. */
  logOut(session: Session): void;
  /**
   * Notes a failed login and answers it with an error text: at once, or later when the address has
   * failed often before.
   */
  refuseLogin(c: CommandContext, session: Session, name: string, text: string): Outcome;
  /** ACL SETUSER: all of the rules or none; '' or an error text. */
  setUser(name: string, rules: readonly string[]): Promise<string>;
  /** ACL DELUSER; how many there were. */
  deleteUsers(names: readonly string[]): Promise<number>;
  /** ACL LOAD: '' or an error text, and then nothing has changed. */
  loadUsers(): Promise<string>;
  /** ACL SAVE: '' or an error text. */
  saveUsers(): Promise<string>;
  /** ACL LOG: the newest entries. */
  denials(count: number): Promise<readonly AclLogEntry[]>;
  forgetDenials(): Promise<void>;
}
