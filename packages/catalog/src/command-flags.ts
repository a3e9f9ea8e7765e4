// The flags of a command as bits of one integer, for the dispatcher, which tests several of them
// on every command. The numbers live in memory only; nothing stores them.
import type { CommandFlag, CommandSpec, HiddenFlag } from './command-spec.ts';

/** Changes data. */
export const FLAG_WRITE = 1 << 0;
/** Reads data and never changes it. */
export const FLAG_READONLY = 1 << 1;
/** May need more memory: refused when `maxmemory` is reached. */
export const FLAG_DENYOOM = 1 << 2;
/** Belongs to a module in Redis. */
export const FLAG_MODULE = 1 << 3;
/** For administrators. */
export const FLAG_ADMIN = 1 << 4;
/** Publishes or subscribes. */
export const FLAG_PUBSUB = 1 << 5;
/** Not allowed inside scripts. */
export const FLAG_NOSCRIPT = 1 << 6;
/** May wait for other clients. */
export const FLAG_BLOCKING = 1 << 7;
/** Allowed while the data set is loading. */
export const FLAG_LOADING = 1 << 8;
/** Allowed on a replica whose data may be out of date. */
export const FLAG_STALE = 1 << 9;
/** Not shown by MONITOR. */
export const FLAG_SKIP_MONITOR = 1 << 10;
/** Not recorded in the slow log. */
export const FLAG_SKIP_SLOWLOG = 1 << 11;
/** Allowed for a slot that is being imported without ASKING. */
export const FLAG_ASKING = 1 << 12;
/** Takes constant or logarithmic time. */
export const FLAG_FAST = 1 << 13;
/** Allowed before logging in. */
export const FLAG_NO_AUTH = 1 << 14;
/** Takes keys, but may be called without any. */
export const FLAG_NO_MANDATORY_KEYS = 1 << 15;
/** Refused while loading in the background. */
export const FLAG_NO_ASYNC_LOADING = 1 << 16;
/** Not allowed inside a transaction. */
export const FLAG_NO_MULTI = 1 << 17;
/** Allowed while a script is over its time. */
export const FLAG_ALLOW_BUSY = 1 << 18;
/** Its keys cannot be told from first, last and step alone. */
export const FLAG_MOVABLE_KEYS = 1 << 19;
/** May write although it has no write flag, depending on its arguments. */
export const FLAG_MAY_REPLICATE = 1 << 20;
/** Touches keys that are not among its arguments. */
export const FLAG_TOUCHES_ARBITRARY_KEYS = 1 << 21;
/** Refused unless the configuration enables it. */
export const FLAG_PROTECTED = 1 << 22;

const BITS: Readonly<Record<CommandFlag | HiddenFlag, number>> = {
  write: FLAG_WRITE,
  readonly: FLAG_READONLY,
  denyoom: FLAG_DENYOOM,
  module: FLAG_MODULE,
  admin: FLAG_ADMIN,
  pubsub: FLAG_PUBSUB,
  noscript: FLAG_NOSCRIPT,
  blocking: FLAG_BLOCKING,
  loading: FLAG_LOADING,
  stale: FLAG_STALE,
  skip_monitor: FLAG_SKIP_MONITOR,
  skip_slowlog: FLAG_SKIP_SLOWLOG,
  asking: FLAG_ASKING,
  fast: FLAG_FAST,
  no_auth: FLAG_NO_AUTH,
  no_mandatory_keys: FLAG_NO_MANDATORY_KEYS,
  no_async_loading: FLAG_NO_ASYNC_LOADING,
  no_multi: FLAG_NO_MULTI,
  allow_busy: FLAG_ALLOW_BUSY,
  movablekeys: FLAG_MOVABLE_KEYS,
  may_replicate: FLAG_MAY_REPLICATE,
  touches_arbitrary_keys: FLAG_TOUCHES_ARBITRARY_KEYS,
  protected: FLAG_PROTECTED,
};

/** All flags of a command, hidden ones included, as FLAG_ bits. */
export function flagBitsOf(spec: CommandSpec): number {
  let bits = 0;
  for (const flag of [...spec.flags, ...spec.hidden]) bits |= BITS[flag];
  return bits;
}
