// A shard worker as the main thread holds it.

import type { Worker } from 'node:worker_threads';
import type { ConfigTransfer } from '@forgekv/config';
import type { Doorbell } from '@forgekv/rings';
import type { FromShard, Recovery, ToShard } from './shard-messages.ts';

/** The logs of earlier runs cannot be used as they are. */
export class RecoveryError extends Error {
  override name = 'RecoveryError';
  readonly code = 'RECOVERY';
}

export class ShardHandle {
  readonly worker: Worker;
  /** Rejects with RecoveryError. */
  readonly ready: Promise<void>;
  readonly #doorbell: Doorbell;
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;
  /** How far the worker is with the logs of earlier runs. */
  recovery: Recovery = { applied: 0, passed: 0, holes: 0, bytesDone: 0, bytesTotal: 0 };
  /** What people should know of these logs. */
  notes: readonly string[] = [];
  #onReady: () => void = () => {};
  #onFailed: (error: Error) => void = () => {};
  #onStopped: () => void = () => {};

  /** @param doorbell the worker's: it may sleep when a message is posted */
  constructor(worker: Worker, doorbell: Doorbell) {
    this.worker = worker;
    this.#doorbell = doorbell;
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onFailed = reject;
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
      this.recovery = message.recovery;
      this.notes = message.notes;
      this.#onReady();
    } else if (message.type === 'recovering') {
      this.recovery = message.recovery;
    } else if (message.type === 'failed') {
      this.#onFailed(new RecoveryError(message.message));
    } else if (message.type === 'stopped') {
      this.#onStopped();
    } else {
      this.#waiting.get(message.id)?.();
      this.#waiting.delete(message.id);
    }
  }
}
