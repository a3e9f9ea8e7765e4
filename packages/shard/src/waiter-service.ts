// Serves those who wait for keys that were made: with the gates closed, before anybody else sees
// such a key. What makes that right is argued in waiters.ts.
//
// The keys are gone through in the order in which they were made, and for each those who wait for
// it in the order in which they came, until it is gone. One that waits for another type stays. One
// that moves its element makes another key, which is gone through in turn: a list, not a recursion,
// and it ends because each step ends a wait.
//
// Replies are kept until the gates are open: to send them may mean to wait, for room in a ring or
// for another thread's tick, and that may wait for the gates. They leave in the tick of the command
// that made the key, by the rings of this worker, whichever worker began the wait; so the tick rule
// holds as for its own clients: this worker's log has what was popped.
//
// What cannot be done at once (a value has to be read from a store, there is no room) is not waited
// for behind the gates: the wait ends, and the front sends the command again as if it were new. It
// has lost its place then, and its timeout begins anew.

import type {
  CommandContext,
  CommandRegistry,
  CommandTimer,
  Executor,
  ReadyKey,
} from '@forgekv/commands';
import { DONE } from '@forgekv/commands';
import { TYPE_STREAM, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  ReplyWriter,
  RequestParser,
} from '@forgekv/protocol';
import { RUN_NO_TOUCH, RUN_RESP3, runDatabase } from '@forgekv/rings';
import { MissingStreams } from './missing-streams.ts';
import type { Peers } from './peers.ts';
import type { ReplySender } from './reply-sender.ts';
import { keepBytes } from './run-bytes.ts';
import type { SlowReports } from './slow-reports.ts';
import type { Transactions } from './transaction.ts';
import { databaseOf, type Waiter } from './waiter-book.ts';
import type { Waiters } from './waiters.ts';

/** What was accepted when it began to wait is accepted again. */
const NO_LIMITS = { maxBulkBytes: Infinity, authenticated: true };
const NO_BYTES = Buffer.alloc(0);
/** In place of a type: whether the key is there is not known without its store. */
const AWAY = -1;
/** There is no such key. */
const GONE = 0;

export interface WaiterServiceModules {
  readonly context: CommandContext;
  readonly registry: CommandRegistry;
  readonly executor: Executor;
  readonly transactions: Transactions;
  readonly waiters: Waiters;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
  readonly index: number;
  readonly slow: SlowReports;
  readonly fronts: readonly { readonly replies: ReplySender }[];
}

/** The end of a wait that the front has to be told. */
interface Served {
  readonly waiter: Waiter;
  /** Its reply. */
  readonly reply: Buffer;
  /** What else: its command is to be executed as a new one, or the reply exceeds all bounds. */
  readonly how: 'reply' | 'again' | 'too large';
}

export class WaiterService {
  readonly #m: WaiterServiceModules;
  readonly #parser = new RequestParser();
  readonly #writer = new ReplyWriter();
  readonly #missing: MissingStreams;
  readonly #timer: CommandTimer;
  #served: Served[] = [];

  constructor(modules: WaiterServiceModules) {
    this.#m = modules;
    this.#timer = modules.slow.createTimer();
    const { context, waiters, registry } = modules;
    this.#missing = new MissingStreams(context, waiters.book, registry.table.idOf('xreadgroup'));
  }

  /** Serves whom the command or the transaction that was just executed has something for. */
  serve(ready: readonly ReadyKey[]): void {
    if (ready.length === 0) return;
    const { context } = this.#m;
    const { request, db, noTouch, sliceElements, reply } = context;
    const { bytes, view, args, first, argc, start, end } = request;
    context.sliceElements = Infinity;
    this.#writer.mostBytes = reply.mostBytes;
    context.reply = this.#writer;
    // It grows meanwhile.
    for (let i = 0; i < ready.length; i++) {
      const { key, db: of } = ready[i]!;
      if (key !== null) this.#serveKey(key, of);
      else for (const each of this.#allKeys(of)) this.#serveKey(each, of);
    }
    context.reply = reply;
    request.source(bytes, view, args);
    Object.assign(request, { first, argc, start, end });
    Object.assign(context, { db, noTouch, sliceElements });
  }

  #allKeys(db: number): Buffer[] {
    const { waiters, peers, workerOf, index } = this.#m;
    const texts = waiters.book.keys(db);
    for (const worker of new Set(workerOf)) {
      if (worker !== index) texts.push(...peers.awaitedKeys(worker, db));
    }
    return texts.map((text) => Buffer.from(text, 'latin1'));
  }

