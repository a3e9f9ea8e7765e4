// Clients that wait for keys (BLPOP and the like): how a wait begins, who may end it, and how all
// of it is forgotten again. How one is served is in waiter-service.ts.
//
//   front      BLPOP finds nothing: to the worker of its first key, its *home*, alone in its run
//   home       closes the gates of all its keys' shards, looks again, and, still nothing: opens a
//              claim word, raises the filter for each key, enters it in the book of each key's
//              owner, opens the gates, tells the front (KIND_BLOCKED)
//   anybody    is about to make a list or a sorted set whose filter is raised: not on a front, not
//              without gates. The owner of the command's first key closes the gates, executes it,
//              and before it opens them serves those who wait, in the order of the key's book
//   front      timeout, CLIENT UNBLOCK, end of the connection: claims, answers, tells home
//   home       lowers the filter, takes it out of all books
//
// Nothing is missed. A wait begins with all its gates closed and the keys looked at under them. Who
// makes a key holds its shard's lock with the gate open, or holds its gate. So it is before the
// gates were closed, and the look finds the key; or after they were opened, and then the filter is
// raised and the book has the entry, since both were done before.
//
// Nobody is served twice, and nothing is popped for nobody: whoever ends a wait claims it first, by
// one compare-and-swap, and a server does so when everything it needs is within reach and the key
// is seen to be there under its gate. What was popped is then on its way as any reply is.
//
// Order: a key's book is changed only under its gate, or by the end of a wait; so those that wait
// for it stand in the order in which their waits began, and are served in that order.
//
// A claim word counts up, so that entries of a wait that has ended, which others forget later, are
// dead at once. The filter may stay raised for a while: that costs a detour.
//
// Gates beyond the command's own: one that is served by BLMOVE makes another key, whose waiters are
// served in turn. `reach` follows them from key to key; what it finds is looked up again once the
// gates are closed, and if more turns out to be needed, all are opened and every gate is closed.

import { SHARD_COUNT } from '@forgekv/base';
import type { CommandContext, KeyWait } from '@forgekv/commands';
import { AwaitedKeys } from '@forgekv/keyspace';
import type { Peers } from './peers.ts';
import { type Waiter, WaiterBook } from './waiter-book.ts';

const NO_SLOTS = 'ERR too many clients wait for keys';
const NO_KEY = new Uint8Array(0);

/** Every shard. */
export const ALL_SHARDS: ReadonlySet<number> = new Set(
  Array.from({ length: SHARD_COUNT }, (_, shard) => shard),
);

export interface WaitersModules {
  readonly context: CommandContext;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
  /** Of this worker. */
  readonly index: number;
}

/** What the front is told of a wait that has begun. */
export interface BegunWait {
  readonly slot: number;
  readonly ticket: number;
  readonly timeoutMs: number;
}

interface AwaitedKey {
  readonly text: string;
  readonly shard: number;
  readonly hash: number;
}

interface HomeWait {
  readonly waiter: Waiter;
  readonly keys: readonly AwaitedKey[];
}

export class Waiters {
  readonly book: WaiterBook;
  readonly #m: WaitersModules;
  readonly #awaited: AwaitedKeys;
  /** Those whose home this is, by slot. */
  readonly #waits = new Map<number, HomeWait>();
  readonly #freeSlots: number[] = [];
  #nextSlot: number;
  readonly #endSlot: number;
  /** Whose run is executed. */
  #front = 0;
  #connection = 0;
  #flags = 0;
  /** The wait that was begun last. */
  #begun: BegunWait | null = null;

