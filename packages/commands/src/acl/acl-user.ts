// A user: whether and how one can log in as him, and what he may do. Once threads work by it, it
// is never changed: a change makes another one.

import { createHash, timingSafeEqual } from 'node:crypto';
import { type AclCommands, lower } from './acl-commands.ts';
import { AclSelector } from './acl-selector.ts';

const HASH = /^[0-9a-f]{64}$/;
const BAD_HASH =
  'The password hash must be exactly 64 characters and contain only lowercase hexadecimal ' +
  'characters';
const NO_SUCH_PASSWORD = 'The password you are trying to remove from the user does not exist';

/** What rules say of dumps; kept and shown, and nothing else: payloads are always checked. */
const SANITIZE = 'sanitize-payload';
const SKIP_SANITIZE = 'skip-sanitize-payload';

export interface AclDefaults {
  readonly commands: AclCommands;
  /** `acl-pubsub-default` */
  readonly allChannels: boolean;
}

export class AclUser {
  /** As latin-1. */
  readonly name: string;
  isEnabled = false;
  needsNoPassword = false;
  /** SHA-256 in hexadecimal digits. */
  passwords: readonly string[] = [];
  /** The root first. */
  selectors: readonly AclSelector[];
  #sanitize = '';
  readonly #defaults: AclDefaults;

  /** Nobody can log in as this one, and he may do nothing. */
  constructor(name: string, defaults: AclDefaults) {
    this.name = name;
    this.#defaults = defaults;
    this.selectors = [new AclSelector(defaults.commands, defaults.allChannels)];
  }

  /** @param name another one, for a user that begins as a copy of this one */
  clone(name = this.name): AclUser {
    const copy = new AclUser(name, this.#defaults);
    copy.isEnabled = this.isEnabled;
    copy.needsNoPassword = this.needsNoPassword;
    copy.passwords = this.passwords;
    copy.selectors = this.selectors.map((selector) => selector.clone());
    copy.#sanitize = this.#sanitize;
    return copy;
  }

  /** He may do everything: nothing has to be checked. */
  get allowsAll(): boolean {
    return this.selectors.some((selector) => selector.allowsAll);
  }

  /** One can be this user without logging in, if it is the one that connections begin as. */
  get isOpen(): boolean {
    return this.isEnabled && this.needsNoPassword;
  }

  /**
   * Applies a rule (latin-1 text).
   * @returns '' or why it cannot be, in Redis's words; then nothing has changed
   */
  apply(rule: string): string {
    if (rule === '') return '';
    const first = rule[0];
    if (first === '>' || first === '<') {
      const hash = passwordHash(rule.slice(1));
      return first === '>' ? this.#addPassword(hash) : this.#removePassword(hash);
    }
    if (first === '#' || first === '!') {
      const hash = rule.slice(1);
      if (!HASH.test(hash)) return BAD_HASH;
      return first === '#' ? this.#addPassword(hash) : this.#removePassword(hash);
    }
    if (first === '(' && rule.endsWith(')')) return this.#addSelector(rule.slice(1, -1));
    return this.#applyWord(rule);
  }

  #applyWord(rule: string): string {
    const word = lower(rule);
    switch (word) {
      case 'on':
      case 'off':
        this.isEnabled = word === 'on';
        return '';
      case 'nopass':
      case 'resetpass':
        this.needsNoPassword = word === 'nopass';
        this.passwords = [];
        return '';
      case SANITIZE:
      case SKIP_SANITIZE:
        this.#sanitize = word;
        return '';
      case 'clearselectors':
        this.selectors = this.selectors.slice(0, 1);
        return '';
      case 'reset':
        this.isEnabled = false;
        this.needsNoPassword = false;
        this.passwords = [];
        this.#sanitize = SANITIZE;
        this.selectors = [new AclSelector(this.#defaults.commands, this.#defaults.allChannels)];
        return '';
    }
    return this.selectors[0]!.apply(rule);
  }

  #addPassword(hash: string): string {
    if (!this.passwords.includes(hash)) this.passwords = [...this.passwords, hash];
    this.needsNoPassword = false;
    return '';
  }

  #removePassword(hash: string): string {
    if (!this.passwords.includes(hash)) return NO_SUCH_PASSWORD;
    this.passwords = this.passwords.filter((other) => other !== hash);
    return '';
  }

  #addSelector(rules: string): string {
    const selector = new AclSelector(this.#defaults.commands, this.#defaults.allChannels);
    for (const rule of rules.split(' ')) {
      if (rule === '') continue;
      const problem = selector.apply(rule);
      if (problem !== '') return problem;
    }
    this.selectors = [...this.selectors, selector];
    return '';
  }

  /** True when one logs in with this password; takes as long for any that is wrong. */
  hasPassword(password: Uint8Array): boolean {
    if (!this.isEnabled) return false;
    if (this.needsNoPassword) return true;
    const given = createHash('sha256').update(password).digest();
    let any = false;
    for (const hash of this.passwords) {
      if (timingSafeEqual(given, Buffer.from(hash, 'hex'))) any = true;
    }
    return any;
  }

  /** As ACL GETUSER lists them. */
  get flags(): string[] {
    const flags = [this.isEnabled ? 'on' : 'off'];
    if (this.needsNoPassword) flags.push('nopass');
    if (this.#sanitize !== '') flags.push(this.#sanitize);
    return flags;
  }

  /** ACL LIST, behind the name: the rules that make this user from a new one. */
  describe(): string {
    return this.rules().join(' ');
  }

  /**
   * The same rules one by one, selectors as a whole: a pattern may end with a parenthesis.
   * @param isExact see AclSelector
   */
  rules(isExact = false): string[] {
    const [root, ...others] = this.selectors.map((selector) => selector.describe(isExact));
    const passwords = this.passwords.map((hash) => `#${hash}`);
    const selectors = others.map((rules) => `(${rules})`);
    return [...this.flags, ...passwords, ...root!.split(' '), ...selectors];
  }
}

/** Words of rules, where a selector may stand over several; or where an open one begins. */
export function joinSelectors(words: readonly string[]): string[] | { readonly openAt: number } {
  const rules: string[] = [];
  let open: string[] = [];
  let openAt = -1;
  for (const [i, word] of words.entries()) {
    if (word.startsWith('(') && !word.endsWith(')')) {
      // Of several that are open, Redis takes the last.
      openAt = i;
      open = [word];
      continue;
    }
    if (openAt < 0) {
      rules.push(word);
      continue;
    }
    open.push(word);
    if (!word.endsWith(')')) continue;
    rules.push(open.join(' '));
    openAt = -1;
  }
  return openAt < 0 ? rules : { openAt };
}

/** Applies rules in order; returns '' or what is wrong with which. */
export function applyAll(
  user: AclUser,
  rules: readonly string[],
): { readonly rule: string; readonly problem: string } | null {
  for (const rule of rules) {
    const problem = user.apply(rule);
    if (problem !== '') return { rule, problem };
  }
  return null;
}

/** What is kept of a password (latin-1), and stands for it behind `#` in lines of rules. */
export function passwordHash(password: string): string {
  return createHash('sha256').update(password, 'latin1').digest('hex');
}