  #serveKey(key: Buffer, db: number): void {
    const { context, waiters, peers, workerOf, index } = this.#m;
    const { awaited, hasher } = context.table;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const hash = hasher.digest(key, view, 0, key.length);
    const shard = hasher.digestShard;
    if (!awaited.isAwaited(shard, hash)) return;
    const text = key.toString('latin1');
    const owner = workerOf[shard]!;
    const queue = owner === index ? waiters.book.of(text) : peers.waitersFor(owner, text);
    for (const waiter of queue) {
      if (databaseOf(waiter) !== db || !awaited.isOpen(waiter.slot, waiter.ticket)) continue;
      const type = this.#typeOf(key, view, db);
      if (type === GONE && waiter.type !== TYPE_STREAM) return;
      if (type === AWAY || type === waiter.type || waiter.type === TYPE_STREAM) {
        this.#serveOne(waiter, key, db, type === AWAY);
      }
    }
  }

  /** The type of a key of a gated shard, GONE or AWAY. */
  #typeOf(key: Buffer, view: DataView, db: number): number {
    const { table, nowMs } = this.#m.context;
    table.selectKey(key, view, 0, key.length, db);
    const { shard } = table;
    table.locks.lock(shard);
    const entry = table.find();
    let type = entry === 0 ? (table.isComplete ? GONE : AWAY) : table.typeOf(entry);
    if (type === TYPE_TOMBSTONE) type = GONE;
    if (type > 0) {
      const expireAtMs = table.expireAtMs(entry);
      if (expireAtMs !== 0 && expireAtMs <= nowMs) type = GONE;
    }
    table.locks.unlock(shard);
    return type;
  }

  #serveOne(waiter: Waiter, key: Buffer, db: number, isAway: boolean): void {
    const { context, waiters, executor } = this.#m;
    const { home, slot, ticket, id, target } = waiter;
    const writer = this.#writer;
    const isHere = !isAway && this.#isWithinReach(waiter, key, db);
    if (isHere && waiter.type === TYPE_STREAM) {
      // It is never used up, and may have nothing for this one.
      this.#open(waiter);
      if (!executor.isReady(id, this.#indexOf(waiter, key))) return;
    }
    if (!context.table.awaited.claim(slot, ticket)) return;
    let how: Served['how'] = 'again';
    if (isHere) {
      this.#open(waiter);
      const errors = writer.errorCount;
      this.#timer.begin(1);
      if (executor.serve(id, this.#indexOf(waiter, key), target) === DONE) how = 'reply';
      if (how === 'reply') this.#tellTime(waiter);
      if (writer.errorCount !== errors) context.stats.failed(id, writer.lastError);
      if (writer.overflowed) how = 'too large';
    }
    const isReply = how === 'reply';
    const reply = isReply ? Buffer.from(writer.buffer.subarray(0, writer.position)) : NO_BYTES;
    writer.overflowed = false;
    writer.reset();
    this.#served.push({ waiter, reply, how });
    waiters.ended(home, slot, ticket);
  }

  /** Redis: that it has waited does not count. */
  #tellTime({ id, front, connection }: Waiter): void {
    if (!this.#timer.ended(id)) return;
    const { replies } = this.#m.fronts[front]!;
    this.#m.slow.tookFor(replies, connection, id, this.#timer.microseconds);
  }

  /** True when nothing has to be read for it. */
  #isWithinReach({ target, targetKey }: Waiter, key: Buffer, db: number): boolean {
    const { transactions, context } = this.#m;
    let problem = transactions.bring(key, db, true, true);
    if (problem === '' && target !== 0) {
      const bytes = Buffer.from(targetKey);
      // A script may have made a key that it did not declare: nobody asked then who waits for it.
      const shard = context.table.hasher.shard(bytes, 0, bytes.length);
      if (context.table.gateOf(shard) !== context.transaction) return false;
      problem = transactions.bring(bytes, db, true, true);
    }
    return transactions.takeAwaited().length === 0 && problem === '';
  }

  /** Makes its command the context's request. */
  #open({ bytes, flags }: Waiter): void {
    const { context } = this.#m;
    const { request } = context;
    const kept = keepBytes(Buffer.from(bytes));
    this.#parser.parse(kept.bytes, 0, kept.bytes.length, NO_LIMITS);
    const { commands, args } = this.#parser;
    request.source(kept.bytes, kept.view, args);
    request.first = commands[COMMAND_FIRST_ARG]!;
    request.argc = commands[COMMAND_ARGC]!;
    request.start = commands[COMMAND_START]!;
    request.end = commands[COMMAND_END]!;
    context.db = runDatabase(flags);
    context.noTouch = (flags & RUN_NO_TOUCH) !== 0;
    context.reply.resp3 = (flags & RUN_RESP3) !== 0;
  }

  /** The argument that is a key. */
  #indexOf({ first, last }: Waiter, key: Buffer): number {
    const { request } = this.#m.context;
    let i = first;
    while (i < last && !request.slice(i).equals(key)) i++;
    return i;
  }

  /** Tells those who wait for a stream that is gone. */
  #tellMissing(): void {
    const { context, transactions } = this.#m;
    const nowMs = Date.now();
    for (const { key, db, shard } of this.#missing.find(nowMs)) {
      context.nowMs = nowMs;
      const shards = transactions.enterServing(new Set([shard]), [key]);
      this.serve([{ key, db }]);
      transactions.leave(shards);
    }
  }

  /** Hands the replies on; the gates are open. */
  flush(): void {
    if (this.#m.waiters.book.size > 0) this.#tellMissing();
    if (this.#served.length === 0) return;
    const served = this.#served;
    this.#served = [];
    const used = new Set<ReplySender>();
    for (const { waiter, reply, how } of served) {
      const { front, connection, slot, ticket, bytes } = waiter;
      const { replies } = this.#m.fronts[front]!;
      used.add(replies);
      replies.served(connection, slot, ticket);
      if (how === 'too large') {
        replies.tooLarge(connection);
        continue;
      }
      if (how === 'again') replies.leftover(connection, Buffer.from(bytes), 0, bytes.length);
      replies.bytes(connection, reply);
    }
    for (const replies of used) replies.flush();
  }
}
