// One set of permissions of a user: commands, keys and channels. The rules that change it, and the
// same again as rules. A user has one, the root, and may have more of them.
//
// Redis: 7.0 shows the shortest set of rules that allows the same commands. Here, as from 7.2 on,
// rules about commands are shown as they were given, without those that later ones undo.

import { type AclCommands, lower } from './acl-commands.ts';
import { BytePattern } from './byte-pattern.ts';

export const MAY_READ = 1;
export const MAY_WRITE = 2;
const MAY_BOTH = MAY_READ | MAY_WRITE;

export const SYNTAX = 'Syntax error';
const UNKNOWN_NAME = 'Unknown command or category name in ACL';
const FIRST_OF_SUBCOMMAND = 'Allowing first-arg of a subcommand is not supported';
const KEY_AFTER_ALL =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have " +
  "any effect. Try 'resetkeys' to start with an empty list of patterns";
const CHANNEL_AFTER_ALL =
  "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not " +
  "have any effect. Try 'resetchannels' to start with an empty list of channels";

interface KeyPermission {
  readonly pattern: BytePattern;
  /** MAY_ bits. */
  readonly may: number;
}

export class AclSelector {
  allKeys = false;
  allChannels = false;
  /** Every command, those of later versions too. */
  allCommands = false;
  keys: readonly KeyPermission[] = [];
  channels: readonly BytePattern[] = [];
  readonly #commands: AclCommands;
  /** 1 by number: it may be called. */
  #allowed: Uint8Array;
  /** By number, first arguments (lower case) with which alone a command may be called. */
  #firstArguments: Map<number, readonly string[]>;
  /** The rules about commands behind the first, which is +@all or -@all. */
  #rules: readonly string[] = [];
  #beganWithAll = false;

  /** Allows nothing, but all channels where the configuration says so. */
  constructor(commands: AclCommands, allChannels: boolean) {
    this.#commands = commands;
    this.#allowed = new Uint8Array(commands.size);
    this.#firstArguments = new Map();
    this.allChannels = allChannels;
  }

  clone(): AclSelector {
    const copy = new AclSelector(this.#commands, this.allChannels);
    copy.allKeys = this.allKeys;
    copy.allCommands = this.allCommands;
    copy.keys = this.keys;
    copy.channels = this.channels;
    copy.#allowed = this.#allowed.slice();
    copy.#firstArguments = new Map(this.#firstArguments);
    copy.#rules = this.#rules;
    copy.#beganWithAll = this.#beganWithAll;
    return copy;
  }

  get allowsAll(): boolean {
    return this.allKeys && this.allChannels && this.allCommands;
  }

  /**
   * Applies a rule (latin-1 text).
   * @returns '' or why it cannot be, in Redis's words; then nothing has changed
   */
  apply(rule: string): string {
    switch (lower(rule)) {
      case 'allkeys':
      case '~*':
        this.allKeys = true;
        this.keys = [];
        return '';
      case 'resetkeys':
        this.allKeys = false;
        this.keys = [];
        return '';
      case 'allchannels':
      case '&*':
        this.allChannels = true;
        this.channels = [];
        return '';
      case 'resetchannels':
        this.allChannels = false;
        this.channels = [];
        return '';
      case 'allcommands':
      case '+@all':
        this.#setAll(true);
        return '';
      case 'nocommands':
      case '-@all':
        this.#setAll(false);
        return '';
    }
    const first = rule[0];
    if (first === '~') return this.#addKey(rule.slice(1), MAY_BOTH);
    if (first === '%') return this.#addLimitedKey(rule);
    if (first === '&') return this.#addChannel(rule.slice(1));
    if (first !== '+' && first !== '-') return SYNTAX;
    if (rule[1] === '@') return this.#setCategory(rule.slice(2), first === '+');
    return first === '+' ? this.#allow(rule.slice(1)) : this.#forbid(rule.slice(1));
  }

  // --- keys and channels ---

  #addLimitedKey(rule: string): string {
    const [, letters = '', pattern = ''] = /^%([rw]+)(?:~([\s\S]*))?$/i.exec(rule) ?? [];
    const named = lower(letters);
    if (named === '' || named.length > 2 || named === 'rr' || named === 'ww') {
      // Before it is looked at, as Redis does.
      return this.allKeys ? KEY_AFTER_ALL : SYNTAX;
    }
    const may = (named.includes('r') ? MAY_READ : 0) | (named.includes('w') ? MAY_WRITE : 0);
    return this.#addKey(pattern, may);
  }

