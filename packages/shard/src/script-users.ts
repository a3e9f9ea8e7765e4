// The users as a worker knows them: fronts have checked the commands they send, but what a script
// calls, its worker checks. Asked only about users who may not do everything.

import type { CommandTable } from '@forgekv/catalog';
import {
  AclCheck,
  type AclUser,
  AclUsers,
  DENIED_CHANNEL,
  DENIED_KEY,
  DenialBook,
  denialReason,
  PERMITTED,
  type Request,
  scriptDenialText,
  type ThreadStats,
  type UserChange,
} from '@forgekv/commands';
import { RUN_USER_SHIFT } from '@forgekv/rings';

export class ScriptUsers {
  /** What was refused here since the main thread has asked. */
  readonly book = new DenialBook();
  readonly #table: CommandTable;
  readonly #stats: ThreadStats;
  readonly #all = new AclUsers();
  readonly #check: AclCheck;
  /** One who may do nothing. */
  readonly #nobody: AclUser;
  #number = 0;
  #connection = 0;

  constructor(table: CommandTable, stats: ThreadStats, initialUsers: UserChange) {
    this.#table = table;
    this.#stats = stats;
    this.#all.adopt(initialUsers);
    this.#check = new AclCheck(table, this.#all.commands);
    this.#nobody = this.#all.newUser('');
  }

  /** Takes over which users have changed. */
  adopt(change: UserChange): void {
    this.#all.adopt(change);
  }

  /** From now on scripts run for a connection; `flags` are those of its run. */
  runFor(connection: number, flags: number): void {
    this.#connection = connection;
    this.#number = flags >>> RUN_USER_SHIFT;
  }

  /** The one who has called the script, null: he may do everything. */
  get #user(): AclUser | null {
    if (this.#number === 0) return null;
    const user = this.#all.withNumber(this.#number);
    // He is no more, and his connections are being closed.
    if (user === undefined) return this.#nobody;
    return user.allowsAll ? null : user;
  }

  /** True when a script may call a command; tells nobody. */
  allows(id: number, request: Request): boolean {
    const user = this.#user;
    return user === null || this.#check.check(user, id, request) === PERMITTED;
  }

  /** Why a script may not call a command, as an error reply, or ''. */
  problemOf(id: number, request: Request): string {
    const user = this.#user;
    if (user === null) return '';
    const verdict = this.#check.check(user, id, request);
    if (verdict === PERMITTED) return this.#check.sortProblem(user, id, request);
    if (verdict === DENIED_KEY) this.#stats.deniedKeys++;
    else if (verdict === DENIED_CHANNEL) this.#stats.deniedChannels++;
    else this.#stats.deniedCommands++;
    const reason = denialReason(verdict);
    const object = reason === 'command' ? this.#table.names[id]! : request.text(this.#check.index);
    const denial = { reason, context: 'lua', object, user: user.name } as const;
    this.book.add({ ...denial, client: this.#connection }, Date.now());
    return scriptDenialText(verdict);
  }
}
