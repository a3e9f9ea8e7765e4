// Workers asking each other for large values, and for keys and values that are in stores. Rare, so
// it goes over message ports, but without the event loop: a worker that waits for an answer, or for
// a gate to open, sleeps on its doorbell and answers the others' requests meanwhile. That is why
// two workers waiting for each other always both get on: whoever holds gates needs nothing but
// such answers, and gates are taken in ascending shard order.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { KeyPage } from '@forgekv/commands';
import type { Doorbell } from '@forgekv/rings';
import type { KeyQuery } from './key-pages.ts';
import type { LargeStore } from './large-store.ts';

type PeerMessage =
  | { readonly kind: 'lend'; readonly request: number; readonly id: number }
  | {
      readonly kind: 'lent';
      readonly request: number;
      readonly memory: SharedArrayBuffer | null;
      readonly length: number;
    }
  | {
      readonly kind: 'change';
      readonly request: number;
      readonly id: number;
      readonly memory: SharedArrayBuffer | null;
      readonly length: number;
    }
  | { readonly kind: 'changed'; readonly request: number }
  | {
      readonly kind: 'warm';
      readonly request: number;
      readonly db: number;
      readonly key: Uint8Array;
      readonly value: boolean;
    }
  | { readonly kind: 'warmed'; readonly request: number; readonly problem: string }
  | { readonly kind: 'keys'; readonly request: number; readonly query: KeyQuery }
  | {
      readonly kind: 'page';
      readonly request: number;
      readonly page: KeyPage | null;
      readonly problem: string;
    };

/** Brings the value of a key of this worker back from its store; returns '' or an error reply. */
export type WarmKey = (db: number, key: Buffer, value: boolean) => string;

/** Reads a page of the keys of this worker's shards. */
export type ReadKeys = (query: KeyQuery) => Promise<KeyPage>;

const SLEEP_MS = 1;

export interface PeerLink {
  readonly port: MessagePort;
  readonly doorbell: Doorbell;
}

export class Peers {
  readonly #links: ReadonlyMap<number, PeerLink>;
  readonly #own: Doorbell;
  readonly #store: LargeStore;
  readonly #answers = new Map<number, PeerMessage>();
  #lastRequest = 0;
  warmKey: WarmKey = () => '';
  readKeys: ReadKeys = async () => {
    throw new Error('this worker has no stores');
  };
  /** Those who wait for pages, by request. */
  readonly #readers = new Map<number, (message: PeerMessage & { readonly kind: 'page' }) => void>();

  constructor(links: ReadonlyMap<number, PeerLink>, own: Doorbell, store: LargeStore) {
    this.#links = links;
    this.#own = own;
    this.#store = store;
  }

  /** Borrows a large value from the worker that owns it; null when it has gone. */
  borrow(worker: number, id: number): Buffer | null {
    const request = ++this.#lastRequest;
    const answer = this.#ask(worker, { kind: 'lend', request, id });
    return answer.kind === 'lent' && answer.memory !== null
      ? Buffer.from(answer.memory, 0, answer.length)
      : null;
  }

  /** Gives a worker a new large value of its shards, or (null) takes one away. */
  change(worker: number, id: number, value: Buffer | null): void {
    const request = ++this.#lastRequest;
    const memory = value === null ? null : (value.buffer as unknown as SharedArrayBuffer);
    this.#ask(worker, { kind: 'change', request, id, memory, length: value?.length ?? 0 });
  }

  /** Has a worker bring a value of its shards back from its store; returns '' or an error reply. */
  warm(worker: number, db: number, key: Buffer, value: boolean): string {
    const request = ++this.#lastRequest;
    const answer = this.#ask(worker, {
      kind: 'warm',
      request,
      db,
      key: Uint8Array.from(key),
      value,
    });
    return answer.kind === 'warmed' ? answer.problem : '';
  }

  /** Has a worker read a page of its keys. Unlike the others it does not block. */
  keys(worker: number, query: KeyQuery): Promise<KeyPage> {
    const request = ++this.#lastRequest;
    const link = this.#links.get(worker)!;
    link.port.postMessage({ kind: 'keys', request, query } satisfies PeerMessage);
    link.doorbell.ring();
    return new Promise((resolve, reject) => {
      this.#readers.set(request, ({ page, problem }) => {
        if (page === null) reject(new Error(problem));
        else resolve(page);
      });
    });
  }

  #ask(worker: number, message: PeerMessage): PeerMessage {
    const link = this.#links.get(worker)!;
    link.port.postMessage(message);
    link.doorbell.ring();
    for (;;) {
      const answer = this.#answers.get(message.request);
      if (answer !== undefined) {
        this.#answers.delete(message.request);
        return answer;
      }
      this.wait();
    }
  }

  /** Sleeps briefly or until something comes in, and answers it. */
  wait(): void {
    if (!this.serve()) this.#own.sleep(SLEEP_MS, () => this.serve());
  }

  /** Answers the requests that came in; true when there were messages. */
  serve(): boolean {
    let any = false;
    for (const link of this.#links.values()) {
      for (;;) {
        const received = receiveMessageOnPort(link.port);
        if (received === undefined) break;
        any = true;
        this.#take(link, received.message as PeerMessage);
      }
    }
    return any;
  }

  #take(link: PeerLink, message: PeerMessage): void {
    const { request } = message;
    if (message.kind === 'lend') {
      const value = this.#store.lend(message.id);
      const memory = value === null ? null : (value.buffer as unknown as SharedArrayBuffer);
      this.#reply(link, { kind: 'lent', request, memory, length: value?.length ?? 0 });
    } else if (message.kind === 'change') {
      if (message.memory === null) this.#store.forget(message.id);
      else this.#store.keep(message.id, Buffer.from(message.memory, 0, message.length));
      this.#reply(link, { kind: 'changed', request });
    } else if (message.kind === 'warm') {
      const problem = this.warmKey(message.db, Buffer.from(message.key), message.value);
      this.#reply(link, { kind: 'warmed', request, problem });
    } else if (message.kind === 'keys') {
      const answer = (page: KeyPage | null, problem: string): void =>
        this.#reply(link, { kind: 'page', request, page, problem });
      this.readKeys(message.query).then(
        (page) => answer(page, ''),
        (error: unknown) => answer(null, error instanceof Error ? error.message : `${error}`),
      );
    } else if (message.kind === 'page') {
      this.#readers.get(request)?.(message);
      this.#readers.delete(request);
    } else {
      this.#answers.set(request, message);
    }
  }

  #reply(link: PeerLink, message: PeerMessage): void {
    link.port.postMessage(message);
    link.doorbell.ring();
  }

  /** Wakes every other worker: a gate has opened. */
  wakeAll(): void {
    for (const link of this.#links.values()) link.doorbell.ring();
  }
}
