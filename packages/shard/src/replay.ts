// Applies the effects of the logs to the hot table, for the shards of one worker, before it
// serves anybody. Every effect is a command on one key and goes through the same functions as a
// client's; what differs: nothing is logged, nothing expires, and the LSN is the effect's own.
//
// An effect is applied only to the value it was made for. The LSN it names as the one before must
// be the one the key has (0: no such key), unless it does not depend on a value. After a power
// loss one log may have lost its unsynced end while another kept its own; then a key is left as
// it was before the hole, and the hole is counted. After a mere end of the process there are none,
// but perhaps in effects nobody had an answer to: two logs are not handed over in one call.

import { invariant } from '@forgekv/base';
import {
  AWAITS,
  admit,
  type CommandContext,
  type CommandRegistry,
  DONE,
  FULL,
  NO_NAMESPACE,
  type Outcome,
} from '@forgekv/commands';
import { MAX_LSN, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  RequestParser,
} from '@forgekv/protocol';
import type { WalEffect } from '@forgekv/storage';
import type { LibraryReplay } from './library-replay.ts';

/** Keys behind holes that are counted; more are too many to mean anything. */
const MOST_HOLES = 100_000;
/** Among the holes; names of keys begin with the number of a namespace. */
const LIBRARIES = 'function libraries';

/** What was recovered cannot be used. */
export class ReplayError extends Error {
  override name = 'ReplayError';
}

export interface ReplayCounts {
  /** Effects that changed something. */
  applied: number;
  /** Effects of flushed databases, or older than what the key has. */
  passed: number;
  /** Keys with effects whose value before is not there; function libraries are one more. */
  holes: number;
}

export class Replay {
  readonly counts = { applied: 0, passed: 0 };
  readonly #context: CommandContext;
  readonly #registry: CommandRegistry;
  readonly #libraries: LibraryReplay;
  readonly #parser = new RequestParser();
  /** Keys that are as they were before a hole. */
  readonly #holes = new Set<string>();
  #isWaiting = false;
  #isFull = false;
  readonly #limits = { maxBulkBytes: 2 ** 31, authenticated: true };
  /** The bytes of the last effect; mostly the next one lies in the same. */
  #source: Uint8Array = new Uint8Array(0);
  #buffer: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * @param context the worker's, without a log yet
   * @param libraries for effects that are about no key
   */
  constructor(context: CommandContext, registry: CommandRegistry, libraries: LibraryReplay) {
    this.#libraries = libraries;
    this.#context = context;
    this.#registry = registry;
    invariant(context.log === null, 'what is replayed is not logged again');
    context.freezeClock();
  }

  /** The effect that came last waits for a value to be read from its store. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** The effect that came last found no room in the hot table, and has changed nothing. */
  get isFull(): boolean {
    return this.#isFull;
  }

  get holes(): number {
    return this.#holes.size;
  }

  /**
   * @returns false when the effect has to be applied again: `isWaiting`, while a collection is
   *   read from its store, or `isFull`
   * @throws ReplayError when the effect is none, or its value cannot be read
   */
  apply(effect: WalEffect): boolean {
    const context = this.#context;
    const { shard, lsn } = effect;
    if (effect.namespace === NO_NAMESPACE) return this.#applyKeyless(effect);
    const db = context.databases.ofNamespace(effect.namespace);
    if (db < 0 || lsn > MAX_LSN) {
      this.counts.passed++;
      return true;
    }
    const id = this.#known(effect);
    const key = this.#registry.singleKey[id] || this.#registry.table.firstKey[id]!;
    context.db = db;
    const { table } = context;
    if (context.prehash(key) !== shard) throw this.#wrong(effect, 'its key is of another shard');
    table.locks.lock(shard);
    context.select(key, db);
    const entry = context.locate();
    if (entry < 0 && entry !== FULL) throw new ReplayError(context.unreadable);
    this.#isFull = entry === FULL;
    const isDone = !this.#isFull && this.#applyTo(entry, effect, id, key);
    table.locks.unlock(shard);
    context.clearPrehashed(key);
    context.reply.reset();
    return isDone;
  }

