// The shape of one command as data: as it is written in a family file, and as it is resolved. No
// data and no behaviour here.

/** Flags COMMAND INFO shows, in the order it shows them. */
export const COMMAND_FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'module',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'allow_busy',
  'movablekeys',
] as const;
export type CommandFlag = (typeof COMMAND_FLAGS)[number];

/** Flags that steer the server but that COMMAND INFO does not show. */
export const HIDDEN_FLAGS = ['may_replicate', 'touches_arbitrary_keys', 'protected'] as const;
export type HiddenFlag = (typeof HIDDEN_FLAGS)[number];

/** ACL categories in the order of ACL CAT; those of the modules come last. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
  'json',
  'bloom',
  'cuckoo',
  'cms',
  'topk',
  'tdigest',
] as const;
export type AclCategory = (typeof ACL_CATEGORIES)[number];

/** Group of COMMAND DOCS; families of a module all show up there as `module`. */
export type CommandGroup =
  | 'bitmap'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'module'
  | 'pubsub'
  | 'scripting'
  | 'cluster'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'string'
  | 'transactions';

/** Flags of a key, in the order COMMAND INFO shows them. */
export const KEY_FLAGS = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
] as const;
export type KeyFlag = (typeof KEY_FLAGS)[number];

/** Where keys are, then what happens to them; `key-spec.ts` has the grammar. */
export type KeySpecText = `${string} ${KeyFlag}`;

/** Where the search for keys starts. `at` and `from` are argument indexes; name = 0. */
export type KeyBegin =
  | { readonly kind: 'index'; readonly at: number }
  | { readonly kind: 'keyword'; readonly word: string; readonly from: number }
  | { readonly kind: 'unknown' };

/**
 * Which arguments are keys, counted from where the search starts. `last` is relative to that when
 * not negative, else to the end of the command (-1 = the last argument); `limit` 2 means that only
 * the first half of the range are keys. `keynum` reads the number of keys from the command.
 */
export type KeyFind =
  | {
      readonly kind: 'range';
      readonly last: number;
      readonly step: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'keynum';
      readonly numAt: number;
      readonly firstAt: number;
      readonly step: number;
    }
  | { readonly kind: 'unknown' };

export interface KeySpec {
  readonly begin: KeyBegin;
  readonly find: KeyFind;
  readonly flags: readonly KeyFlag[];
}

/** A command or subcommand as written in a family file. */
export interface LeafEntry {
  /** One line, our own words. */
  readonly summary: string;
  /** Cost in big-O. */
  readonly complexity: string;
  /** First version of Redis, or of the module, that has it. */
  readonly since: string;
  /** Number of arguments, name (and container) included; negative = at least that many. */
  readonly arity: number;
  /** Without `module` and `movablekeys`, which follow from the family and the keys. */
  readonly flags: readonly Exclude<CommandFlag, 'module' | 'movablekeys'>[];
  readonly hidden?: readonly HiddenFlag[];
  /** Every category the command is in, those that its flags imply included. */
  readonly acl: readonly AclCategory[];
  readonly keys?: readonly KeySpecText[];
  /** What follows the name; `argument-syntax.ts` has the grammar. */
  readonly args?: string;
  /**
   * RESP3 shape: str int double nil; `[T]` array, `(A,B)` tuple, `uniq[T]` distinct items,
   * `set[T]` set, `{k:T}` and `map<T>` map.
   */
  readonly reply?: string;
  /** Hints for proxies and cluster clients, as COMMAND INFO shows them. */
  readonly tips?: readonly string[];
  /** Version that deprecated it. */
  readonly deprecated?: string;
  /** What to use instead of a deprecated command. */
  readonly replacedBy?: string;
}

/** A command as written in a family file; with `subcommands` it is a container. */
export interface CommandEntry extends LeafEntry {
  readonly subcommands?: Readonly<Record<Uppercase<string>, LeafEntry>>;
}

/** A family file: entries by upper-case name. */
export type CommandFamily = Readonly<Record<Uppercase<string>, CommandEntry>>;

/** Arguments that the plain first/last/step description names; 0 0 0 = none. */
export interface LegacyRange {
  readonly first: number;
  /** Negative = from the end of the command. */
  readonly last: number;
  readonly step: number;
}

/** A command or subcommand with everything that follows from its entry and its family. */
export interface CommandSpec {
  /** As replies and errors spell it: `get`, `client|id`. */
  readonly name: string;
  /** As handlers and configuration spell it: `GET`, `CLIENT|ID`. */
  readonly upperName: string;
  /** Upper-case name of the container of a subcommand, else null. */
  readonly container: string | null;
  readonly isContainer: boolean;
  readonly group: CommandGroup;
  /** Name of the module as MODULE LIST shows it, null for the core. */
  readonly module: string | null;
  readonly summary: string;
  readonly complexity: string;
  readonly since: string;
  readonly arity: number;
  /** In the order of COMMAND_FLAGS. */
  readonly flags: readonly CommandFlag[];
  readonly hidden: readonly HiddenFlag[];
  /** In the order of ACL_CATEGORIES. */
  readonly acl: readonly AclCategory[];
  readonly keys: readonly KeySpec[];
  readonly legacy: LegacyRange;
  /** True when the legacy range names exactly the keys, whatever the arguments are. */
  readonly isLegacyExact: boolean;
  readonly args: string;
  readonly reply: string | null;
  readonly tips: readonly string[];
  readonly deprecated: string | null;
  readonly replacedBy: string | null;
}
