// The front's end of the rings: sends runs to workers, takes their replies.

import type { ThreadStats } from '@forgekv/commands';
import {
  type Doorbell,
  KIND_BLOCKED,
  KIND_GO,
  KIND_GONE,
  KIND_LEFTOVER,
  KIND_LOST,
  KIND_MESSAGE,
  KIND_MESSAGE_MORE,
  KIND_MORE,
  KIND_REPLY,
  KIND_RUN,
  KIND_SERVED,
  KIND_SLOW,
  KIND_UNBLOCKED,
  KIND_WATCHED,
  KIND_YOURS,
  type Message,
  MessageIntake,
  REPLY_LAST,
  REPLY_PAUSE,
  REPLY_TOO_LARGE,
  RingConsumer,
  RingProducer,
} from '@forgekv/rings';

/** Replies taken from one worker before the tick ends, in bytes. */
const POLL_BYTES = 1024 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** A front's links to one worker. */
export interface WorkerLink {
  requests: SharedArrayBuffer;
  replies: SharedArrayBuffer;
  doorbell: Doorbell;
}

/** bytes[offset..offset+length) of commands that are `total` bytes long. */
export interface LeftoverPart {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly total: number;
}

/** What arrives for a connection. */
export interface HopEvents {
  /** Replies of a run: bytes[offset..offset+length); `last` ends the run. */
  replied(connection: number, bytes: Buffer, offset: number, length: number, last: boolean): void;
  /** A run waits on a worker, which is no matter of `outstanding`; 0 ms = for ever. */
  blocked(
    connection: number,
    worker: number,
    slot: number,
    ticket: number,
    timeoutMs: number,
  ): void;
  /** What such a run waited for is there; its reply follows as if it were outstanding. */
  served(slot: number, ticket: number): void;
  /** A worker waits until `goOn` with the rest of a reply. */
  paused(connection: number, worker: number): void;
  /** A run ended with a reply that is larger than a client may ask for. */
  tooLarge(connection: number): void;
  /** Replies of a run may never be seen. */
  lost(connection: number): void;
  /** A command of a transaction that the front itself has to execute comes next. */
  yours(connection: number): void;
  /** A command took long. @param connection 0: a script has called it */
  slow(connection: number, sealed: Buffer): void;
  /** A part of the keys that WATCH noted. */
  watched(connection: number, bytes: Buffer): void;
  /** Commands the worker could not execute, sent before the run's last reply. */
  leftover(connection: number, part: LeftoverPart): void;
  /** A worker has published a message; its bytes are valid until the call returns. */
  published(message: Message): void;
  /** True while no more messages should come. */
  isClogged(): boolean;
}

interface Link {
  readonly requests: RingProducer;
  readonly replies: RingConsumer;
  readonly doorbell: Doorbell;
  readonly intake: MessageIntake;
  /** Runs that did not fit the ring, in the order of their turns. */
  readonly backlog: WaitingRun[];
}

interface WaitingRun {
  readonly kind: number;
  readonly connection: number;
  readonly flags: number;
  readonly bytes: Buffer;
  sent: number;
  /** Of KIND_UNBLOCKED, whose slot is in `flags`. */
  readonly ticket: number;
}

const NOTHING = { connection: 0, flags: 0, bytes: NO_BYTES, sent: 0, ticket: 0 };

export class HopClient {
  readonly #links: Link[];
  readonly #events: HopEvents;
  readonly #stats: ThreadStats;
  /** Runs sent and not yet answered. */
  outstanding = 0;

