// The channels as a front sees them: what its connections listen to, messages published here, those
// of other fronts, and those of workers, which this front distributes.
//
// PUBLISH counts in the shared table and sends to the fronts that have listeners; the message
// leaves at the end of the tick, behind its log. UNSUBSCRIBE is answered when every message that
// was counted for the connection has come: `sent` of the table says how many of each thread.

import type {
  ChannelFigures,
  ChannelServices,
  ListenKind,
  Publisher,
  Session,
  ThreadStats,
} from '@forgekv/commands';
import {
  CHANNEL,
  type ChannelKind,
  type ChannelTable,
  type Message,
  PATTERN,
  SHARD_CHANNEL,
} from '@forgekv/rings';
import { CLOSING, type Connection } from './connection.ts';
import { isKept, type MessagePart } from './message-form.ts';
import { type FrontLink, MessageLinks } from './message-links.ts';
import { Subscriptions } from './subscriptions.ts';
import type { TickOutput } from './tick-output.ts';

const KINDS: Readonly<Record<ListenKind, ChannelKind>> = {
  channel: CHANNEL,
  pattern: PATTERN,
  'shard-channel': SHARD_CHANNEL,
};
/** Messages written in one tick before nobody may publish in it any more, in bytes. */
const MOST_TICK_BYTES = 8 * 1024 * 1024;

/** What messages are written to. */
export type MessageOutput = Pick<TickOutput, 'deliver' | 'schedule' | 'isWaiting' | 'messageBytes'>;

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
  /** Messages of each thread that have come, modulo 2^32. */
  readonly #taken: Int32Array;
  #leavers: Leaver[] = [];
  readonly #take = (message: Message): void => {
    if (message.invalidates) this.#m.invalidated(message.body);
    else this.#arrived(message);
  };
  readonly #lost = (thread: number, count: number): void => {
    this.#taken[thread] = (this.#taken[thread]! + count) | 0;
  };

  constructor(modules: FrontChannelsModules) {
    this.#m = modules;
    this.#taken = new Int32Array(modules.threads);
    this.#links = new MessageLinks(modules.frontLinks, modules.threadStats);
    const table = modules.channelTable;
    this.#subscriptions = new Subscriptions(table, modules.threadStats, (connection, part) =>
      this.deliver(connection, part),
    );
    this.figures = {
      names: (kind) => table.names(KINDS[kind]),
      listeners: (kind, name) => table.listeners(KINDS[kind], name),
      eachName: (kind, visit) => table.eachName(KINDS[kind], visit),
    };
  }

  /** Sends a message to a connection of this front, not within a reply. */
  deliver(connection: Connection, part: MessagePart): void {
    if (!connection.isMidReply) {
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
      channelTable.sent(thread, index),
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
    const listeners = table.count(channel, isSharded);
    if (listeners === 0) return 0;
    const { version, low, high } = table;
    const isForOthers = this.#m.frontLinks.some(({ front }) => table.isFor(front));
    const stays = isForOthers || isKept(body.length);
    const facts = { isSharded, version, counter: index, low, high, invalidates: false };
    const message = { ...facts, channel, body: stays ? Buffer.from(body) : body };
    if (table.isFor(index)) {
      // What somebody was told he has sent comes before what is sent because of that.
      this.#links.poll(this.#take, this.#lost);
      this.#subscriptions.take(message);
    }
    if (isForOthers) this.#distribute({ ...message, channel: Buffer.from(channel) });
    return listeners;
  }

  /** Sends a message to the other fronts it is for; its bytes stay as they are. */
  #distribute(message: Message): void {
    for (const { front } of this.#m.frontLinks) {
      const bits = front < 32 ? message.low : message.high;
      if ((bits & (1 << (front & 31))) !== 0) this.#links.send(front, message);
    }
    this.#m.output.schedule();
  }

  /** A message of another thread; its bytes may not stay as they are. */
  #arrived(message: Message): void {
    const { counter } = message;
    this.#taken[counter] = (this.#taken[counter]! + 1) | 0;
    this.#subscriptions.take(message);
  }

  /**
   * Takes a message that a worker has published: it is for the fronts it says, this one maybe among
   * them. Its bytes may not stay as they are.
   */
  workerPublished(message: Message): void {
    if (message.invalidates) {
      this.#m.invalidated(message.body);
      return;
    }
    const { index } = this.#m;
    const bits = index < 32 ? message.low : message.high;
    if ((bits & (1 << (index & 31))) !== 0) this.#arrived(message);
    const channel = Buffer.from(message.channel);
    this.#distribute({ ...message, channel, body: Buffer.from(message.body) });
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
