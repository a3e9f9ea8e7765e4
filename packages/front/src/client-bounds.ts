// The bounds of one connection: what it may send without it being a command, what it may leave
// unread, how much it may ask for at once, how long it may say nothing. Whoever exceeds one is
// dropped, with a line in the log; nobody else notices.

import { outputLimitBytes, replyLimitBytes } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { type Connection, READY, STRANGER_BYTES } from './connection.ts';

/** Input kept for a connection that cannot execute at the moment, before it is not read on. */
const MOST_WAITING_INPUT_BYTES = 1024 * 1024;
/** Input before authentication. */
const MOST_UNAUTHENTICATED_BYTES = 1024 * 1024;
/**
 * Redis: newer versions close who has yet to log in with the first kilobyte that waits. Here he may
 * read on for a while, but nothing is executed for him meanwhile.
 */
const STRANGER_LIMIT = { softBytes: STRANGER_BYTES, softSeconds: 5 };
/** Time an unfinished command may go without a further byte, in milliseconds. */
const HALF_FRAME_MS = 120_000;

export class ClientBounds {
  readonly #config: Config;
  readonly #log: (message: string) => void;
  #outputBytes = 0;
  #softOutput = { softBytes: 0, softSeconds: 0 };
  /** The same for connections that listen to channels. */
  #listenerBytes = 0;
  #softListener = { softBytes: 0, softSeconds: 0 };
  /** Replies in bytes that one batch of commands may make. */
  replyBytes = 0;

  constructor(config: Config, log: (message: string) => void) {
    this.#config = config;
    this.#log = log;
    this.configure();
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    const { normal, pubsub } = this.#config.outputBufferLimits();
    this.#outputBytes = outputLimitBytes(this.#config);
    this.#softOutput = normal;
    this.#listenerBytes = pubsub.hardBytes || this.#outputBytes;
    this.#softListener = pubsub;
    this.replyBytes = replyLimitBytes(this.#config);
  }

  /** True when clients may leave only so much unread. */
  get limitsOutput(): boolean {
    const { hardBytes, softBytes } = this.#config.outputBufferLimits().normal;
    return hardBytes > 0 || softBytes > 0;
  }

  /** Bounds the input that is kept of a connection; called after every read that left some. */
  checkInput(connection: Connection): void {
    const waiting = connection.pending.length;
    if (connection.state !== READY) {
      // Whole commands that wait for their turn: the limit is for one that does not end.
      const most = connection.authenticated ? MOST_WAITING_INPUT_BYTES : STRANGER_BYTES;
      if (waiting > most) connection.pauseReading();
      return;
    }
    const limit = connection.limits.authenticated
      ? this.#config.bytes('client-query-buffer-limit')
      : MOST_UNAUTHENTICATED_BYTES;
    const kept = waiting + (connection.queue?.length ?? 0);
    if (kept <= limit) return;
    this.#drop(connection, `exceeds its query buffer: ${kept} of ${limit} bytes`);
  }

  /** Drops a connection for which more replies wait than it may leave unread; true if it did. */
  dropIfDeaf(connection: Connection): boolean {
    const waiting = connection.socket.writableLength + connection.heldMessageBytes;
    const limit = connection.isListening ? this.#listenerBytes : this.#outputBytes;
    if (waiting <= limit) return false;
    this.#drop(connection, `does not read its replies: ${waiting} bytes wait`);
    return true;
  }

  /** Drops a connection that asked for more at once than anybody may. */
  dropTooLarge(connection: Connection): void {
    this.#drop(connection, `asked for more replies at once than ${this.replyBytes} bytes`);
  }

  /** Drops a connection so that all of them together have less in memory. */
  evict(connection: Connection, bytes: number): void {
    this.#drop(connection, `is the largest, with ${bytes} bytes, and clients have too many`);
  }

  /** Looks after a connection once a second. */
  eachSecond(connection: Connection, nowMs: number): void {
    if (this.dropIfDeaf(connection)) return;
    if (this.#isSlow(connection, nowMs)) {
      const waiting = connection.socket.writableLength;
      this.#drop(connection, `does not read its replies in time: ${waiting} bytes wait`);
    } else if (connection.state === READY) {
      this.#dropIfIdle(connection, nowMs);
    }
  }

  /** True when more than the soft limit has waited for longer than its seconds. */
  #isSlow(connection: Connection, nowMs: number): boolean {
    const { softBytes, softSeconds } = this.#softLimit(connection);
    if (softBytes === 0 || connection.socket.writableLength <= softBytes) {
      connection.overSoftLimitSinceMs = 0;
      return false;
    }
    if (connection.overSoftLimitSinceMs === 0) connection.overSoftLimitSinceMs = nowMs;
    return nowMs - connection.overSoftLimitSinceMs > softSeconds * 1000;
  }

  #softLimit(connection: Connection): { softBytes: number; softSeconds: number } {
    if (!connection.authenticated) return STRANGER_LIMIT;
    return connection.isListening ? this.#softListener : this.#softOutput;
  }

  #dropIfIdle(connection: Connection, nowMs: number): void {
    const idleMs = this.#config.integer('timeout') * 1000;
    // Redis: half a command may wait for its other half for ever unless `timeout` is set.
    const halfFrameMs = idleMs > 0 ? Math.min(idleMs, HALF_FRAME_MS) : HALF_FRAME_MS;
    // Who listens has nothing to say.
    const silentMs = connection.isListening ? 0 : idleMs;
    const limitMs = connection.pending.length > 0 ? halfFrameMs : silentMs;
    if (limitMs > 0 && nowMs - connection.lastActiveMs > limitMs) connection.drop();
  }

  #drop(connection: Connection, why: string): void {
    this.#log(`client ${connection.id} at ${connection.address} ${why}; the connection is closed`);
    connection.drop();
  }
}
