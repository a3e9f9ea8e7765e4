// Takes in the large arguments of commands before these are executed, a slice in every turn, each
// command in turn: see staged-command.ts, and wal-staging.ts of storage for why that is safe.
//
// What a slice costs is copying, summing and writing it. A segment that would have to be made first
// is waited for, since somebody makes the next one all the time; but not for ever. With `Always`
// another thread makes the parts durable before the command is executed.

import { performance } from 'node:perf_hooks';
import { type CommandTable, FLAG_WRITE } from '@forgekv/catalog';
import { bytesPerSlice, type CommandContext, ELEMENT_BYTES } from '@forgekv/commands';
import type { Doorbell } from '@forgekv/rings';
import { isStageable, StagedCommand } from './staged-command.ts';

/** Time for all slices between two rounds of other runs. */
const ROUND_MS = 1;
const SLICE_BYTES = 256 * 1024;
/** Patience with the segment that is being made. */
const MOST_WAIT_MS = 3000;
/** What stores an argument as the string it is. */
const STORING = new Set(['set', 'setnx', 'setex', 'psetex', 'getset', 'mset', 'msetnx']);

export class ArgumentStager {
  readonly #context: CommandContext;
  readonly #table: CommandTable;
  readonly #own: Doorbell;
  readonly #restore: number;
  /** Commands whose arguments are being taken in, and those that were not executed yet. */
  #coming: StagedCommand[] = [];
  readonly #all = new Set<StagedCommand>();
  #blockedSince = 0;
  #syncing = 0;
  /** Makes the logs durable; with `Always`. */
  sync: (() => Promise<void>) | null = null;
  /** For tests: every round does as little as there is. */
  isSlow = false;

  /** @param own rung when a command may be executed */
  constructor(context: CommandContext, table: CommandTable, own: Doorbell) {
    this.#context = context;
    this.#table = table;
    this.#own = own;
    this.#restore = table.idOf('restore');
    context.bytesElsewhere = () => this.#bytesElsewhere();
  }

  /** Commands that wait. */
  get length(): number {
    return this.#coming.length + this.#syncing;
  }

  /** True while the disk is waited for: the thread's event loop must turn then. */
  get isSyncing(): boolean {
    return this.#syncing > 0;
  }

  #bytesElsewhere(): number {
    const { request, log } = this.#context;
    const length = request.end - request.start;
    if (length <= this.longBytes) return 0;
    const taken = this.taken();
    if (taken === null) {
      // Before it begins, it is asked again.
      return !this.#isPrepared && isStageable(request, this.longBytes) ? length : 0;
    }
    let sum = 0;
    for (const { bytes } of taken.arguments) if (log!.staging.isGood(bytes)) sum += bytes.length;
    return sum;
  }

  /**
   * True for a command that is prepared in slices itself, and logged when it is stored, and for one
   * that was prepared: to wait now would be to lose that.
   */
  get #isPrepared(): boolean {
    const { prepared, request } = this.#context;
    if (prepared !== null) return true;
    const at = request.offset(0);
    return this.#table.lookupForClients(request.bytes, at, request.length(0)) === this.#restore;
  }

  /** What was taken in for the command in the context's request; null: nothing. */
  taken(): StagedCommand | null {
    for (const staged of this.#all) if (staged.isOf(this.#context.request)) return staged;
    return null;
  }

  /** Begins to take in the arguments of the command in the request; null: it can go on as it is. */
  begin(id: number): StagedCommand | null {
    const { log, request, hotValueMaxBytes, writeRefusal } = this.#context;
    const isWrite = (this.#table.flagBits[id]! & FLAG_WRITE) !== 0;
    if (log === null || !isWrite || request.start < 0 || writeRefusal !== '') return null;
    if (this.#isPrepared) return null;
    const mayStore = STORING.has(this.#table.names[id]!);
    const ended = (staged: StagedCommand): void => {
      this.#all.delete(staged);
      this.#coming = this.#coming.filter((other) => other !== staged);
    };
    const above = this.longBytes;
    const staged = new StagedCommand(log, request, above, mayStore, hotValueMaxBytes, ended);
    if (staged.arguments.length === 0) return null;
    this.#all.add(staged);
    this.#coming.push(staged);
    return staged;
  }

  /** Commands of more bytes than this have their arguments taken in. */
  get longBytes(): number {
    return this.#context.sliceElements * ELEMENT_BYTES;
  }

  /** Goes on for a moment, behind the end of a tick; true when there is more to do at once. */
  round(): boolean {
    if (this.#coming.length === 0) return false;
    const slice = this.isSlow ? bytesPerSlice(this.#context.sliceElements) : SLICE_BYTES;
    const until = this.isSlow ? 0 : performance.now() + ROUND_MS;
    do {
      if (!this.#isReadyFor(slice)) return false;
      const staged = this.#coming.shift()!;
      const isOpen = staged.step(slice);
      if (isOpen && !staged.isWhole) this.#coming.push(staged);
      else this.#settle(staged);
    } while (this.#coming.length > 0 && performance.now() < until);
    return true;
  }

  #isReadyFor(bytes: number): boolean {
    if (this.#context.log!.staging.isReadyFor(bytes)) {
      this.#blockedSince = 0;
      return true;
    }
    const now = performance.now();
    if (this.#blockedSince === 0) this.#blockedSince = now;
    return now - this.#blockedSince > MOST_WAIT_MS;
  }

  #settle(staged: StagedCommand): void {
    if (this.sync === null || !this.#context.log!.handOver.syncs || !staged.isWhole) {
      staged.isDone = true;
      return;
    }
    const end = (): void => {
      this.#syncing--;
      staged.isDone = true;
      this.#own.ring();
    };
    this.#syncing++;
    // What went wrong, the command meets itself.
    this.sync().then(end, end);
  }
}
