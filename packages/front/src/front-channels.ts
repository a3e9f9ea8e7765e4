// The channels as a front sees them: what its connections listen to, messages published here, those
// of other fronts, and those of workers, which this front distributes.
//
// PUBLISH counts in the shared table and sends to the fronts that have listeners; the message
// leaves at the end of the tick, behind its log. UNSUBSCRIBE is answered when every message that
// was counted for the connection has come: `sent` of the table says how many of each thread.

import {
  type ChannelFigures,
  type ChannelServices,
  type ListenKind,
  lineOf,
  type Publisher,
  type Session,
  type ThreadStats,
} from '@forgekv/commands';
import {
  CHANNEL,
  type ChannelKind,
  type ChannelTable,
  INVALIDATION,
  type Message,
  type MessageKind,
  MONITORED,
  PATTERN,
  SHARD_CHANNEL,
} from '@forgekv/rings';
import { CLOSING, type Connection } from './connection.ts';
import { isKept, type MessagePart } from './message-form.ts';
import { type FrontLink, MessageLinks } from './message-links.ts';
import { MessageOrder } from './message-order.ts';
import { Subscriptions } from './subscriptions.ts';
import type { TickOutput } from './tick-output.ts';

const KINDS: Readonly<Record<ListenKind, ChannelKind>> = {
  channel: CHANNEL,
  pattern: PATTERN,
  'shard-channel': SHARD_CHANNEL,
  monitored: MONITORED,
};
/** Monitors listen to no name. */
const NO_NAME = Buffer.alloc(0);
/** Messages written in one tick before nobody may publish in it any more, in bytes. */
const MOST_TICK_BYTES = 8 * 1024 * 1024;

/** What messages are written to. */
export type MessageOutput = Pick<
  TickOutput,
  'deliver' | 'schedule' | 'isWaiting' | 'messageBytes' | 'isServed'
>;

export interface FrontChannelsModules {
  /** Index among the fronts. */
  readonly index: number;
  /** Fronts and workers. */
  readonly threads: number;
  readonly channelTable: ChannelTable;
  readonly frontLinks: readonly FrontLink[];
  readonly threadStats: ThreadStats;
  readonly output: MessageOutput;
  /** Takes a message about keys that have changed; its bytes may not stay as they are. */
  readonly invalidated: (body: Uint8Array) => void;
  /** Drops a connection for which more waits than may; true if it did. */
  readonly dropIfDeaf: (connection: Connection) => boolean;
  /** Of a connection of this front, by its number. */
  readonly addressOf: (connection: number) => string;
}

/** A connection that waits for the messages that were counted for it. */
interface Leaver {
  /** Per thread, how many must have come. */
  readonly needed: Int32Array;
  readonly resolve: () => void;
}