  /** A change of the function libraries. */
  #applyKeyless(effect: WalEffect): true {
    const command = this.#registry.table.names[this.#parse(effect)] ?? 'an unknown command';
    let outcome: 'applied' | 'passed' | 'hole';
    try {
      outcome = this.#libraries.apply(effect, command, this.#context.request);
    } catch (error) {
      throw this.#wrong(effect, (error as Error).message);
    }
    if (outcome === 'hole') this.#holes.add(LIBRARIES);
    else this.counts[outcome]++;
    if (outcome === 'applied' && effect.blind) this.#holes.delete(LIBRARIES);
    return true;
  }

  /** @param entry what the effect's key has, whose shard is locked */
  #applyTo(entry: number, effect: WalEffect, id: number, key: number): boolean {
    const context = this.#context;
    const { table } = context;
    const { shard, lsn, previousLsn } = effect;
    const last = entry === 0 ? 0 : table.lsnOf(entry);
    const current = entry === 0 || table.typeOf(entry) === TYPE_TOMBSTONE ? 0 : last;
    if (lsn <= last) {
      this.counts.passed++;
      return true;
    }
    if (!effect.blind && previousLsn !== current) {
      this.#hole(effect, key);
      return true;
    }
    table.setLastLsn(shard, lsn - 1);
    const outcome = this.#registry.runs[id]!(context);
    this.#isWaiting = outcome === AWAITS;
    this.#isFull = outcome === FULL;
    if (this.#isWaiting || this.#isFull) return false;
    this.#check(effect, outcome);
    this.counts.applied++;
    if (this.#holes.size > 0 && effect.blind) this.#holes.delete(this.#name(effect, key));
    return true;
  }

  /**
   * Notes an effect whose value before is not there. Not a hole after all when a later effect makes
   * or removes the key whatever it was: its store may already be as after that.
   */
  #hole(effect: WalEffect, key: number): void {
    if (this.#holes.size < MOST_HOLES) this.#holes.add(this.#name(effect, key));
  }

  #name(effect: WalEffect, key: number): string {
    return `${effect.namespace} ${this.#context.request.slice(key).toString('latin1')}`;
  }

  /** The same for a command that is executed here as it is for a client. */
  #known(effect: WalEffect): number {
    const id = this.#parse(effect);
    if (admit(this.#context, this.#registry, id) && this.#registry.runs[id] !== undefined)
      return id;
    throw this.#wrong(effect, 'this version does not know its command');
  }

  /** Leaves the effect's command in the context's request; returns its id, below 0: none. */
  #parse(effect: WalEffect): number {
    const { bytes, offset, length } = effect;
    const { request } = this.#context;
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const buffer = this.#buffer;
    const parser = this.#parser;
    parser.parse(buffer, offset, offset + length, this.#limits);
    if (parser.commandCount !== 1 || parser.commands[COMMAND_END] !== offset + length) {
      throw this.#wrong(effect, 'it is no command');
    }
    request.source(buffer, this.#view, parser.args);
    request.first = parser.commands[COMMAND_FIRST_ARG]!;
    request.argc = parser.commands[COMMAND_ARGC]!;
    request.start = parser.commands[COMMAND_START]!;
    request.end = parser.commands[COMMAND_END]!;
    const { table } = this.#registry;
    let id = table.lookup(buffer, request.offset(0), request.length(0));
    if (id >= 0 && table.isContainer[id] === 1 && request.argc > 1) {
      id = table.lookupSub(id, buffer, request.offset(1), request.length(1));
    }
    return id;
  }

  #check(effect: WalEffect, outcome: Outcome): void {
    const { reply } = this.#context;
    if (outcome !== DONE) throw this.#wrong(effect, 'it cannot be executed here');
    if (reply.errorCount > 0) throw this.#wrong(effect, reply.lastError);
  }

  #wrong(effect: WalEffect, why: string): ReplayError {
    const { shard, lsn } = effect;
    return new ReplayError(`the log's effect ${lsn} of shard ${shard} cannot be replayed: ${why}`);
  }
}
