// A front as the main thread holds it: typed messages, queries that wait for an answer.

import type { Worker } from 'node:worker_threads';
import type { UserChange } from '@forgekv/commands';
import type { ConfigTransfer } from '@forgekv/config';
import type {
  FromFront,
  FrontAnswer,
  FrontQuery,
  ListenOrder,
  MainRequest,
  ToFront,
} from './front-messages.ts';
import type { TlsMaterial } from './tls-material.ts';

/** What the main thread does for a front. */
export interface FrontOwner {
  log(message: string): void;
  /** Answers a front's request. */
  serve(request: MainRequest): Promise<unknown>;
}

/** A failed listen, with the operating system's code. */
export class ListenError extends Error {
  override name = 'ListenError';
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

export class FrontHandle {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  readonly #owner: FrontOwner;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #lastId = 0;
  #onReady: () => void = () => {};
  #onListening: ((outcome: readonly number[] | ListenError) => void) | null = null;
  #onDrained: (() => void) | null = null;
  #onClosed: (() => void) | null = null;

  constructor(worker: Worker, owner: FrontOwner) {
    this.worker = worker;
    this.#owner = owner;
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    worker.on('message', (message: FromFront) => this.#take(message));
  }

  /**
   * Lets the front listen; resolves to the descriptors of its listening sockets.
   * @throws ListenError
   */
  listen(orders: readonly ListenOrder[]): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      this.#onListening = (outcome) => {
        this.#onListening = null;
        if (outcome instanceof ListenError) reject(outcome);
        else resolve(outcome);
      };
      this.#say({ type: 'listen', orders });
    });
  }

  /** Hands the configuration over; resolves when the front works by it. */
  configure(config: ConfigTransfer): Promise<unknown> {
    const id = ++this.#lastId;
    this.#say({ type: 'configure', config, id });
    return this.#answerTo(id);
  }

  /** Hands over what TLS connections are made with; resolves when new ones are. */
  secure(material: TlsMaterial): Promise<unknown> {
    const id = ++this.#lastId;
    this.#say({ type: 'secure', material, id });
    return this.#answerTo(id);
  }

  /** Hands over which users have changed; resolves when the front works by it. */
  changeUsers(change: UserChange): Promise<unknown> {
    const id = ++this.#lastId;
    this.#say({ type: 'users', change, id });
    return this.#answerTo(id);
  }

  query(query: FrontQuery): Promise<FrontAnswer> {
    const id = ++this.#lastId;
    this.#say({ type: 'query', id, query });
    return this.#answerTo(id) as Promise<FrontAnswer>;
  }

  /** Sends something that needs no answer. */
  tell(message: ToFront): void {
    this.#say(message);
  }

  /** Stops listening and reading; resolves when no command is on its way any more. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#say({ type: 'drain' });
    });
  }

  /** Ends all connections; resolves when what was written to them is with the kernel, or late. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#say({ type: 'close' });
    });
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #say(message: ToFront): void {
    this.worker.postMessage(message);
  }

  #settle(id: number, value: unknown): void {
    this.#waiting.get(id)?.(value);
    this.#waiting.delete(id);
  }

  #take(message: FromFront): void {
    switch (message.type) {
      case 'ready':
        this.#onReady();
        break;
      case 'listening':
        this.#onListening?.(message.descriptors);
        break;
      case 'listen-failed':
        this.#onListening?.(new ListenError(message.message, message.code));
        break;
      case 'log':
        this.#owner.log(message.message);
        break;
      case 'configured':
        this.#settle(message.id, null);
        break;
      case 'answered':
        this.#settle(message.id, message.value);
        break;
      case 'request':
        void this.#owner.serve(message.request).then((value) => {
          this.#say({ type: 'answer', id: message.id, value });
        });
        break;
      case 'drained':
        this.#onDrained?.();
        break;
      case 'closed':
        this.#onClosed?.();
        break;
    }
  }
}