  constructor(modules: WaitersModules) {
    this.#m = modules;
    this.#awaited = modules.context.table.awaited;
    this.book = new WaiterBook((by) => this.#awaited.countKey(by));
    const workers = Math.max(modules.index, ...modules.workerOf) + 1;
    [this.#nextSlot, this.#endSlot] = AwaitedKeys.slots(modules.index, workers);
    modules.peers.waiters = this;
  }

  /** From now on commands are those of a connection. */
  runFor(front: number, connection: number, flags: number): void {
    this.#front = front;
    this.#connection = connection;
    this.#flags = flags;
  }

  // --- home ---

  /**
   * Begins the wait of the command in the context's request; the gates of all its keys are closed.
   * @returns false: it cannot wait, and the reply says why
   */
  begin(id: number, wait: KeyWait): boolean {
    const { context, workerOf, index, peers } = this.#m;
    const { request } = context;
    const slot = this.#takeSlot();
    if (slot < 0) {
      context.fail(NO_SLOTS);
      return false;
    }
    const ticket = this.#awaited.open(slot);
    const { target, type, first, last, timeoutMs } = wait;
    const waiter: Waiter = {
      ...{ home: index, slot, ticket, front: this.#front, connection: this.#connection },
      ...{ flags: this.#flags, id, first, last, type, target },
      bytes: Uint8Array.from(wait.command ?? request.bytes.subarray(request.start, request.end)),
      targetKey: target === 0 ? NO_KEY : Uint8Array.from(request.slice(target)),
    };
    const keys = this.#keysOf(wait);
    this.#waits.set(slot, { waiter, keys });
    this.#awaited.count(1, target !== 0);
    const foreign = new Map<number, string[]>();
    for (const { text, shard, hash } of keys) {
      this.#awaited.add(shard, hash);
      const owner = workerOf[shard]!;
      if (owner === index) this.book.add(text, waiter);
      else foreign.set(owner, [...(foreign.get(owner) ?? []), text]);
    }
    // Each has entered it before the gates are opened.
    for (const [owner, texts] of foreign) peers.enter(owner, waiter, texts);
    this.#begun = { slot, ticket, timeoutMs };
    return true;
  }

  /** The keys a command waits for, each once. */
  #keysOf({ first, last }: KeyWait): AwaitedKey[] {
    const { request, table } = this.#m.context;
    const keys = new Map<string, AwaitedKey>();
    for (let i = first; i <= last; i++) {
      const text = request.text(i);
      if (keys.has(text)) continue;
      const at = request.offset(i);
      const hash = table.hasher.digest(request.bytes, request.view, at, request.length(i));
      keys.set(text, { text, shard: table.hasher.digestShard, hash });
    }
    return [...keys.values()];
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    return this.#nextSlot < this.#endSlot ? this.#nextSlot++ : -1;
  }

  takeBegun(): BegunWait {
    const begun = this.#begun!;
    this.#begun = null;
    return begun;
  }

  /** A wait has ended: somebody has claimed it. */
  ended(home: number, slot: number, ticket: number): void {
    if (home === this.#m.index) this.endedHere(slot, ticket);
    else this.#m.peers.ended(home, slot, ticket);
  }

  /** The same for one whose home this is. */
  endedHere(slot: number, ticket: number): void {
    const { index, workerOf, peers } = this.#m;
    const wait = this.#waits.get(slot);
    if (wait === undefined || wait.waiter.ticket !== ticket) return;
    this.#waits.delete(slot);
    this.#awaited.count(-1, wait.waiter.target !== 0);
    const foreign = new Map<number, string[]>();
    for (const { text, shard, hash } of wait.keys) {
      this.#awaited.remove(shard, hash);
      const owner = workerOf[shard]!;
      if (owner === index) this.book.remove(text, slot);
      else foreign.set(owner, [...(foreign.get(owner) ?? []), text]);
    }
    // It comes before whatever is told of a later wait of this slot.
    for (const [owner, texts] of foreign) peers.forget(owner, slot, texts);
    this.#freeSlots.push(slot);
  }

  // --- gates ---

  /**
   * Which gates a command needs: those of its shards, and of the keys that those make who may be
   * served after it.
   * @param keys that it names, null: it may make any
   */
  reach(shards: ReadonlySet<number>, keys: readonly Buffer[] | null): ReadonlySet<number> {
    if (this.#awaited.movers === 0 || shards.size === SHARD_COUNT) return shards;
    if (keys === null) return ALL_SHARDS;
    const { context, workerOf, index } = this.#m;
    const { hasher } = context.table;
    const reached = new Set(shards);
    const seen = new Set<string>();
    const open = keys.map((key) => Buffer.from(key));
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      const view = new DataView(key.buffer, key.byteOffset, key.length);
      const hash = hasher.digest(key, view, 0, key.length);
      const shard = hasher.digestShard;
      reached.add(shard);
      const text = key.toString('latin1');
      if (seen.has(text) || !this.#awaited.isAwaited(shard, hash)) continue;
      seen.add(text);
      if (workerOf[shard] !== index) return ALL_SHARDS;
      for (const { target, targetKey } of this.book.of(text)) {
        if (target !== 0) open.push(Buffer.from(targetKey));
      }
    }
    return reached;
  }
}
