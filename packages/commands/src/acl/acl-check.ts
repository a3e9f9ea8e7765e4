// Whether a user may call a command as it is in a request: its name, the keys it names, and the
// channels. Keys come from the catalog, so what is checked is what is locked and routed by.

import {
  type CommandTable,
  extractKeysAndFlags,
  FLAG_NO_AUTH,
  type KeyFlag,
} from '@forgekv/catalog';
import type { Request } from '../request.ts';
import { type AclCommands, lower } from './acl-commands.ts';
import { type AclSelector, MAY_READ, MAY_WRITE } from './acl-selector.ts';
import type { AclUser } from './acl-user.ts';

export const PERMITTED = 0;
/** In the order of Redis: of several selectors, the one that comes furthest says what is wrong. */
export const DENIED_COMMAND = 1;
export const DENIED_KEY = 2;
export const DENIED_CHANNEL = 4;
export type Verdict =
  | typeof PERMITTED
  | typeof DENIED_COMMAND
  | typeof DENIED_KEY
  | typeof DENIED_CHANNEL;

// Where the keys of a command are, if that is simple: MAY_ bits that all of them need.
const NO_KEYS = -1;
const KEYS_DEPEND = -2;

const NO_CHANNELS = 0;
const ONE_CHANNEL = 1;
const CHANNELS = 2;
const PATTERNS = 3;
const CHANNEL_KINDS: Readonly<Record<string, number>> = {
  publish: ONE_CHANNEL,
  spublish: ONE_CHANNEL,
  subscribe: CHANNELS,
  ssubscribe: CHANNELS,
  psubscribe: PATTERNS,
};

const SORT_OPTIONS: Readonly<Record<string, number>> = {
  ...{ asc: 1, desc: 1, alpha: 1, limit: 3, store: 2, by: 2, get: 2 },
};

interface KeyNeed {
  readonly index: number;
  readonly may: number;
}

/** One per thread. */
export class AclCheck {
  readonly #table: CommandTable;
  /** By command id of this thread, the number that rules have for it. */
  readonly #numbers: Int32Array;
  readonly #keyNeeds: Int8Array;
  readonly #channelKinds: Uint8Array;
  readonly #sorts: Uint8Array;
  /** The argument that the last check has refused; 0: the command itself. */
  index = 0;
  #request!: Request;
  #at = 0;
  #needs: readonly KeyNeed[] | null = null;
  readonly #first = (): string | null =>
    this.#request.argc < 2 ? null : lower(this.#request.text(1));