  #addKey(text: string, may: number): string {
    if (this.allKeys) return KEY_AFTER_ALL;
    if (hasBlanks(text)) return SYNTAX;
    const known = this.keys.findIndex(({ pattern }) => pattern.text === text);
    if (known < 0) {
      this.keys = [...this.keys, { pattern: new BytePattern(text), may }];
    } else {
      this.keys = this.keys.map((key, i) => (i === known ? { ...key, may: key.may | may } : key));
    }
    return '';
  }

  #addChannel(text: string): string {
    if (this.allChannels) return CHANNEL_AFTER_ALL;
    if (hasBlanks(text)) return SYNTAX;
    if (!this.channels.some((pattern) => pattern.text === text)) {
      this.channels = [...this.channels, new BytePattern(text)];
    }
    return '';
  }

  // --- commands ---

  #setAll(isAllowed: boolean): void {
    this.#allowed.fill(isAllowed ? 1 : 0);
    this.#firstArguments.clear();
    this.#rules = [];
    this.allCommands = isAllowed;
    this.#beganWithAll = isAllowed;
  }

  #setCategory(name: string, isAllowed: boolean): string {
    const members = this.#commands.inCategory(name);
    if (members === undefined) return UNKNOWN_NAME;
    for (const id of members) this.#set(id, isAllowed);
    this.#note(`@${name}`, isAllowed);
    return '';
  }

  #forbid(name: string): string {
    const id = this.#commands.idOf(name);
    if (id < 0) return UNKNOWN_NAME;
    this.#set(id, false);
    this.#note(name, false);
    return '';
  }

  #allow(name: string): string {
    const bar = name.lastIndexOf('|');
    const id = this.#commands.idOf(bar < 0 ? name : name.slice(0, bar));
    if (id < 0) return UNKNOWN_NAME;
    if (bar < 0) {
      this.#set(id, true);
    } else {
      const sub = name.slice(bar + 1);
      if (this.#commands.isSubcommand(id)) return FIRST_OF_SUBCOMMAND;
      if (sub === '' || hasBlanks(name)) return SYNTAX;
      if (this.#commands.subcommandsOf(id) !== undefined) {
        const subId = this.#commands.idOf(name);
        if (subId < 0) return UNKNOWN_NAME;
        this.#set(subId, true);
      } else {
        this.#allowFirst(id, lower(sub));
      }
    }
    this.#note(name, true);
    return '';
  }

  #allowFirst(id: number, sub: string): void {
    const known = this.#firstArguments.get(id) ?? [];
    if (!known.includes(sub)) this.#firstArguments.set(id, [...known, sub]);
  }

  /** A container stands for all its subcommands. */
  #set(id: number, isAllowed: boolean): void {
    this.#allowed[id] = isAllowed ? 1 : 0;
    this.#firstArguments.delete(id);
    for (const sub of this.#commands.subcommandsOf(id) ?? []) {
      this.#allowed[sub] = isAllowed ? 1 : 0;
      this.#firstArguments.delete(sub);
    }
    if (!isAllowed) this.allCommands = false;
  }

  /** Notes a rule behind those before it, of which it undoes the ones about the same. */
  #note(name: string, isAllowed: boolean): void {
    const named = lower(name);
    const others = this.#rules.filter((rule) => {
      const other = rule.slice(1);
      return other !== named && !other.startsWith(`${named}|`);
    });
    this.#rules = [...others, `${isAllowed ? '+' : '-'}${named}`];
  }

  // --- asked ---

  /**
   * @param id number of a command
   * @param first its first argument in lower case; asked for only where that matters
   */
  allows(id: number, first: () => string | null): boolean {
    if (this.allCommands || this.#allowed[id] === 1) return true;
    const listed = this.#firstArguments.get(id);
    if (listed === undefined) return false;
    const given = first();
    return given !== null && listed.includes(given);
  }

  /** May it use the key in bytes[at..at+length) for all of the MAY_ bits? */
  allowsKey(bytes: Buffer, at: number, length: number, may: number): boolean {
    if (this.allKeys) return true;
    for (const key of this.keys) {
      if ((key.may & may) === may && key.pattern.matches(bytes, at, length)) return true;
    }
    return false;
  }

  /** May it read or write every key there is? */
  allowsEveryKey(may: number): boolean {
    if (this.allKeys) return true;
    return this.keys.some((key) => key.pattern.text === '*' && (key.may & may) === may);
  }

  /** @param isPattern it is a pattern to listen to: then it has to be one of the user's */
  allowsChannel(bytes: Buffer, at: number, length: number, isPattern: boolean): boolean {
    if (this.allChannels) return true;
    return this.channels.some((channel) =>
      isPattern ? channel.equals(bytes, at, length) : channel.matches(bytes, at, length),
    );
  }

  // --- as rules ---

  get commandRules(): string {
    return [this.#beganWithAll ? '+@all' : '-@all', ...this.#rules].join(' ');
  }

  get keyRules(): string {
    if (this.allKeys) return '~*';
    return this.keys.map(({ pattern, may }) => `${PREFIXES[may]}${pattern.text}`).join(' ');
  }

  get channelRules(): string {
    return this.allChannels ? '&*' : this.channels.map(({ text }) => `&${text}`).join(' ');
  }

  /**
   * All rules, as in the file of users.
   * @param isExact as they would have to be given: a `%RW~*` is shown as `~*`, which says more
   */
  describe(isExact = false): string {
    const keys = isExact ? this.keyRules.replace(/(?<= |^)~\*(?= |$)/, '%RW~*') : this.keyRules;
    const channels = this.allChannels ? '&*' : `resetchannels ${this.channelRules}`.trimEnd();
    return [this.allKeys ? '~*' : keys, channels, this.commandRules]
      .filter((part) => part !== '')
      .join(' ');
  }
}

const PREFIXES = ['', '%R~', '%W~', '~'] as const;

/** No name or pattern may have them: lines of rules could not be read again. */
export function hasBlanks(text: string): boolean {
  return /[ \t\n\v\f\r\0]/.test(text);
}
