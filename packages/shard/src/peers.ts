// Workers asking each other for large values, and for keys and values that are in stores. Rare, so
// it goes over message ports, but without the event loop: a worker that waits for an answer, or for
// a gate to open, sleeps on its doorbell and answers the others' requests meanwhile. That is why
// two workers waiting for each other always both get on: whoever holds gates needs nothing but
// such answers, and gates are taken in ascending shard order. It may also need room in the ring to
// a front, which waits for the log of everybody whose effects it has seen: so this worker seals
// what it has done before it sleeps.
//
// Nobody waits like that for a large collection to be read from a store: its owner needs its event
// loop for that, which may be waiting as well. Who asks for one is told so at once, gives its gates
// back, and is told when it is there. Only who has changed something and cannot go back is
// *urgent*: then the owner reads it in one go, from its store's files (level-range.ts).

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { invariant } from '@forgekv/base';
import type { KeyPage } from '@forgekv/commands';
import type { Doorbell } from '@forgekv/rings';
import type { GuestAnswer, GuestCommand } from './guest-runner.ts';
import type { KeyQuery } from './key-pages.ts';
import type { LargeStore, LentValue } from './large-store.ts';
import type { Waiter } from './waiter-book.ts';
import type { Waiters } from './waiters.ts';

type PeerMessage =
  | { readonly kind: 'lend'; readonly request: number; readonly id: number }
  | {
      readonly kind: 'lent';
      readonly request: number;
      readonly value: LentValue | null | '';
    }
  | {
      readonly kind: 'change';
      readonly request: number;
      readonly id: number;
      readonly value: LentValue | null;
    }
  | { readonly kind: 'changed'; readonly request: number }
  | {
      readonly kind: 'warm';
      readonly request: number;
      readonly db: number;
      readonly key: Uint8Array;
      readonly value: boolean;
      readonly isUrgent: boolean;
    }
  /** `awaits`: it is being read, and 'loaded' follows. */
  | {
      readonly kind: 'warmed';
      readonly request: number;
      readonly problem: string;
      readonly awaits: boolean;
    }
  | { readonly kind: 'loaded'; readonly request: number }
  /** Enters one that waits for keys; its gates are closed. */
  | {
      readonly kind: 'enter';
      readonly request: number;
      readonly waiter: Waiter;
      readonly keys: readonly string[];
    }
  /** Those that wait for a key, or, with its database, the keys that somebody waits for. */
  | { readonly kind: 'waiters'; readonly request: number; readonly key: string }
  | { readonly kind: 'awaited'; readonly request: number; readonly db: number }
  | {
      readonly kind: 'waiting';
      readonly request: number;
      readonly waiters: readonly Waiter[];
      readonly keys: readonly string[];
    }
  /** Told its home: a wait has ended; told owners: it is to be forgotten. */
  | {
      readonly kind: 'ended';
      readonly request: number;
      readonly slot: number;
      readonly ticket: number;
    }
  | {
      readonly kind: 'forget';
      readonly request: number;
      readonly slot: number;
      readonly keys: readonly string[];
    }
  /** Has a command executed whose values are there. */
  | { readonly kind: 'run'; readonly request: number; readonly command: GuestCommand }
  | { readonly kind: 'done'; readonly request: number; readonly answer: GuestAnswer }
  | { readonly kind: 'keys'; readonly request: number; readonly query: KeyQuery }
  | {
      readonly kind: 'page';
      readonly request: number;
      readonly page: KeyPage | null;
      readonly problem: string;
    };

/** Something that is waited for. */
export interface Awaited {
  readonly isDone: boolean;
}

/**
 * Brings a key of this worker back from its store, and with `value` its value; returns '' or an
 * error reply, or null: the value is being read, and `loaded` is called afterwards.
 */