export class FrontChannels implements ChannelServices, Publisher {
  readonly figures: ChannelFigures;
  readonly #m: FrontChannelsModules;
  readonly #subscriptions: Subscriptions;
  readonly #links: MessageLinks;
  readonly #order: MessageOrder;
  /** Messages of each thread that were handed out, modulo 2^32. */
  readonly #taken: Int32Array;
  /** Messages of this thread that were to be, for connections of its own. */
  #ownCount = 0;
  #leavers: Leaver[] = [];
  /** A message of an event is being handed out. */
  #isEvent = false;
  readonly #take = (message: Message): void => {
    if (message.kind === INVALIDATION) this.#m.invalidated(message.body);
    else this.#order.take(message);
  };
  readonly #lost = (thread: number, count: number): void => {
    this.#order.lost(thread, count);
    this.#taken[thread] = (this.#taken[thread]! + count) | 0;
  };

  constructor(modules: FrontChannelsModules) {
    this.#m = modules;
    this.#taken = new Int32Array(modules.threads);
    this.#links = new MessageLinks(modules.frontLinks, modules.threadStats);
    const { channelTable: table, index } = modules;
    this.#order = new MessageOrder({
      threads: modules.threads,
      sent: (thread) => table.sent(thread, index),
      deliver: (message) => this.#handOut(message),
    });
    this.#subscriptions = new Subscriptions(table, modules.threadStats, (connection, part) =>
      this.deliver(connection, part),
    );
    this.figures = {
      names: (kind) => table.names(KINDS[kind]),
      listeners: (kind, name) => table.listeners(KINDS[kind], name),
      eachName: (kind, visit) => table.eachName(KINDS[kind], visit),
    };
  }

  /** Sends a message to a connection of this front, not within a reply; of an event, behind it. */
  deliver(connection: Connection, part: MessagePart): void {
    const isBehind = this.#isEvent && this.#m.output.isServed(connection);
    if (!connection.isMidReply && !isBehind) {
      this.#m.output.deliver(connection, part);
      return;
    }
    connection.heldMessages.push(part);
    connection.heldMessageBytes += part.length;
    this.#m.dropIfDeaf(connection);
  }

  // --- listening ---

  subscribe(session: Session, kind: ListenKind, name: Buffer): string {
    return this.#subscriptions.add(session as Connection, KINDS[kind], name);
  }

  leave(session: Session, kind: ListenKind, names: readonly Buffer[]): Promise<void> | null {
    let any = false;
    for (const name of names) {
      if (this.#subscriptions.leave(session as Connection, KINDS[kind], name)) any = true;
    }
    if (!any) return null;
    const { channelTable, index, threads } = this.#m;
    const needed = Int32Array.from({ length: threads }, (_, thread) =>
      thread === index ? this.#ownCount : channelTable.sent(thread, index),
    );
    if (this.#hasCome(needed)) return null;
    return new Promise((resolve) => this.#leavers.push({ needed, resolve }));
  }

  forget(session: Session, kind: ListenKind, name: Buffer): void {
    this.#subscriptions.remove(session as Connection, KINDS[kind], name);
  }

  leaveAll(session: Session): void {
    this.#subscriptions.removeAll(session as Connection);
  }

  namesOf(session: Session, kind: ListenKind): Buffer[] {
    return this.#subscriptions.namesOf(session as Connection, KINDS[kind]);
  }

  countOf(session: Session, kind: ListenKind): number {
    const { listening } = session as Connection;
    if (listening === null) return 0;
    const sharded = listening.count(SHARD_CHANNEL);
    return kind === 'shard-channel' ? sharded : listening.size - sharded;
  }

  #hasCome(needed: Int32Array): boolean {
    return needed.every((count, thread) => ((this.#taken[thread]! - count) | 0) >= 0);
  }

  #releaseLeavers(): void {
    if (this.#leavers.length === 0) return;
    const done = this.#leavers.filter(({ needed }) => this.#hasCome(needed));
    if (done.length === 0) return;
    this.#leavers = this.#leavers.filter((leaver) => !done.includes(leaver));
    for (const { resolve } of done) resolve();
  }

  // --- messages ---

  publish(channel: Uint8Array, body: Uint8Array, isSharded: boolean): number {
    const { channelTable: table, index } = this.#m;
    const kind: MessageKind = isSharded ? SHARD_CHANNEL : CHANNEL;
    const listeners = table.count(channel, kind);
    if (listeners === 0) return 0;
    const { version, low, high } = table;
    const isForOthers = this.#m.frontLinks.some(({ front }) => table.isFor(front));
    const stays = isForOthers || isKept(body.length) || this.#order.mayHold;
    const facts = { kind, version, counter: index, low, high };
    const message = {
      ...facts,
      channel: stays ? Buffer.from(channel) : channel,
      body: stays ? Buffer.from(body) : body,
    };
    if (table.isFor(index)) this.#takeOwn(message);
    if (isForOthers) this.#distribute(message);
    return listeners;
  }

  publishEvent(channel: Buffer, body: Buffer): void {
    this.#publishBehind(channel, body, CHANNEL);
  }

  get isMonitored(): boolean {
    return this.#m.channelTable.names(MONITORED) > 0;
  }

  publishCommand(record: Buffer): void {
    this.#publishBehind(NO_NAME, record, MONITORED);
  }

  /** Publishes what the connection that is served gets behind its reply. */
  #publishBehind(channel: Buffer, body: Buffer, kind: MessageKind): void {
    const { channelTable: table, index } = this.#m;
    if (table.count(channel, kind) === 0) return;
    const { version, low, high } = table;
    const isForOthers = this.#m.frontLinks.some(({ front }) => table.isFor(front));
    const message = { channel, body, kind, version, counter: index, low, high };
    this.#isEvent = true;
    if (table.isFor(index)) this.#takeOwn(message);
    this.#isEvent = false;
    if (isForOthers) this.#distribute(message);
  }

  /** A message of this thread that is for connections of its own, too. */
  #takeOwn(message: Message): void {
    this.#ownCount = (this.#ownCount + 1) | 0;
    // What somebody was told he has sent comes before what is sent because of that.
    if (!this.#order.isOn) this.#links.poll(this.#take, this.#lost);
    this.#order.add(message);
    if (!this.#order.isHolding) return;
    // Not before it was added: newer ones would not wait for it.
    this.#links.poll(this.#take, this.#lost);
    this.#order.release();
  }

  /** Sends a message to the other fronts it is for; its bytes stay as they are. */
  #distribute(message: Message): void {
    for (const { front } of this.#m.frontLinks) {
      const bits = front < 32 ? message.low : message.high;
      if ((bits & (1 << (front & 31))) !== 0) this.#links.send(front, message);
    }
    this.#m.output.schedule();
  }

  /** It is a message's turn; its bytes may not stay as they are. */
  #handOut(message: Message): void {
    const { counter } = message;
    this.#taken[counter] = (this.#taken[counter]! + 1) | 0;
    this.#subscriptions.take(message);
  }

  /**
   * Takes a message that a worker has published: it is for the fronts it says, this one maybe among
   * them. Its bytes may not stay as they are.
   */
  workerPublished(published: Message): void {
    const { index, addressOf } = this.#m;
    if (published.kind === INVALIDATION) {
      this.#m.invalidated(published.body);
      return;
    }
    const isRecord = published.kind === MONITORED;
    const message = isRecord
      ? { ...published, body: lineOf(published.body, addressOf) }
      : published;
    const bits = index < 32 ? message.low : message.high;
    if ((bits & (1 << (index & 31))) !== 0) {
      this.#order.take(message);
      this.#order.release();
    }
    const channel = Buffer.from(message.channel);
    this.#distribute({ ...message, channel, body: Buffer.from(message.body) });
  }

  /** Messages are handed out in the order of all threads together. */
  set isOrdered(isOrdered: boolean) {
    this.#order.isOn = isOrdered;
  }

  /** True while nobody on this front should publish. */
  get isClogged(): boolean {
    return this.#m.output.messageBytes > MOST_TICK_BYTES || this.#links.isClogged;
  }

  /** Sends another front a message that is not counted, with the next `flush`. */
  send(front: number, message: Message): void {
    this.#links.send(front, message);
  }

  /** Bytes of messages that wait for room in the ring to a front. */
  waitingFor(front: number): number {
    return this.#links.waitingFor(front);
  }

  /** Hands messages over: at the end of a tick, when its log is with the kernel. */
  flush(): void {
    this.#links.flush();
  }

  /** The log of the tick is lost. */
  drop(): void {
    this.#links.drop();
  }

  /** Takes the messages of other fronts; true when there were any. */
  poll(): boolean {
    // What is waited for would wait with what waits already.
    if (this.#m.output.isWaiting) return false;
    const any = this.#links.poll(this.#take, this.#lost);
    this.#order.release();
    this.#releaseLeavers();
    return any;
  }

  /** True when there is something for `flush`. */
  get hasWaiting(): boolean {
    return this.#links.hasWaiting;
  }

  hasWork(): boolean {
    return this.#links.hasWork();
  }

  /** A reply is complete: what came meanwhile follows it. */
  replied(connection: Connection): void {
    connection.isMidReply = false;
    if (connection.heldMessages.length === 0) return;
    const held = connection.heldMessages.splice(0);
    connection.heldMessageBytes = 0;
    if (connection.state === CLOSING) return;
    for (const part of held) this.#m.output.deliver(connection, part);
  }
}
