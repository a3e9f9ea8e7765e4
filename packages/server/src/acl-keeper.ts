// The users of the server: read at the start, changed by ACL and by CONFIG SET requirepass. The one
// place that changes them; the threads have copies, which are as new when a change is answered.
//
// All get a change at once. A worker may be busy with a script, and what is taken away from a user
// must not wait for that; until the answer a script may still be checked by what was before.

import { resolve as resolvePath } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AclLog,
  type AclLogEntry,
  type AclUser,
  AclUsers,
  applyAll,
  type ClientFacts,
  DEFAULT_USER,
  type DenialRecord,
  hasBlanks,
  joinSelectors,
  passwordHash,
  type UserChange,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { FrontHandle, MainRequest } from '@forgekv/front';
import { MOST_USER_NUMBER } from '@forgekv/rings';
import type { ShardHandle } from '@forgekv/shard';
import type { Logger } from 'pino';
import { readAclFile, writeAclFile } from './acl-file.ts';

const DEFAULT_NUMBER = 1;
/** ACL LOG does not wait longer for a worker that runs a script. */
const BUSY_WORKER_MS = 2000;
const NO_FILE =
  'ERR This Redis instance is not configured to use an ACL file. You may want to specify users ' +
  'via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis ' +
  'configuration file set) in order to store users in the Redis configuration.';
const NOT_SAVED =
  'ERR There was an error trying to save the ACLs. Please check the server logs for more ' +
  'information';
const TOO_MANY = `ERR there are ${MOST_USER_NUMBER} users already`;
const LINES_AND_FILE =
  'users are declared both by user lines of the configuration and by aclfile: use one of them';

/** The users that are configured cannot be used. */
export class AclError extends Error {
  override name = 'AclError';
  readonly code = 'ACL';
}

export interface AclKeeperModules {
  readonly config: Config;
  /** Names of files are relative to it. */
  readonly directory: string;
  /**
   * `requirepass` when it comes from a file of its own, else ''. It is the default user's at every
   * start, whatever a `user` line says, and no line ever has it: so it can be replaced there.
   */
  readonly secretPassword: string;
  readonly fronts: () => readonly FrontHandle[];
  readonly workers: () => readonly ShardHandle[];
  readonly log: Logger;
}

type Answer = string | number | null | readonly AclLogEntry[];

export class AclKeeper {
  readonly #m: AclKeeperModules;
  readonly #users = new AclUsers();
  readonly #denials = new AclLog();
  #lastNumber = DEFAULT_NUMBER;
  /** Ends with the change before: they reach all threads in the same order. */
  #before: Promise<unknown> = Promise.resolve();

  /** @throws AclError */
  constructor(modules: AclKeeperModules) {
    this.#m = modules;
    this.configure();
    const lines = modules.config.lines('user');
    const isFile = modules.config.text('aclfile') !== '';
    if (isFile && lines.length > 0) throw new AclError(LINES_AND_FILE);
    this.#takePassword();
    if (isFile) {
      const problem = this.#load();
      if (problem !== '') throw new AclError(problem);
      // Redis: without a line for the default user, nobody needs a password.
      if (!this.#isDefaultInFile) this.#takePassword();
    }
    for (const line of lines) this.#declare(line);
    if (modules.secretPassword !== '' && !isFile) this.#takePassword();
  }

  #isDefaultInFile = false;

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    this.#users.allChannels = this.#m.config.word('acl-pubsub-default') === 'allchannels';
  }

  /** Everybody, for a thread that starts. */
  get initial(): UserChange {
    return this.#users.toChange();
  }

