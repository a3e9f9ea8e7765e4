// What fronts and workers say to each other over the rings.
//
// A run is a sequence of commands of one connection. The front sends their RESP bytes as one
// message, cut into frames where it must be; the worker executes them in order and sends the
// replies back the same way. Where the worker meets a command that only another worker can
// run, it stops and sends the bytes it did not execute back.

/**
 * Front to worker. a = connection, b = RUN_ flags | database << 8 | number of the user << 18, c =
 * bytes of the message. The number is 0 for users who may do everything.
 */
export const KIND_RUN = 1;
/** Front to worker: the message goes on. a = connection. */
export const KIND_MORE = 2;
/** Worker to front: replies. a = connection, b = a REPLY_ constant. */
export const KIND_REPLY = 3;
/**
 * Worker to front: commands not executed, before the run's last reply. a = connection, c = bytes of
 * the message.
 */
export const KIND_LEFTOVER = 4;
/** Worker to front: replies that may never be seen, as KIND_REPLY: close the connection. */
export const KIND_LOST = 5;

/**
 * Front to worker: goes on with a reply after REPLY_PAUSE. a = connection, b = a GO_ constant. It
 * may come too late for its run: that only lets another reply go on that could have waited.
 */
export const KIND_GO = 9;

/**
 * Worker to front: the reply of the next command of a transaction that the front itself has to
 * execute belongs here. a = connection.
 */
export const KIND_YOURS = 6;
/** Worker to front: the keys that WATCH noted, before its reply. a = connection. */
export const KIND_WATCHED = 7;
/** Front to worker: nobody reads the replies any more. a = connection. It may be left out. */
export const KIND_GONE = 8;

/** More replies of the run follow. */
export const REPLY_MORE = 0;
/** The run ends with this frame. */
export const REPLY_LAST = 1;
/** The run ended with a reply that is larger than a client may ask for: close the connection. */
export const REPLY_TOO_LARGE = 2;

/** The same as REPLY_MORE, but a long reply waits for KIND_GO: the client may read slowly. */
export const REPLY_PAUSE = 3;

/** The client has read what there was. */
export const GO_ON = 0;
/** The rest is wanted at once, whoever reads it. */
export const GO_TO_END = 1;
/** Nobody wants the rest. */
export const GO_AWAY = 2;

/** The connection speaks RESP3. */
export const RUN_RESP3 = 1;
/** CLIENT NO-TOUCH is on. */
export const RUN_NO_TOUCH = 2;
/**
 * The run is a transaction: its first command has one argument, the keys that are watched, and the
 * rest are executed as one.
 */
export const RUN_BLOCK = 4;

/** Where the number of the user begins in the flags of a run. */
export const RUN_USER_SHIFT = 18;
/** Users who may not do everything have numbers up to this. */
export const MOST_USER_NUMBER = 2 ** 14 - 1;

/** The database in the flags of a run. */
export function runDatabase(flags: number): number {
  return (flags >>> 8) & 0x3ff;
}

/**
 * Worker to front: the run's only command waits. a = connection, b = slot, c = ticket; payload:
 * milliseconds until it has waited long enough, as a float64, 0 = for ever.
 */
export const KIND_BLOCKED = 12;
/**
 * Worker to front: one that waited is served; its reply follows, as that of a run. It may come
 * from another worker than KIND_BLOCKED and before that. a = connection, b = slot, c = ticket.
 */
export const KIND_SERVED = 13;
/** Front to worker: it has ended a wait. a = connection, b = slot, c = ticket. */
export const KIND_UNBLOCKED = 14;
/**
 * Worker to front: a command that took long, for the slow log, before its reply. a = connection,
 * 0: it was called by a script. The payload is that of `sealSlowCommand`.
 */
export const KIND_SLOW = 15;