export type WarmKey = (
  db: number,
  key: Buffer,
  value: boolean,
  loaded: () => void,
) => string | null;

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
  readonly #seal: () => void;
  readonly #answers = new Map<number, PeerMessage>();
  /** Values that others are reading for this worker. */
  readonly #loading = new Map<number, { isDone: boolean }>();
  #lastRequest = 0;
  /** Executes commands for other workers. */
  runGuest: (command: GuestCommand) => GuestAnswer = () => {
    throw new Error('this worker executes nothing');
  };
  /** Who waits for keys here. */
  waiters: Waiters | null = null;
  warmKey: WarmKey = () => '';
  readKeys: ReadKeys = async () => {
    throw new Error('this worker has no stores');
  };
  /** Those who wait for pages, by request. */
  readonly #readers = new Map<number, (message: PeerMessage & { readonly kind: 'page' }) => void>();

  /** @param seal lets others hand over what this worker has done: see EffectLog.seal */
  constructor(
    links: ReadonlyMap<number, PeerLink>,
    own: Doorbell,
    store: LargeStore,
    seal: () => void,
  ) {
    this.#links = links;
    this.#own = own;
    this.#store = store;
    this.#seal = seal;
  }

  /**
   * Borrows a large value from the worker that owns it.
   * @returns null when it has gone, '' when there is no memory for a copy
   */
  borrow(worker: number, id: number): LentValue | null | '' {
    const request = ++this.#lastRequest;
    const answer = this.#ask(worker, { kind: 'lend', request, id });
    return answer.kind === 'lent' ? answer.value : null;
  }

  /** Has a worker execute a command whose shards are gated here: see guest-runner.ts. */
  run(worker: number, command: GuestCommand): GuestAnswer {
    const request = ++this.#lastRequest;
    const answer = this.#ask(worker, { kind: 'run', request, command });
    invariant(answer.kind === 'done', 'who is asked to run a command answers that');
    return answer.answer;
  }

  /** Gives a worker a new large value of its shards, or (null) takes one away. */
  change(worker: number, id: number, value: LentValue | null): void {
    const request = ++this.#lastRequest;
    this.#ask(worker, { kind: 'change', request, id, value });
  }

  /**
   * Has a worker bring a key of its shards back from its store, and with `value` its value.
   * @returns '' or an error reply, or what is to be waited for
   */
  warm(worker: number, db: number, key: Buffer, value: boolean): string | Awaited {
    const request = ++this.#lastRequest;
    const loading = { isDone: false };
    this.#loading.set(request, loading);
    const { isUrgent } = this.#store;
    const facts = { request, db, key: Uint8Array.from(key), value, isUrgent };
    const message = { kind: 'warm', ...facts } as const;
    const answer = this.#ask(worker, message);
    if (answer.kind === 'warmed' && answer.awaits) return loading;
    this.#loading.delete(request);
    return answer.kind === 'warmed' ? answer.problem : '';
  }

  /** Enters one that waits for keys of another worker, which are gated. */
  enter(worker: number, waiter: Waiter, keys: readonly string[]): void {
    const request = ++this.#lastRequest;
    this.#ask(worker, { kind: 'enter', request, waiter, keys });
  }

  /** Those that wait for a key of another worker, which is gated. */
  waitersFor(worker: number, key: string): readonly Waiter[] {
    const request = ++this.#lastRequest;
    const answer = this.#ask(worker, { kind: 'waiters', request, key });
    return answer.kind === 'waiting' ? answer.waiters : [];
  }

  /** The keys of another worker that somebody waits for in a database. */
  awaitedKeys(worker: number, db: number): readonly string[] {
    const request = ++this.#lastRequest;
    const answer = this.#ask(worker, { kind: 'awaited', request, db });
    return answer.kind === 'waiting' ? answer.keys : [];
  }

  /** Tells the home of a wait that it has ended. */
  ended(worker: number, slot: number, ticket: number): void {
    const link = this.#links.get(worker)!;
    this.#reply(link, { kind: 'ended', request: 0, slot, ticket });
  }

  /** Tells a worker to forget one that waited for its keys. */
  forget(worker: number, slot: number, keys: readonly string[]): void {
    this.#reply(this.#links.get(worker)!, { kind: 'forget', request: 0, slot, keys });
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
    if (this.serve()) return;
    this.#seal();
    this.#own.sleep(SLEEP_MS, () => this.serve());
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
      this.#reply(link, { kind: 'lent', request, value: this.#store.lend(message.id) });
    } else if (message.kind === 'change') {
      if (message.value === null) this.#store.forget(message.id);
      else this.#store.takeBack(message.id, message.value);
      this.#reply(link, { kind: 'changed', request });
    } else if (message.kind === 'run') {
      this.#reply(link, { kind: 'done', request, answer: this.runGuest(message.command) });
    } else if (message.kind === 'warm') {
      const loaded = (): void => this.#reply(link, { kind: 'loaded', request });
      const { isUrgent } = this.#store;
      this.#store.isUrgent = message.isUrgent;
      const problem = this.warmKey(message.db, Buffer.from(message.key), message.value, loaded);
      this.#store.isUrgent = isUrgent;
      const awaits = problem === null;
      this.#reply(link, { kind: 'warmed', request, problem: problem ?? '', awaits });
    } else if (message.kind === 'loaded') {
      const loading = this.#loading.get(request);
      if (loading !== undefined) loading.isDone = true;
      this.#loading.delete(request);
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
    } else if (!this.#takeAboutWaiters(link, message)) {
      this.#answers.set(request, message);
    }
  }

  /** True when it was about those that wait for keys. */
  #takeAboutWaiters(link: PeerLink, message: PeerMessage): boolean {
    const waiters = this.waiters!;
    const { kind, request } = message;
    if (kind === 'enter') {
      for (const key of message.keys) waiters.book.add(key, message.waiter);
      this.#reply(link, { kind: 'changed', request });
    } else if (kind === 'waiters') {
      const found = [...waiters.book.of(message.key)];
      this.#reply(link, { kind: 'waiting', request, waiters: found, keys: [] });
    } else if (kind === 'awaited') {
      const keys = waiters.book.keys(message.db);
      this.#reply(link, { kind: 'waiting', request, waiters: [], keys });
    } else if (kind === 'ended') {
      waiters.endedHere(message.slot, message.ticket);
    } else if (kind === 'forget') {
      for (const key of message.keys) waiters.book.remove(key, message.slot);
    } else {
      return false;
    }
    return true;
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
