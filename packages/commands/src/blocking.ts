// What commands that wait for keys (BLPOP and the like) and commands that make such keys have to do
// with each other, on the thread they run on. Who waits, and how he is served, is the workers'
// business: waiters.ts of shard has the argument.
//
// A command that waits finds nothing, says so by `begin`, and returns what that answers. One that
// makes a list or a sorted set, from nothing or from another type, asks `mayTurn` before it changes
// anything: where somebody may wait for the key, that happens only on the worker that owns the key,
// with the shard's gate closed, so that those who wait are served before anybody else sees it. A
// stream is never used up, and may have nothing for who waits for it: whatever adds to one asks
// `mayTurn`, and of each that waits it is asked whether it has something for him.

import { type HotTable, TYPE_LIST, TYPE_STREAM, TYPE_ZSET } from '@forgekv/keyspace';
import { BLOCKED, DONE, NOT_HERE, type Outcome } from './outcome.ts';

// What `Blocking.mode` may be.
/** In transactions, and while logs are replayed: who finds nothing answers at once. */
export const BLOCKS_NEVER = 0;
/** Only with the gates of its shards closed. */
export const BLOCKS_ELSEWHERE = 1;
/** Here: the gates of all its keys are closed. */
export const BLOCKS_HERE = 2;

/** What the command that is executed waits for. */
export interface KeyWait {
  /** The first and the last argument that are keys. */
  readonly first: number;
  readonly last: number;
  /** What a key has to be. */
  readonly type: number;
  /** The argument that is a key it makes when it is served, 0: none. */
  readonly target: number;
  /** 0 = for ever. */
  readonly timeoutMs: number;
  /** The command as RESP, where it is not to be served as it came: what it says of now is said. */
  readonly command?: Buffer | null;
}

/** A key that somebody may wait for, and that may be there now; null: any of its database. */
export interface ReadyKey {
  readonly key: Buffer | null;
  readonly db: number;
}

/** One per context. */
export class Blocking {
  mode: number = BLOCKS_NEVER;
  /** Set while the gates are closed: where keys are noted that were made. */
  ready: ReadyKey[] | null = null;
  /** What the command that has answered BLOCKED waits for. */
  wait: KeyWait | null = null;
  /** A command has answered NOT_HERE because it wants the gates closed. */
  #wantsGates = false;

  /**
   * The command has found nothing.
   * @returns DONE: it must not wait, and answers at once; else it returns this
   */
  begin(wait: KeyWait): Outcome {
    if (this.mode === BLOCKS_NEVER) return DONE;
    if (this.mode === BLOCKS_HERE) {
      this.wait = wait;
      return BLOCKED;
    }
    this.#wantsGates = true;
    return NOT_HERE;
  }

  /**
   * The selected key is about to be of a type, and was not.
   * @returns false: not here, and nothing may have changed
   */
  mayTurn(table: HotTable, type: number): boolean {
    if (type !== TYPE_LIST && type !== TYPE_ZSET && type !== TYPE_STREAM) return true;
    if (!table.awaited.isAwaited(table.shard, table.hash)) return true;
    if (this.ready === null) {
      this.#wantsGates = true;
      return false;
    }
    this.ready.push({ key: Buffer.from(table.selectedKey), db: table.selectedDb });
    return true;
  }

  /** All keys of a database may be there now. */
  turned(db: number): void {
    this.ready?.push({ key: null, db });
  }

  /** True once, after NOT_HERE that the gates would have spared. */
  takeWantsGates(): boolean {
    const wants = this.#wantsGates;
    this.#wantsGates = false;
    return wants;
  }

  takeWait(): KeyWait | null {
    const { wait } = this;
    this.wait = null;
    return wait;
  }
}
