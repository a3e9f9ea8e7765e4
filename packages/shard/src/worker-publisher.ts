// Messages that a worker publishes, and what it tells fronts of keys that have changed. It counts
// messages as exactly as a front, in the table all threads share, and leaves the distribution to
// the front whose run it executes: so the messages of one client come in order, whichever thread
// they are published by.

import type { KeyChange, KeyChanges, Publisher } from '@forgekv/commands';
import {
  CHANNEL,
  type ChannelTable,
  InvalidationWriter,
  invalidationMessage,
  type MessageKind,
  MONITORED,
  SHARD_CHANNEL,
} from '@forgekv/rings';
import type { ReplySender } from './reply-sender.ts';

export interface WorkerPublisherModules {
  readonly channelTable: ChannelTable;
  /** Index of the thread: fronts first. */
  readonly thread: number;
  readonly changes: KeyChanges;
}

const NO_NAME = Buffer.alloc(0);

export class WorkerPublisher implements Publisher {
  readonly #table: ChannelTable;
  readonly #thread: number;
  readonly #changes: KeyChanges;
  readonly #senders: readonly ReplySender[];
  #sender: ReplySender;
  /** What each front is told. */
  readonly #told = new InvalidationWriter();

  constructor(modules: WorkerPublisherModules, fronts: readonly { replies: ReplySender }[]) {
    this.#table = modules.channelTable;
    this.#thread = modules.thread;
    this.#changes = modules.changes;
    this.#senders = fronts.map(({ replies }) => replies);
    this.#sender = this.#senders[0]!;
    // A front tells a client of its own changes behind the reply, so it has to know before.
    for (const sender of this.#senders) sender.ending = () => this.#tellChanges();
  }

  /** From now on messages go to this front first, and changes are those of one of its clients. */
  runFor(sender: ReplySender, client: number): void {
    this.#sender = sender;
    this.#changes.client = client;
  }

  /** The same outside of runs. */
  runAlone(): void {
    this.#sender = this.#senders[0]!;
  }

  publish(channel: Uint8Array, message: Uint8Array, isSharded: boolean): number {
    const kind = isSharded ? SHARD_CHANNEL : CHANNEL;
    const listeners = this.#table.count(channel, kind);
    if (listeners > 0) this.#send(Buffer.from(channel), Buffer.from(message), kind);
    return listeners;
  }

  publishEvent(channel: Buffer, message: Buffer): void {
    if (this.#table.count(channel, CHANNEL) > 0) this.#send(channel, message, CHANNEL);
  }

  get isMonitored(): boolean {
    return this.#table.names(MONITORED) > 0;
  }

  publishCommand(record: Buffer): void {
    if (this.#table.count(NO_NAME, MONITORED) > 0) this.#send(NO_NAME, record, MONITORED);
  }

  /** Sends what was counted last. */
  #send(channel: Buffer, body: Buffer, kind: MessageKind): void {
    const { version, low, high } = this.#table;
    this.#sender.publish({ channel, body, kind, version, counter: this.#thread, low, high });
  }

  /** Sends what was published outside of the runs of a front, and tells of changes. */
  flush(): void {
    this.#tellChanges();
    for (const sender of this.#senders) if (sender.hasMessages) sender.flush();
  }

  #tellChanges(): void {
    if (this.#changes.any) this.#tell(this.#changes.take());
  }

  #tell(changes: readonly KeyChange[]): void {
    const told = this.#told;
    for (const [front, sender] of this.#senders.entries()) {
      for (const { key, client, low, high } of changes) {
        const bits = front < 32 ? low : high;
        if ((bits & (1 << (front & 31))) === 0) continue;
        if (key === null) told.flushed(client);
        else told.changed(key, client);
      }
      if (told.length > 0) sender.publish(invalidationMessage(told.take()));
    }
  }
}
