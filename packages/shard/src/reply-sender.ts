// The worker's writing end of a reply ring: cuts what is too long, waits while the ring is
// full. Waiting cannot deadlock: a front never waits for a worker. Frames become visible only
// after `settle`: what they tell of is in the log then.

import { packWatched, type WatchedKey } from '@forgekv/commands';
import type { ReplyWriter } from '@forgekv/protocol';
import {
  type Doorbell,
  KIND_BLOCKED,
  KIND_LEFTOVER,
  KIND_LOST,
  KIND_REPLY,
  KIND_SERVED,
  KIND_SLOW,
  KIND_WATCHED,
  KIND_YOURS,
  type Message,
  messageBytes,
  putMessage,
  REPLY_LAST,
  REPLY_MORE,
  REPLY_PAUSE,
  REPLY_TOO_LARGE,
  RingProducer,
} from '@forgekv/rings';
import type { BegunWait } from './waiters.ts';

const FULL_SLEEP_MS = 5;
const TIMEOUT_BYTES = 8;
const NO_BYTES = Buffer.alloc(0);

export class ReplySender {
  readonly #ring: RingProducer;
  readonly #front: Doorbell;
  readonly #own: Doorbell;
  readonly #settle: () => void;
  /** Called before the last reply of a run is sent. */
  ending: () => void = () => {};
  /** Messages to be sent before whatever comes next. */
  #messages: Message[] = [];
  #slow: { readonly connection: number; readonly sealed: Buffer }[] = [];

  /**
   * @param front wakes the reader
   * @param own rung by the reader when room has come
   * @param settle returns when replies may be seen, or were made KIND_LOST by `lose`
   */
  constructor(memory: SharedArrayBuffer, front: Doorbell, own: Doorbell, settle: () => void) {
    this.#settle = settle;
    this.#ring = new RingProducer(memory);
    this.#front = front;
    this.#own = own;
  }

  /** True when so many bytes of replies can be sent without waiting for the front. */
  hasRoom(bytes: number): boolean {
    return this.#ring.hasRoom(bytes);
  }

  /** Sends a message to the front, to be distributed, before any further reply. */
  publish(message: Message): void {
    this.#messages.push(message);
  }

  /**
   * Sends a command that took long, before any further reply.
   * @param connection whose it was, 0: a script has called it
   */
  slow(connection: number, sealed: Buffer): void {
    this.#slow.push({ connection, sealed });
  }

  get hasMessages(): boolean {
    return this.#messages.length > 0 || this.#slow.length > 0;
  }

  /** Not in `publish`: the command that published may hold locks, and the ring may be full. */
  #sendMessages(): void {
    const messages = this.#messages;
    const slow = this.#slow;
    this.#messages = [];
    this.#slow = [];
    for (const { connection, sealed } of slow) {
      this.#frame(KIND_SLOW, connection, 0, sealed, 0, sealed.length);
    }
    for (const message of messages) {
      const total = messageBytes(message);
      let sent = putMessage(this.#ring, message, 0);
      while (sent < total) {
        this.#waitForRoom();
        sent = putMessage(this.#ring, message, sent);
      }
    }
  }

  /** Sends what the writer holds as replies of a connection and empties it. */
  reply(connection: number, writer: ReplyWriter, last: boolean): void {
    if (last) this.ending();
    this.#reply(connection, writer, last ? REPLY_LAST : REPLY_MORE);
  }

  /** The same for a part of a reply that goes on when the front says so. */
  pause(connection: number, writer: ReplyWriter): void {
    this.#reply(connection, writer, REPLY_PAUSE);
  }

  /** Sends bytes as the last replies of a connection. */
  bytes(connection: number, reply: Buffer): void {
    this.#send(connection, reply, reply.length, REPLY_LAST);
  }

  #reply(connection: number, writer: ReplyWriter, how: number): void {
    this.#send(connection, writer.buffer, writer.position, how);
    writer.reset();
  }

  #send(connection: number, buffer: Buffer, position: number, how: number): void {
    if (this.hasMessages) this.#sendMessages();
    const most = this.#ring.maxPayload;
    let from = 0;
    while (position - from > most) {
      this.#frame(KIND_REPLY, connection, REPLY_MORE, buffer, from, from + most);
      from += most;
    }
    this.#frame(KIND_REPLY, connection, how, buffer, from, position);
  }

  /** The front's own next command of a transaction has its place here. */
  yours(connection: number): void {
    this.#frame(KIND_YOURS, connection, 0, NO_BYTES, 0, 0);
  }

  /** Tells which keys WATCH has noted. */
  watched(connection: number, keys: readonly WatchedKey[]): void {
    for (const key of keys) {
      const bytes = packWatched([key]);
      this.#frame(KIND_WATCHED, connection, 0, bytes, 0, bytes.length);
    }
  }

  /** The run's only command waits, until it is served or its front ends that. */
  blocked(connection: number, { slot, ticket, timeoutMs }: BegunWait): void {
    const bytes = Buffer.alloc(TIMEOUT_BYTES);
    bytes.writeDoubleLE(timeoutMs);
    this.#frame(KIND_BLOCKED, connection, slot, bytes, 0, TIMEOUT_BYTES, ticket);
  }

  /** One that waited is served; its reply follows. */
  served(connection: number, slot: number, ticket: number): void {
    this.#frame(KIND_SERVED, connection, slot, NO_BYTES, 0, 0, ticket);
  }

  /** Ends a run whose last reply is larger than a client may ask for. */
  tooLarge(connection: number): void {
    this.#frame(KIND_REPLY, connection, REPLY_TOO_LARGE, NO_BYTES, 0, 0);
  }

  /** Sends commands back that were not executed. */
  leftover(connection: number, bytes: Buffer, start: number, end: number): void {
    const most = this.#ring.maxPayload;
    for (let from = start; from < end; from += most) {
      const until = Math.min(end, from + most);
      this.#frame(KIND_LEFTOVER, connection, 0, bytes, from, until, end - start);
    }
  }

  #frame(
    kind: number,
    connection: number,
    b: number,
    bytes: Buffer,
    start: number,
    end: number,
    c = 0,
  ): void {
    const ring = this.#ring;
    let at = ring.reserve(end - start, kind, connection, b, c, 0);
    while (at < 0) {
      this.#waitForRoom();
      at = ring.reserve(end - start, kind, connection, b, c, 0);
    }
    ring.bytes.set(bytes.subarray(start, end), at);
  }

  #waitForRoom(): void {
    this.#show();
    this.#own.sleep(FULL_SLEEP_MS, () => this.#ring.roomCame);
  }

  /** What `settle` found: the replies that are not visible yet may never be seen. */
  lose(): void {
    this.#ring.convert(KIND_REPLY, KIND_LOST);
  }

  /** Makes the frames visible and wakes the front. */
  flush(): void {
    if (this.hasMessages) this.#sendMessages();
    this.#show();
  }

  #show(): void {
    this.#settle();
    if (this.#ring.publish()) this.#front.ring();
  }
}