  constructor(links: readonly WorkerLink[], events: HopEvents, stats: ThreadStats) {
    this.#events = events;
    this.#stats = stats;
    this.#links = links.map((link) => ({
      requests: new RingProducer(link.requests),
      replies: new RingConsumer(link.replies),
      doorbell: link.doorbell,
      intake: new MessageIntake(),
      backlog: [],
    }));
  }

  /**
   * Sends a run; nothing is visible to the worker before `flush`.
   * @param flags RUN_ flags | database << 8
   * @param isGiven the bytes stay as they are for as long as somebody has them
   */
  send(
    worker: number,
    connection: number,
    flags: number,
    bytes: Buffer,
    start: number,
    end: number,
    isGiven = false,
  ): void {
    this.outstanding++;
    this.#stats.hops++;
    const link = this.#links[worker]!;
    const length = end - start;
    // Past larger ones that wait: of a connection there is never more than one.
    if (length <= link.requests.maxPayload) {
      const at = link.requests.reserve(length, KIND_RUN, connection, flags, length, 0);
      if (at >= 0) {
        link.requests.bytes.set(bytes.subarray(start, end), at);
        return;
      }
      this.#stats.ringFull++;
    }
    const run = bytes.subarray(start, end);
    const kept = isGiven ? run : Buffer.from(run);
    link.backlog.push({ ...NOTHING, kind: KIND_RUN, connection, flags, bytes: kept });
    this.#sendBacklog(link);
  }

  /**
   * Tells a worker how to go on with the reply of a connection, as visible as a run.
   * @param how a GO_ constant
   */
  goOn(worker: number, connection: number, how: number): void {
    const link = this.#links[worker]!;
    if (link.requests.reserve(0, KIND_GO, connection, how, 0, 0) >= 0) return;
    link.backlog.push({ ...NOTHING, kind: KIND_GO, connection, flags: how });
  }

  /** Tells a worker that a wait that it began has ended, as visible as a run. */
  unblocked(worker: number, slot: number, ticket: number): void {
    const link = this.#links[worker]!;
    if (link.requests.reserve(0, KIND_UNBLOCKED, 0, slot, ticket, 0) >= 0) return;
    link.backlog.push({ ...NOTHING, kind: KIND_UNBLOCKED, flags: slot, ticket });
  }

  /** Tells a worker that a connection is closed, unless it is behind with what it was sent. */
  gone(worker: number, connection: number): void {
    const { backlog, requests } = this.#links[worker]!;
    if (backlog.length === 0) requests.reserve(0, KIND_GONE, connection, 0, 0, 0);
  }

  /** A frame of each in turn, so that nobody waits for all of a large one. */
  #sendBacklog(link: Link): void {
    const { requests, backlog } = link;
    while (backlog.length > 0) {
      const message = backlog[0]!;
      const rest = message.bytes.length - message.sent;
      const length = Math.min(rest, requests.maxPayload);
      const kind = message.sent === 0 ? message.kind : KIND_MORE;
      const { connection, flags } = message;
      const last = kind === KIND_UNBLOCKED ? message.ticket : message.bytes.length;
      const at = requests.reserve(length, kind, connection, flags, last, 0);
      if (at < 0) return;
      requests.bytes.set(message.bytes.subarray(message.sent, message.sent + length), at);
      message.sent += length;
      backlog.shift();
      if (message.sent < message.bytes.length) backlog.push(message);
    }
  }

  /** Makes what was sent visible and wakes the workers: once at the end of a tick. */
  flush(): void {
    for (const link of this.#links) {
      if (link.backlog.length > 0) this.#sendBacklog(link);
      if (link.requests.publish()) link.doorbell.ring();
    }
  }

  /**
   * Hands out the replies there are, some POLL_BYTES of each worker at most: workers go on
   * filling the rings meanwhile, and the sockets want to be written to in between.
   * @returns true when there was any
   */
  poll(): boolean {
    let any = false;
    for (const [worker, link] of this.#links.entries()) {
      const { replies } = link;
      let bytes = 0;
      // A worker may wait for that, since no front waits for it.
      if (this.#events.isClogged()) continue;
      while (bytes < POLL_BYTES && replies.next()) {
        any = true;
        bytes += replies.payloadBytes;
        this.#take(replies, worker, link.intake);
      }
      if (replies.release()) link.doorbell.ring();
    }
    return any;
  }

  #take(replies: RingConsumer, worker: number, intake: MessageIntake): void {
    const { kind, a: connection, payloadOffset, payloadBytes } = replies;
    if (kind === KIND_REPLY) {
      const { b } = replies;
      if (b === REPLY_LAST || b === REPLY_TOO_LARGE) this.outstanding--;
      if (b === REPLY_TOO_LARGE) {
        this.#events.tooLarge(connection);
        return;
      }
      const last = b === REPLY_LAST;
      this.#events.replied(connection, replies.bytes, payloadOffset, payloadBytes, last);
      if (b === REPLY_PAUSE) this.#events.paused(connection, worker);
    } else if (kind === KIND_LOST) {
      const { b } = replies;
      if (b === REPLY_LAST || b === REPLY_TOO_LARGE) this.outstanding--;
      this.#events.lost(connection);
      if (b === REPLY_PAUSE) this.#events.paused(connection, worker);
    } else if (kind === KIND_BLOCKED) {
      const { b: slot, c: ticket, view } = replies;
      const timeoutMs = view.getFloat64(payloadOffset, true);
      this.#events.blocked(connection, worker, slot, ticket, timeoutMs);
    } else if (kind === KIND_SERVED) {
      this.#events.served(replies.b, replies.c);
    } else if (kind === KIND_YOURS) {
      this.#events.yours(connection);
    } else if (kind === KIND_SLOW) {
      const end = payloadOffset + payloadBytes;
      this.#events.slow(connection, replies.bytes.subarray(payloadOffset, end));
    } else if (kind === KIND_WATCHED) {
      const { bytes } = replies;
      this.#events.watched(
        connection,
        Buffer.from(bytes.subarray(payloadOffset, payloadOffset + payloadBytes)),
      );
    } else if (kind === KIND_LEFTOVER) {
      const place = { offset: payloadOffset, length: payloadBytes };
      this.#events.leftover(connection, { bytes: replies.bytes, ...place, total: replies.c });
    } else if (kind === KIND_MESSAGE || kind === KIND_MESSAGE_MORE) {
      if (intake.take(replies)) this.#events.published(intake.message);
    }
  }

  /** True when replies wait, or room for waiting requests may have come. */
  hasWork(): boolean {
    for (const { replies, requests, backlog } of this.#links) {
      if (replies.pending || (backlog.length > 0 && requests.roomCame)) return true;
    }
    return false;
  }
}
