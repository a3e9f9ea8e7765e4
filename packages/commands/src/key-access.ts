// Keys as a command function opens them: hashed once, selected, found, expired, removed. What may
// keep a thread from serving a key is decided here.

import {
  Databases,
  FLAG_STORED,
  type HotTable,
  MAX_KEY_BYTES,
  Scanner,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import { NO_PUBLISHER, type Publisher } from './channel-services.ts';
import type { EffectLog } from './effect-log.ts';
import { KeyChanges } from './key-changes.ts';
import { EVENT_EXPIRED, EVENT_GENERIC, EVENT_MISS, KeyEvents } from './key-events.ts';
import type { LargeValues } from './large-values.ts';
import { KEY_TOO_LONG, NOT_HERE } from './outcome.ts';
import { Request } from './request.ts';
import type { ThreadStats } from './stats.ts';

/** Keys of one command whose hash and shard are kept between locking and opening. */
const PREHASHED_ARGS = 4096;

export interface KeyModules {
  readonly table: HotTable;
  readonly large: LargeValues;
  readonly stats: ThreadStats;
  /** Where changes are noted that somebody may track; without it, nowhere. */
  readonly changes?: KeyChanges;
}

export abstract class KeyAccess {
  readonly request = new Request();
  readonly table: HotTable;
  readonly databases: Databases;
  readonly scanner: Scanner;
  readonly large: LargeValues;
  readonly stats: ThreadStats;
  /** Where changes go; null: nowhere, as while they are replayed. */
  log: EffectLog | null = null;
  /** Keys that changed and that somebody may track. */
  readonly changes: KeyChanges;
  /** Why writes are refused, as an error reply, '' = they are not; the same for a whole batch. */
  writeRefusal = '';
  /** CLIENT PAUSE holds commands back: nothing expires then by being read, nor by itself. */
  isPaused: () => boolean = () => false;
  /** The command that runs may change what it opens. */
  mayChange = false;
  /** Database of the connection. */
  db = 0;
  /** CLIENT NO-TOUCH: reading a key does not count as using it. */
  noTouch = false;
  /** For PUBLISH and events. */
  publisher: Publisher = NO_PUBLISHER;
  /** Classes of events that are to be noted, EVENT_ bits; 0: none. */
  eventClasses = 0;
  /** Notes of events that were not published yet. */
  noted = 0;
  readonly events = new KeyEvents();
  /** Id of the transaction this thread runs, 0 = none: its own gates are open to it. */
  transaction = 0;

  /** Shard and hash of keys by argument index, where `prehashed` says so. */
  readonly keyShards = new Uint8Array(PREHASHED_ARGS);
  readonly keyHashes = new Int32Array(PREHASHED_ARGS);
  readonly #prehashed = new Uint8Array(PREHASHED_ARGS);
  #nowMs = 0;
  #nowUse = 0;
  /** The tombstone of the selected key as far as `peek` and `remove` know, or 0. */
  protected tombstone = 0;

  constructor(modules: KeyModules) {
    this.table = modules.table;
    this.large = modules.large;
    this.stats = modules.stats;
    this.changes = modules.changes ?? new KeyChanges();
    this.databases = new Databases(modules.table);
    this.scanner = new Scanner(modules.table, this.databases);
  }

  /** Hashes a key argument for `open`; returns its shard. */
  prehash(index: number): number {
    const { request, table } = this;
    const offset = request.offset(index);
    const length = request.length(index);
    const hash = table.hasher.digest(request.bytes, request.view, offset, length);
    const shard = table.hasher.digestShard;
    if (index < PREHASHED_ARGS) {
      this.setPrehashed(index, shard, hash);
    }
    return shard;
  }

  setPrehashed(index: number, shard: number, hash: number): void {
    this.keyShards[index] = shard;
    this.keyHashes[index] = hash;
    this.#prehashed[index] = 1;
  }

  /** Forgets what `prehash` kept for an argument. */
  clearPrehashed(index: number): void {
    if (index < PREHASHED_ARGS) this.#prehashed[index] = 0;
  }

  /** Selects the key at an argument index in a database, for the table calls that follow. */
  select(index: number, db: number): void {
    const { request } = this;
    this.tombstone = 0;
    const offset = request.offset(index);
    const length = request.length(index);
    if (index < PREHASHED_ARGS && this.#prehashed[index] === 1) {
      this.table.selectHashed(
        request.bytes,
        request.view,
        offset,
        length,
        db,
        this.keyShards[index]!,
        this.keyHashes[index]!,
      );
    } else {
      this.table.selectKey(request.bytes, request.view, offset, length, db);
    }
  }

  /**
   * Opens the key at an argument index. Leaves it selected.
   * @returns its live entry, 0 when there is none, or NOT_HERE, FULL or UNREADABLE: the key is only
   *   in its store
   */
  open(index: number, db: number = this.db): number {
    const entry = this.peek(index, db);
    if (entry > 0 && !this.noTouch) this.table.use(entry, this.useClock());
    return entry;
  }

  /** The same for commands that only ask about the key: it does not count as used. */
  peek(index: number, db: number = this.db): number {
    if (this.request.length(index) > MAX_KEY_BYTES) return KEY_TOO_LONG;
    this.select(index, db);
    return this.peekSelected();
  }

  /** The same for the key that is selected. */
  peekSelected(): number {
    const { table } = this;
    if (this.isGated(table.shard)) return NOT_HERE;
    const entry = this.locate();
    if (entry <= 0) {
      if (entry === 0) this.log?.seesAbsence(table.shard);
      return entry;
    }
    this.log?.sees(entry);
    if (table.typeOf(entry) === TYPE_TOMBSTONE) {
      this.log?.seesAbsence(table.shard);
      this.tombstone = entry;
      return 0;
    }
    const expireAtMs = table.expireAtMs(entry);
    if (expireAtMs !== 0 && expireAtMs <= this.nowMs) return this.#expire(entry);
    return entry;
  }

  /**
   * Finds the selected key, wherever it is.
   * @returns its entry, live, expired or a tombstone; 0 when there is none; else as `open`
   */
  locate(): number {
    const entry = this.table.find();
    return entry !== 0 || this.table.isComplete ? entry : this.#fetch();
  }

  #fetch(): number {
    const entry = this.fetch();
    if (entry > 0) this.table.use(entry, this.useClock());
    return entry;
  }

  /** Brings the selected key back from its store; answers as `locate`. */
  protected abstract fetch(): number;

  /** True when the shard belongs to a transaction that is not this thread's own. */
  isGated(shard: number): boolean {
    const gate = this.table.gateOf(shard);
    return gate !== 0 && gate !== this.transaction;
  }

  /** Time of the command in Unix milliseconds; the same for a whole batch. */
  get nowMs(): number {
    return this.#nowMs;
  }

  set nowMs(nowMs: number) {
    this.#nowMs = nowMs;
    if (this.log !== null) this.writeRefusal = this.log.refusal;
    this.#nowUse = ((nowMs - this.table.arena.epochMs) / 1000) | 0;
  }

  /** From now until `nowMs` is set, nothing expires: for effects that are replayed. */
  freezeClock(): void {
    this.nowMs = Date.now();
    this.#nowMs = 0;
  }

  /** Now, as entries note their last use: seconds since the arena's epoch. */
  useClock(): number {
    return this.#nowUse;
  }

  #expire(entry: number): number {
    if (!this.canRemove(entry)) return NOT_HERE;
    // Gone for clients, which only read now; it stays until its removal can be logged.
    if (this.writeRefusal !== '' || this.keepsExpired) return 0;
    // Nobody's change, even for who tracks with NOLOOP and reads it now.
    const { client } = this.changes;
    this.changes.client = 0;
    this.remove(entry);
    this.changes.client = client;
    this.stats.expiredKeys++;
    this.noteSelected(EVENT_EXPIRED, 'expired', true);
    return 0;
  }

  /** Who may write to the key was let through before the pause, and finds it gone indeed. */
  get keepsExpired(): boolean {
    return !this.mayChange && this.isPaused();
  }

  /**
   * Notes an event of the key at an argument index, to be published when the command has ended.
   * @param eventClass an EVENT_ constant; notes nothing when it is off
   */
  note(eventClass: number, event: string, index: number = 1, db: number = this.db): void {
    if ((this.eventClasses & eventClass) !== 0) this.#note(event, this.request.copy(index), db);
  }

  /** The same for a change of a collection; when none of it is left (0), its key is gone, too. */
  noteLeft(eventClass: number, event: string, left: number, index: number = 1): void {
    if (this.eventClasses === 0) return;
    this.note(eventClass, event, index);
    if (left === 0) this.note(EVENT_GENERIC, 'del', index);
  }

  /** The same for a key that was to be read and is missing. */
  noteMiss(index: number = 1): void {
    this.note(EVENT_MISS, 'keymiss', index);
  }

  /**
   * The same for the selected key.
   * @param stays it has happened, even if the command is refused
   */
  noteSelected(eventClass: number, event: string, stays: boolean): void {
    if ((this.eventClasses & eventClass) === 0) return;
    const { selectedKey, selectedDb } = this.table;
    this.#note(event, Buffer.from(selectedKey), selectedDb, stays);
  }

  /** Publishes at once that a key was removed in the background; its shard is locked. */
  publishRemoval(eventClass: number, event: string, db: number, entry: number): void {
    if ((this.eventClasses & eventClass) === 0) return;
    const { table } = this;
    const at = table.keyWord(entry) * 4;
    this.#note(event, Buffer.from(table.bytes.subarray(at, at + table.keyLength(entry))), db, true);
    this.publishNotes();
  }

  #note(event: string, key: Buffer, db: number, stays = false): void {
    this.events.add(event, key, db, stays);
    this.noted++;
  }

  /** Forgets notes of what the command will say again. */
  forgetNotes(): void {
    if (this.noted > 0) this.noted = this.events.forget();
  }

  /** Publishes what was noted. */
  publishNotes(): void {
    if (this.noted === 0) return;
    this.noted = 0;
    this.events.publish(this.publisher);
  }

  /** True when this thread can remove or replace an entry of the selected key. */
  canRemove(entry: number): boolean {
    return !this.table.isLarge(entry) || this.large.reaches(this.table.shard);
  }

  /** Removes the entry of the selected key, its large value included. */
  remove(entry: number): void {
    const { table } = this;
    const lsn = table.nextLsn(table.shard);
    this.log?.removed(entry, table.shard, lsn);
    this.dropLarge(entry);
    this.tombstone = table.flagsOf(entry) & FLAG_STORED ? entry : 0;
    table.remove(entry, lsn);
    if (this.tombstone !== 0) this.log?.buried(this.tombstone);
    this.stats.changes++;
    if (this.changes.isOn) this.changes.noteSelected(table);
  }

  protected dropLarge(entry: number): void {
    const { table } = this;
    if (!table.isLarge(entry)) return;
    this.large.drop(table.shard, table.words[table.valueWord(entry)]!);
  }
}