  constructor(table: CommandTable, commands: AclCommands) {
    this.#table = table;
    this.#numbers = Int32Array.from(table.names, (name) => commands.idOf(name));
    this.#keyNeeds = Int8Array.from(table.names, (_, id) => keyNeedOf(table, id));
    this.#channelKinds = Uint8Array.from(table.names, (name) => CHANNEL_KINDS[name] ?? NO_CHANNELS);
    this.#sorts = Uint8Array.from(table.names, (name) =>
      name === 'sort' || name === 'sort_ro' ? 1 : 0,
    );
  }

  /** @param request its arguments; their number need not be right */
  check(user: AclUser, id: number, request: Request): Verdict {
    this.#request = request;
    this.#needs = null;
    let worst: Verdict = DENIED_COMMAND;
    let worstAt = 0;
    for (const selector of user.selectors) {
      this.#at = 0;
      const verdict = this.#checkSelector(selector, id);
      if (verdict === PERMITTED) return PERMITTED;
      if (verdict > worst || (verdict === worst && this.#at > worstAt)) {
        worst = verdict;
        worstAt = this.#at;
      }
    }
    this.index = worstAt;
    return worst;
  }

  #checkSelector(selector: AclSelector, id: number): Verdict {
    const isForAll = (this.#table.flagBits[id]! & FLAG_NO_AUTH) !== 0;
    if (!isForAll && !selector.allows(this.#numbers[id]!, this.#first)) return DENIED_COMMAND;
    if (!selector.allKeys && !this.#allowsKeys(selector, id)) return DENIED_KEY;
    const kind = this.#channelKinds[id]!;
    if (kind !== NO_CHANNELS && !selector.allChannels && !this.#allowsChannels(selector, kind)) {
      return DENIED_CHANNEL;
    }
    return PERMITTED;
  }

  #allowsKeys(selector: AclSelector, id: number): boolean {
    const may = this.#keyNeeds[id]!;
    if (may === NO_KEYS) return true;
    if (may === KEYS_DEPEND) {
      this.#needs ??= this.#findKeys(id);
      for (const { index, may } of this.#needs) {
        if (!this.#allowsKey(selector, index, may)) return false;
      }
      return true;
    }
    const table = this.#table;
    const { argc } = this.#request;
    const last = table.lastKey[id]! < 0 ? argc + table.lastKey[id]! : table.lastKey[id]!;
    const step = table.keyStep[id]!;
    for (let i = table.firstKey[id]!; i <= last && i < argc; i += step) {
      if (!this.#allowsKey(selector, i, may)) return false;
    }
    return true;
  }

  #allowsKey(selector: AclSelector, index: number, may: number): boolean {
    this.#at = index;
    const { bytes } = this.#request;
    const at = this.#request.offset(index);
    return selector.allowsKey(bytes, at, this.#request.length(index), may);
  }

  #findKeys(id: number): KeyNeed[] {
    const request = this.#request;
    const uses = extractKeysAndFlags(this.#table, id, request.argc, (i) => request.slice(i));
    return (uses ?? [])
      .filter(({ index }) => index < request.argc)
      .map(({ index, flags }) => ({ index, may: needOf(flags) }));
  }

  #allowsChannels(selector: AclSelector, kind: number): boolean {
    const request = this.#request;
    const end = kind === ONE_CHANNEL ? Math.min(2, request.argc) : request.argc;
    for (let i = 1; i < end; i++) {
      this.#at = i;
      const isPattern = kind === PATTERNS;
      const at = request.offset(i);
      if (!selector.allowsChannel(request.bytes, at, request.length(i), isPattern)) return false;
    }
    return true;
  }

  /**
   * Why a SORT of a user who may call it, and use its keys, is refused for what it leads to, as an
   * error reply; or ''. BY and GET read keys that nobody names: for who may read them all. What is
   * wrong before that, SORT itself says.
   */
  sortProblem(user: AclUser, id: number, request: Request): string {
    if (this.#sorts[id] === 0 || request.argc < 3) return '';
    for (let i = 2; i < request.argc; ) {
      const word = lower(request.text(i));
      const width = SORT_OPTIONS[word] ?? 0;
      if (width === 0 || i + width > request.argc) return '';
      const isNumbers = word !== 'limit' || isIntegers(request, i + 1);
      if (!isNumbers) return '';
      const looksUp = word === 'get' || (word === 'by' && request.slice(i + 1).includes(0x2a));
      if (looksUp && !this.#readsAll(user, id, request)) {
        const option = word.toUpperCase();
        return `ERR ${option} option of SORT denied due to insufficient ACL permissions.`;
      }
      i += width;
    }
    return '';
  }

  /** One selector allows the command and every key. */
  #readsAll(user: AclUser, id: number, request: Request): boolean {
    this.#request = request;
    this.#needs = null;
    return user.selectors.some(
      (selector) =>
        selector.allowsEveryKey(MAY_READ) && this.#checkSelector(selector, id) === PERMITTED,
    );
  }
}

function isIntegers(request: Request, at: number): boolean {
  return request.int64(at) !== null && request.int64(at + 1) !== null;
}

/** What the keys of a command need, if they are at fixed places and all need the same. */
function keyNeedOf(table: CommandTable, id: number): number {
  const { keys } = table.specs[id]!;
  if (keys.every(({ flags }) => flags.includes('not_key'))) return NO_KEYS;
  if (table.isKeyRangeExact[id] === 0) return KEYS_DEPEND;
  const needs = new Set(keys.map(({ flags }) => needOf(flags)));
  const varies = keys.some(({ flags }) => flags.includes('variable_flags'));
  return varies || needs.size > 1 ? KEYS_DEPEND : [...needs][0]!;
}

/** A key whose value is neither shown nor changed (EXISTS, TYPE) needs no more than a pattern. */
function needOf(flags: readonly KeyFlag[]): number {
  const reads = flags.includes('access');
  const writes = ['insert', 'delete', 'update'].some((flag) => flags.includes(flag as KeyFlag));
  return (reads ? MAY_READ : 0) | (writes ? MAY_WRITE : 0);
}
