// What became of a command.

/** The reply is written. */
export const DONE = 0;
/** Nothing has changed and nothing was written: the same command runs on the key's worker. */
export const NOT_HERE = -1;
/** The pool is full; nothing has changed. */
export const FULL = -2;
/** A key is longer than the table takes; nothing has changed. */
export const KEY_TOO_LONG = -3;
/** The store cannot give the value; nothing has changed. The context says why. */
export const UNREADABLE = -4;
/** The key holds a value of another type; nothing has changed. */
export const OTHER_TYPE = -5;
/** The store is asked for a value; nothing has changed. The same command runs when it is there. */
export const AWAITS = -6;
/** The reply comes later; the connection waits for it. */
export const WAITING = 1;

/** On workers: it is run again from its beginning when the keys it asked for are read. */
export const PAGING = 2;

/** On workers: the rest of it is done in slices; see sliced-work.ts. */
export const SLICED = 3;

/** On workers: it waits for keys, as `blocking.wait` says; its reply comes when it is served. */
export const BLOCKED = 4;

/** DONE, NOT_HERE, FULL, AWAITS, WAITING, PAGING, SLICED or BLOCKED. */
export type Outcome = 0 | -1 | -2 | -6 | 1 | 2 | 3 | 4;
