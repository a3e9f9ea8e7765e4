// The home's side of guest-runner.ts, which has the argument: which commands of a transaction are
// sent to another worker, and what becomes of its answer.

import { extractKeys, FLAG_WRITE } from '@forgekv/catalog';
import {
  type CommandContext,
  type CommandRegistry,
  DONE,
  type NotedBatch,
} from '@forgekv/commands';
import type { LargeStore } from './large-store.ts';
import type { Peers } from './peers.ts';

/** A value that is only read is borrowed up to this length: a script may read it again. */
const MOST_BORROWED_BYTES = 8192;
/** Commands that lead to keys of other databases, or note what the connection is to have. */
const NEVER = ['copy', 'move', 'watch'];
const NOBODY = -1;

export interface GuestCommandsModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly store: LargeStore;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
}

export class GuestCommands {
  readonly #m: GuestCommandsModules;
  readonly #never: ReadonlySet<number>;
  readonly #keys: number[] = [];
  /** Commands that others have executed. */
  count = 0;

  constructor(modules: GuestCommandsModules) {
    this.#m = modules;
    const { names } = modules.registry.table;
    this.#never = new Set(NEVER.map((name) => names.indexOf(name)));
  }

  /**
   * Has the command in the context's request executed by the worker that alone has the large values
   * of its keys, whose shards are gated; writes its reply.
   * @returns false: nothing has happened, but for what has expired
   */
  run(id: number): boolean {
    const worker = this.#ownerOf(id);
    if (worker === NOBODY) return false;
    const { context, peers } = this.#m;
    const { request, reply, db, nowMs, transaction, log } = context;
    const { start, end, first, argc } = request;
    const args = request.args.slice(first * 2, (first + argc) * 2);
    for (let i = 0; i < args.length; i += 2) args[i]! -= start;
    const bytes = Uint8Array.from(request.bytes.subarray(start, end));
    const { resp3 } = reply;
    const answer = peers.run(worker, { id, bytes, args, db, nowMs, resp3, transaction });
    this.#adopt(answer.effects);
    log?.endGroup();
    if (answer.outcome !== DONE) return false;
    this.count++;
    for (const { key, db } of answer.ready) {
      context.blocking.ready?.push({ key: key && Buffer.from(key), db });
    }
    if (answer.error !== '') reply.error(answer.error);
    else reply.encoded(answer.reply, 0, answer.reply.length);
    return true;
  }

  /** The worker that has the large values of a command's keys, if there is one such, and others. */
  #ownerOf(id: number): number {
    const { registry, context, store } = this.#m;
    const { request, table, db, log } = context;
    if (context.eventClasses !== 0 || request.start < 0 || this.#never.has(id)) return NOBODY;
    if (registry.wideTests[id]?.(request) === true) return NOBODY;
    const changes = (registry.table.flagBits[id]! & FLAG_WRITE) !== 0;
    const keys = this.#keys;
    const count = extractKeys(registry.table, id, request.argc, (i) => request.slice(i), keys);
    let worker = NOBODY;
    for (let i = 0; i < count; i++) {
      const index = keys[i]!;
      const at = request.offset(index);
      context.clearPrehashed(index);
      table.selectKey(request.bytes, request.view, at, request.length(index), db);
      const { shard } = table;
      if (!store.reaches(shard)) return NOBODY;
      table.locks.lock(shard);
      const entry = table.find();
      // What the reply may show, wherever it is written.
      if (entry === 0) log?.seesAbsence(shard);
      else log?.sees(entry);
      const isLarge = entry !== 0 && table.isLarge(entry);
      const value = isLarge ? table.words[table.valueWord(entry)]! : 0;
      const bytes = isLarge ? table.lengthOf(entry) : 0;
      table.locks.unlock(shard);
      if (!isLarge) continue;
      const owner = this.#m.workerOf[shard]!;
      if (store.has(value) || store.owns(shard)) return NOBODY;
      if (worker !== NOBODY && worker !== owner) return NOBODY;
      if (!changes && bytes <= MOST_BORROWED_BYTES) return NOBODY;
      worker = owner;
    }
    return worker;
  }

  /** Logs what the other worker has done, as done here. */
  #adopt(batch: NotedBatch): void {
    const { context } = this.#m;
    const { table, databases, changes, log } = context;
    for (const [i, { shard, namespace, lsn, key }] of batch.effects.entries()) {
      const db = databases.ofNamespace(namespace);
      table.locks.lock(shard);
      let entry = 0;
      if (db >= 0) {
        const name = Buffer.from(key);
        const view = new DataView(name.buffer, name.byteOffset, name.length);
        table.selectKey(name, view, 0, name.length, db);
        entry = table.find();
        // A later effect of the same command has it, else.
        if (entry !== 0 && table.lsnOf(entry) !== lsn) entry = 0;
        if (changes.isOn) changes.noteSelected(table);
      }
      log?.adopt(batch, i, entry);
      table.locks.unlock(shard);
    }
  }
}
