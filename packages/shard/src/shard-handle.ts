// A shard worker as the main thread holds it.

import type { Worker } from 'node:worker_threads';
import type { DenialRecord, UserChange } from '@forgekv/commands';
import type { ConfigTransfer } from '@forgekv/config';
import type { Doorbell } from '@forgekv/rings';
import type { FromShard, Recovery, ToShard } from './shard-messages.ts';

/** What the main thread does for a worker. */
export interface ShardOwner {
  log(message: string): void;
  /** Makes everything durable that was handed over; resolves to '' or the code of an error. */
  sync(): Promise<string>;
}

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
  readonly #owner: ShardOwner;
  readonly #waiting = new Map<number, (problem: string) => void>();
  readonly #denied = new Map<number, (records: readonly DenialRecord[]) => void>();
  #lastId = 0;
  /** How far the worker is with the logs of earlier runs. */
  recovery: Recovery = {
    applied: 0,
    passed: 0,
    holes: 0,
    keys: 0,
    bytesDone: 0,
    bytesTotal: 0,
  };
  /** What people should know of these logs. */
  notes: readonly string[] = [];
  #onReady: () => void = () => {};
  #onFailed: (error: Error) => void = () => {};
  #onStopped: () => void = () => {};

  /**
   * @param doorbell the worker's: it may sleep when a message is posted
   * @param owner does what the worker asks the main thread for
   */
  constructor(worker: Worker, doorbell: Doorbell, owner: ShardOwner) {
    this.#owner = owner;
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
    return new Promise((resolve) => this.#waiting.set(id, () => resolve()));
  }

  /** Hands over which users have changed; resolves when the worker works by it. */
  changeUsers(change: UserChange): Promise<void> {
    const id = ++this.#lastId;
    this.#say({ type: 'users', change, id });
    return new Promise((resolve) => this.#waiting.set(id, () => resolve()));
  }

  /** What was refused since this was asked last. */
  denials(): Promise<readonly DenialRecord[]> {
    const id = ++this.#lastId;
    this.#say({ type: 'denials', id });
    return new Promise((resolve) => this.#denied.set(id, resolve));
  }

  /** Takes everything that has changed to the stores; resolves to '' or what went wrong. */
  checkpoint(): Promise<string> {
    const id = ++this.#lastId;
    this.#say({ type: 'checkpoint', id });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Lets the segments of earlier runs stay until `release`; resolves when they do. */
  async hold(): Promise<void> {
    const id = ++this.#lastId;
    this.#say({ type: 'hold', id });
    await new Promise<string>((resolve) => this.#waiting.set(id, resolve));
  }

  release(): void {
    this.#say({ type: 'release' });
  }

  /**
   * Copies the worker's stores, each as it is at some moment, into a directory of stores.
   * @returns '' or what went wrong
   */
  copyStores(directory: string): Promise<string> {
    const id = ++this.#lastId;
    this.#say({ type: 'copy-stores', directory, id });
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Tells that no worker reads the logs of earlier runs any more. */
  recovered(): void {
    this.#say({ type: 'recovered' });
  }

  /**
   * Ends the worker after the run it executes; resolves when it has ended its work.
   * @param saves with a last checkpoint
   */
  stop(saves: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onStopped = resolve;
      this.#say({ type: 'stop', saves });
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
    } else if (message.type === 'sync') {
      void this.#owner.sync().then((problem) => {
        this.#say({ type: 'synced', id: message.id, problem });
      });
    } else if (message.type === 'denied') {
      this.#denied.get(message.id)?.(message.records);
      this.#denied.delete(message.id);
    } else if (message.type === 'log') {
      this.#owner.log(message.message);
    } else if (message.type === 'stopped') {
      this.#onStopped();
    } else {
      this.#waiting.get(message.id)?.(message.type === 'configured' ? '' : message.problem);
      this.#waiting.delete(message.id);
    }
  }
}
