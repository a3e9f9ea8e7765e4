// A shard worker as the main thread holds it.

import type { Worker } from 'node:worker_threads';
import type { ConfigTransfer } from '@forgekv/config';
import type { Doorbell } from '@forgekv/rings';
import type { FromShard, ToShard } from './shard-messages.ts';

export class ShardHandle {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  readonly #doorbell: Doorbell;
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;
  #onReady: () => void = () => {};
  #onStopped: () => void = () => {};

  /** @param doorbell the worker's: it may sleep when a message is posted */
  constructor(worker: Worker, doorbell: Doorbell) {
    this.worker = worker;
    this.#doorbell = doorbell;
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    worker.on('message', (message: FromShard) => this.#take(message));
  }

  /** Hands the configuration over; resolves when the worker works by it. */
  configure(config: ConfigTransfer): Promise<void> {
    const id = ++this.#lastId;
    this.#say({ type: 'configure', config, id });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Ends the worker after the run it executes; resolves when it has ended its work. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStopped = resolve;
      this.#say({ type: 'stop' });
    });
  }

  #say(message: ToShard): void {
    this.worker.postMessage(message);
    this.#doorbell.ring();
  }

  #take(message: FromShard): void {
    if (message.type === 'ready') {
      this.#onReady();
    } else if (message.type === 'stopped') {
      this.#onStopped();
    } else {
      this.#waiting.get(message.id)?.();
      this.#waiting.delete(message.id);
    }
  }
}
