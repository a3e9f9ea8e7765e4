// Messages that a worker publishes. It counts as exactly as a front, in the table all threads
// share, and leaves the distribution to the front whose run it executes: so the messages of one
// client come in order, whichever thread they are published by.

import type { Publisher } from '@forgekv/commands';
import {
  CHANNEL,
  type ChannelTable,
  type MessageKind,
  MONITORED,
  SHARD_CHANNEL,
} from '@forgekv/rings';
import type { ReplySender } from './reply-sender.ts';

const NO_NAME = Buffer.alloc(0);

export class WorkerPublisher implements Publisher {
  readonly #table: ChannelTable;
  /** Index of the thread: fronts first. */
  readonly #thread: number;
  readonly #senders: readonly ReplySender[];
  #sender: ReplySender;

  constructor(table: ChannelTable, thread: number, fronts: readonly { replies: ReplySender }[]) {
    this.#table = table;
    this.#thread = thread;
    this.#senders = fronts.map(({ replies }) => replies);
    this.#sender = this.#senders[0]!;
  }

  /** From now on messages go to this front first. */
  runFor(sender: ReplySender): void {
    this.#sender = sender;
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

  /** Sends what was published outside of runs. */
  flush(): void {
    for (const sender of this.#senders) if (sender.hasMessages) sender.flush();
  }
}