  /**
   * Everybody, as the words behind `user` of lines of configuration; byte strings. Not the password
   * that is secret: without the file it is in, the default user then has none to log in with.
   */
  get lines(): readonly (readonly string[])[] {
    const { secretPassword } = this.#m;
    const secret = secretPassword === '' ? '' : `#${passwordHash(bytesOf(secretPassword))}`;
    return this.#users.lines().map((line) => {
      const [name = '', ...words] = line.split(' ').slice(1);
      return [name, ...words.filter((word) => name !== DEFAULT_USER || word !== secret)];
    });
  }

  // --- at the start ---

  /** A `user` line of the configuration; byte strings. */
  #declare([name = '', ...words]: readonly string[]): void {
    const failed = (why: string): AclError =>
      new AclError(`Error in user declaration '${name}': ${why}`);
    if (hasBlanks(name)) throw new AclError('Spaces not allowed in ACL usernames');
    const isDefault = name === DEFAULT_USER;
    if (!isDefault && this.#users.find(name) !== undefined) {
      throw failed('Duplicate user found. A user can only be defined once in config files');
    }
    const rules = joinSelectors(words);
    if ('openAt' in rules) throw failed('Unmatched parenthesis in selector definition');
    const user = this.#users.newUser(name);
    const failure = applyAll(user, isDefault ? ['reset', ...rules] : rules);
    if (failure !== null) throw failed(`${failure.rule}: ${failure.problem}`);
    if (!this.#place(user)) throw failed('too many users');
  }

  /** `requirepass` is the password of the default user. */
  #takePassword(): void {
    const user = this.#users.default.clone();
    const password = this.#m.config.text('requirepass');
    applyAll(user, ['resetpass', password === '' ? 'nopass' : `>${bytesOf(password)}`]);
    this.#place(user);
  }

  // --- changes ---

  /** CONFIG SET requirepass; resolves when all threads know. */
  passwordChanged(): Promise<unknown> {
    return this.#inOrder(async () => {
      this.#takePassword();
      await this.#tell([this.#users.default]);
      return null;
    });
  }

  /** Answers what fronts ask about users. */
  async serve(request: MainRequest): Promise<Answer> {
    switch (request.op) {
      case 'set-user':
        return this.#inOrder(() => this.#setUser(request.name, request.rules));
      case 'delete-users':
        return this.#inOrder(() => this.#deleteUsers(request.names));
      case 'load-users':
        return this.#inOrder(() => this.#reload());
      case 'save-users':
        return this.#inOrder(async () => this.#save());
      case 'denials':
        await this.#collect();
        return this.#denials.newest(request.count);
      case 'forget-denials':
        await this.#collect();
        this.#denials.reset();
        return null;
      default:
        return null;
    }
  }

  #inOrder<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#before.then(act);
    this.#before = done.catch(() => {});
    return done;
  }

  async #setUser(name: string, rules: readonly string[]): Promise<string> {
    const joined = joinSelectors(rules);
    if ('openAt' in joined) {
      const start = rules[joined.openAt];
      return `ERR Unmatched parenthesis in acl selector starting at '${start}'.`;
    }
    const known = this.#users.find(name);
    const user = known?.clone() ?? this.#users.newUser(name);
    const failure = applyAll(user, joined);
    if (failure !== null) {
      return `ERR Error in ACL SETUSER modifier '${failure.rule}': ${failure.problem}`;
    }
    if (!this.#place(user)) return TOO_MANY;
    await this.#tell([user]);
    this.#m.log.info(`user ${JSON.stringify(name)} has ${known ? 'changed' : 'been made'}`);
    return '';
  }

  async #deleteUsers(names: readonly string[]): Promise<number> {
    const gone = [...new Set(names)].filter((name) => this.#users.find(name) !== undefined);
    for (const name of gone) this.#users.delete(name);
    await this.#tell([], gone);
    return gone.length;
  }

  /** ACL LOAD. Redis: 7.0 closes the connections of all users but the default one. */
  async #reload(): Promise<string> {
    const { config } = this.#m;
    if (config.text('aclfile') === '') return NO_FILE;
    const before = this.#users.sorted().map(({ name }) => name);
    const problem = this.#load();
    if (problem !== '') return `ERR ${problem}`;
    const gone = before.filter((name) => this.#users.find(name) === undefined);
    await this.#tell(this.#users.sorted(), gone);
    return '';
  }

  /** Replaces all users by those of the file; '' or why not, and then nothing has changed. */
  #load(): string {
    const name = this.#m.config.text('aclfile');
    const outcome = readAclFile(this.#path(name), name, (user) => this.#users.newUser(user));
    if (!outcome.ok) return outcome.error;
    const { users } = outcome;
    if (users.size >= MOST_USER_NUMBER) return TOO_MANY;
    for (const { name: known } of this.#users.sorted()) {
      if (known !== DEFAULT_USER && !users.has(known)) this.#users.delete(known);
    }
    this.#isDefaultInFile = users.has(DEFAULT_USER);
    if (!this.#isDefaultInFile) this.#place(this.#users.newDefault());
    for (const user of users.values()) this.#place(user);
    return '';
  }

  #save(): string {
    const { config, log } = this.#m;
    const name = config.text('aclfile');
    if (name === '') return NO_FILE;
    try {
      writeAclFile(this.#path(name), this.#users.lines());
      return '';
    } catch (error) {
      log.warn(`saving the users to ${name}: ${(error as Error).message}`);
      return NOT_SAVED;
    }
  }

  #path(name: string): string {
    return resolvePath(this.#m.directory, name);
  }

  /** Puts a user in the place of the one of his name; false: there are too many. */
  #place(user: AclUser): boolean {
    const users = this.#users;
    let number = users.numberOf(user.name);
    if (number === 0) {
      if (users.size >= MOST_USER_NUMBER) return false;
      // One that has just become free may still be on its way somewhere.
      do this.#lastNumber = (this.#lastNumber % MOST_USER_NUMBER) + 1;
      while (users.withNumber(this.#lastNumber) !== undefined);
      number = this.#lastNumber;
    }
    users.set(user, number);
    return true;
  }

  async #tell(changed: readonly AclUser[], gone: readonly string[] = []): Promise<void> {
    const users = changed.map((user) => this.#users.lineOf(user));
    const change: UserChange = { users, gone };
    const { workers, fronts } = this.#m;
    const threads = [...fronts(), ...workers()];
    await Promise.all(threads.map((thread) => thread.changeUsers(change)));
  }

  // --- what was refused ---

  /** Takes what all threads have refused into the log; a worker that is busy may be late. */
  async #collect(): Promise<void> {
    const { workers, fronts } = this.#m;
    const ofFronts = await Promise.all(fronts().map((front) => front.query({ op: 'denials' })));
    this.#add(ofFronts.flatMap((records) => records as readonly DenialRecord[]));
    const all = Promise.all(
      workers().map(async (worker) => this.#add(await this.#nameClients(await worker.denials()))),
    );
    await Promise.race([all, pause(BUSY_WORKER_MS, null, { ref: false })]);
  }

  #add(records: readonly DenialRecord[]): void {
    this.#denials.add(records, this.#m.config.integer('acllog-max-len'));
  }

  /** Workers know only the numbers of their clients. */
  async #nameClients(records: readonly DenialRecord[]): Promise<DenialRecord[]> {
    const ids = records.map(({ denial }) => denial.client as number);
    if (ids.length === 0) return [];
    const query = { op: 'clients', filter: { ids } } as const;
    const answers = await Promise.all(this.#m.fronts().map((front) => front.query(query)));
    const clients = answers.flatMap((facts) => facts as ClientFacts[]);
    return records.map(({ denial, ...rest }) => {
      const client = clients.find(({ id }) => id === denial.client) ?? denial.client;
      return { ...rest, denial: { ...denial, client } };
    });
  }
}

/** The bytes of configured text, a character each. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}
