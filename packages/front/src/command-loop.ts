// Takes the bytes of a connection through parse, route and execution. This is the hot path:
// nothing is allocated between a request's bytes and its reply's.
//
//   parse   offsets of the commands and arguments of one read
//   route   command id, shard and hash of the first key of each command; its bucket and entry
//           are touched, so that the cache misses of the batch overlap
//   execute one by one, in place; the first command that cannot run here takes those behind
//           it along to a worker, and the connection waits: it runs in one place at a time

import { FLAG_DENYOOM, FLAG_MAY_REPLICATE, FLAG_NO_MULTI, FLAG_WRITE } from '@forgekv/catalog';
import {
  BatchRouter,
  beginReply,
  type CommandContext,
  type CommandRegistry,
  CommandTimer,
  DONE,
  Executor,
  endReply,
  OUT_OF_MEMORY,
  PLACE_FRONT,
  PLACE_KEYED,
  type ServerServices,
  tellMonitors,
  WAITING,
} from '@forgekv/commands';
import { CAP_UNDER } from '@forgekv/keyspace';
import {
  COMMAND_END,
  COMMAND_START,
  COMMAND_WORDS,
  type PartialCommand,
  RequestParser,
} from '@forgekv/protocol';
import { type HotKeySketch, PAUSE_ALL, PAUSE_NONE, type ProcessControl } from '@forgekv/rings';
import type { CommandQueue } from './command-queue.ts';
import { CLOSING, type Connection, DEFERRED, PAUSED, READY, STALLED } from './connection.ts';
import { encodeCommand } from './encode-command.ts';
import { FrontAdmission } from './front-admission.ts';
import type { FrontChannels } from './front-channels.ts';
import type { FrontPermits } from './front-permits.ts';
import type { FrontScripts } from './front-scripts.ts';
import type { HopClient } from './hop-client.ts';
import { KeySampler } from './key-sampler.ts';
import { pointTo, RunSender } from './run-sender.ts';
import type { SlowCommands } from './slow-commands.ts';
import type { TickOutput } from './tick-output.ts';
import type { FrontTracking } from './tracking/front-tracking.ts';
import type { TransactionRunner } from './transaction-runner.ts';

/** More reply bytes than this in one tick end the tick early. */
export const EARLY_FLUSH_BYTES = 1024 * 1024;
/** Writes that are longer go to workers. */
const LONG_BYTES = 1024 * 1024;
/** Not queued after MULTI. */
const ACT_AT_ONCE = ['exec', 'discard', 'multi', 'quit', 'reset'];
const PUBLISHER_NAMES = ['publish', 'spublish', 'exec'];

export interface CommandLoopModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly services: ServerServices;
  readonly hops: HopClient;
  readonly channels: FrontChannels;
  readonly tracking: FrontTracking;
  readonly scripts: FrontScripts;
  readonly slow: SlowCommands;
  readonly hotKeys: HotKeySketch;
  readonly permits: FrontPermits;
  readonly output: TickOutput;
  readonly control: ProcessControl;
  /** Worker of each shard. */
  readonly workerOf: Uint8Array;
  readonly transactions: TransactionRunner;
  /** Told about a connection that CLIENT PAUSE stopped. */
  readonly paused: (connection: Connection) => void;
  /** Told about a connection that may go on when messages have left. */
  readonly clogged: (connection: Connection) => void;
  /** Told about a connection that may go on when the replies of this tick have left. */
  readonly held: (connection: Connection) => void;
  /** Told about a connection whose replies are more than a client may ask for. */
  readonly tooLarge: (connection: Connection) => void;
  readonly log: (message: string) => void;
}

export class CommandLoop {
  readonly #m: CommandLoopModules;
  readonly #parser = new RequestParser();
  readonly #executor: Executor;
  readonly #router: BatchRouter;
  /** Sends every keyed command over the ring: for tests and benchmarks. */
  forceHop = false;
  /** Somebody wants to know of what is executed; the same for a whole batch. */
  #isMonitored = false;
  readonly #admission: FrontAdmission;
  readonly #sender: RunSender;
  readonly #timer: CommandTimer;
  readonly #sampler: KeySampler;
  /** 1 by command id: it publishes. */
  readonly #publishes: Uint8Array;
  /** 1 by command id: it is not queued after MULTI. */
  readonly #actsAtOnce: Uint8Array;

  constructor(modules: CommandLoopModules) {
    this.#m = modules;
    this.#router = new BatchRouter(modules.registry, modules.context.table);
    this.#executor = new Executor(modules.registry, modules.context, false);
    const { names } = modules.registry.table;
    this.#publishes = Uint8Array.from(names, (name) => (PUBLISHER_NAMES.includes(name) ? 1 : 0));
    this.#actsAtOnce = Uint8Array.from(names, (name) => (ACT_AT_ONCE.includes(name) ? 1 : 0));
    this.#timer = new CommandTimer(modules.registry, modules.context.stats, modules.slow.watch);
    this.#sampler = new KeySampler(modules.registry, modules.context, modules.hotKeys);
    this.#admission = new FrontAdmission(modules);
    this.#sender = new RunSender(modules, {
      ...{ parser: this.#parser, router: this.#router },
      isPaused: (pause, id, connection) => this.#isPaused(pause, id, connection),
    });
    const { request } = modules.context;
    modules.context.bytesElsewhere = () => {
      const length = request.end - request.start;
      return length > LONG_BYTES ? length : 0;
    };
  }

  /** Executes what is complete in `bytes[start..end)` and keeps the rest as pending. */
  received(connection: Connection, bytes: Buffer, view: DataView, start: number, end: number) {
    const at = this.#process(connection, bytes, view, start, end, null);
    const { pending } = connection;
    pending.append(bytes, at, end);
    pending.partial = connection.state === READY ? this.#parser.partial : null;
  }

  /** Goes on with a connection's pending bytes, after they grew or it became ready. */
  resume(connection: Connection): void {
    const { pending } = connection;
    if (connection.state !== READY || pending.length === 0) return;
    const { bytes, view, partial } = pending;
    pending.partial = null;
    const at = this.#process(connection, bytes, view, pending.start, pending.end, partial);
    pending.consume(at);
    if (pending.length > 0 && connection.state === READY) pending.partial = this.#parser.partial;
  }

  /** Returns the offset up to which bytes were used up. */
  #process(
    connection: Connection,
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
    partial: PartialCommand | null,
  ): number {
    const parser = this.#parser;
    let at = start;
    while (at < end && connection.state === READY) {
      const next = parser.parse(bytes, at, end, connection.limits, partial);
      partial = null;
      const count = parser.commandCount;
      if (count > 0) {
        const done = this.#execute(connection, bytes, view, count);
        if (done < count) {
          return done === 0 ? at : parser.commands[(done - 1) * COMMAND_WORDS + COMMAND_END]!;
        }
        at = next;
        if (parser.error === '') {
          this.#checkOutput(connection);
          continue;
        }
      }
      if (parser.error !== '' && connection.state === READY) {
        this.#protocolError(connection, parser.error);
        return end;
      }
      if (parser.error === '' || next > at) at = next;
      if (count === 0) break;
    }
    return connection.state === CLOSING ? end : at;
  }

  #protocolError(connection: Connection, text: string): void {
    const { reply } = this.#m.context;
    const start = reply.position;
    reply.error(text);
    this.#m.context.stats.errorReply(text);
    this.#m.output.add(connection, start);
    this.#m.output.close(connection);
    this.#m.log(`client ${connection.id} at ${connection.address}: ${text}`);
  }

  #checkOutput(connection: Connection): void {
    if (this.#m.context.reply.position > EARLY_FLUSH_BYTES && !this.#m.output.flush()) {
      this.#m.held(connection);
      return;
    }
    if (connection.state === READY && connection.socket.writableLength > connection.stallBytes) {
      connection.state = STALLED;
    }
  }

  /** Routes and executes the parsed commands; returns how many are done or on their way. */
  #execute(connection: Connection, bytes: Buffer, view: DataView, count: number): number {
    const { context, output } = this.#m;
    const { reply } = context;
    context.request.source(bytes, view, this.#parser.args);
    context.db = connection.db;
    context.noTouch = connection.noTouch;
    context.changes.client = connection.id;
    context.nowMs = Date.now();
    reply.resp3 = connection.resp === 3;
    this.#timer.begin(count);
    this.#isMonitored = this.#m.channels.isMonitored;
    this.#router.route(this.#parser, bytes, view, !this.forceHop);
    this.#sampler.batch(this.#router.ids, context.request, this.#parser.commands, count);
    reply.floor = reply.position;
    output.begin(connection);
    const done = this.#runAll(connection, count);
    if (reply.overflowed) this.#discard(connection);
    else output.end(connection);
    this.#timer.end();
    return done;
  }

  #discard(connection: Connection): void {
    this.#m.context.reply.overflowed = false;
    this.#m.output.abandon();
    this.#m.tooLarge(connection);
  }

  #runAll(connection: Connection, count: number): number {
    const { context, registry, control } = this.#m;
    const { reply, stats } = context;
    const { table, places, singleKey } = registry;
    const timer = this.#timer;
    // Nobody who tracks anything: nothing to be done for each command.
    let tracks = context.changes.isOn || connection.tracking !== null;
    for (let i = 0; i < count; i++) {
      pointTo(context.request, this.#parser.commands, i);
      const id = this.#router.ids[i]!;
      const start = reply.position;
      if (connection.replyMode !== 'on') beginReply(connection);
      const errors = reply.errorCount;
      if (!this.#admission.admit(connection, id)) {
        if (connection.state === CLOSING) return i + 1;
        if (table.names[id] === 'exec') this.#abort(connection, start);
        else if (connection.queue !== null) connection.queue.isFailed = true;
      } else {
        const pause = control.pauseMode(context.nowMs);
        if (pause !== PAUSE_NONE && this.#isPaused(pause, id, connection)) {
          connection.state = PAUSED;
          this.#m.paused(connection);
          return this.#putBack(connection, i);
        }
        connection.lastCommand = id;
        const place = places[id]!;
        if (connection.queue !== null && this.#actsAtOnce[id] === 0) {
          this.#enqueue(connection.queue, id);
          timer.passed();
        } else if (place === PLACE_FRONT) {
          if (this.#publishes[id] === 1 && this.#m.channels.isClogged) {
            this.#m.clogged(connection);
            return this.#putBack(connection, i);
          }
          timer.starts(id, context.request);
          const outcome = registry.frontRuns[id]!(context, connection, this.#m.services);
          stats.called(id, reply.errorCount !== errors);
          this.#timed(connection, id, outcome === WAITING);
          if (this.#isMonitored && (outcome !== WAITING || connection.block === null)) {
            tellMonitors(context, registry, id, connection.address);
          }
          tracks = context.changes.isOn || connection.tracking !== null;
          if (outcome === WAITING) {
            if (tracks) this.#m.tracking.ended(connection, id);
            if (connection.state === READY) connection.state = DEFERRED;
            return i + 1;
          }
          context.db = connection.db;
          reply.resp3 = connection.resp === 3;
        } else {
          if (context.eventClasses !== 0 && this.#m.channels.isClogged) {
            this.#m.clogged(connection);
            return this.#putBack(connection, i);
          }
          const key = singleKey[id]!;
          if (key !== 0)
            context.setPrehashed(key, this.#router.shards[i]!, this.#router.hashes[i]!);
          const hop =
            place !== PLACE_KEYED ||
            (this.forceHop && table.firstKey[id] !== 0) ||
            this.#isLongWrite(id) ||
            this.#mustEvict(id);
          if (tracks) this.#m.tracking.reads(connection, id);
          timer.starts(id, context.request);
          const outcome = hop ? -1 : this.#executor.run(id);
          if (outcome === -1) {
            const worker = this.#workerFor(connection, id);
            const busy = this.#m.scripts.refusalOf(worker);
            if (busy === '') return this.#sender.send(connection, i, count, worker);
            reply.error(busy);
            stats.rejected(id);
          } else {
            if (outcome !== DONE) reply.error(OUT_OF_MEMORY);
            if (context.watched !== null) connection.watch(context.takeWatched());
            stats.called(id, reply.errorCount !== errors);
            if (timer.ended(id)) this.#m.slow.took(connection, id, timer.microseconds);
            if (this.#isMonitored) tellMonitors(context, registry, id, connection.address);
          }
        }
      }
      if (reply.errorCount !== errors) stats.errorReply(reply.lastError);
      if (connection.replyMode !== 'on' || connection.replyIsPush) {
        if (!endReply(connection) && !connection.replyIsPush) reply.position = start;
        connection.replyIsPush = false;
      }
      // Messages that came in the middle of the reply.
      if (connection.heldMessages.length > 0) this.#m.channels.replied(connection);
      if (tracks) this.#m.tracking.ended(connection, id);
      if (connection.closeAfterReply) {
        // Who sees the reply is not counted any more, whenever the socket closes.
        this.#m.channels.leaveAll(connection);
        this.#m.output.close(connection);
        return count;
      }
    }
    return count;
  }

  /** A command of the front was executed, or waits for other threads. */
  #timed(connection: Connection, id: number, isWaiting: boolean): void {
    const timer = this.#timer;
    // An EXEC that went to a worker is timed there, command by command.
    if (isWaiting && connection.block === null) {
      this.#m.slow.waits(connection, id, timer.lap());
    } else if (timer.ended(id)) {
      this.#m.slow.took(connection, id, timer.microseconds);
    }
  }

  #enqueue(queue: CommandQueue, id: number): void {
    const { context, registry, transactions } = this.#m;
    const { flagBits, names } = registry.table;
    if (names[id] === 'watch') {
      context.reply.error('ERR WATCH inside MULTI is not allowed');
    } else if ((flagBits[id]! & FLAG_NO_MULTI) !== 0) {
      context.reply.error('ERR Command not allowed inside a transaction');
      context.stats.rejected(id);
      queue.isFailed = true;
    } else {
      transactions.enqueue(queue, id);
    }
  }

  /** EXEC itself was refused: so is the transaction. Its error begins at `start`. */
  #abort(connection: Connection, start: number): void {
    const { reply } = this.#m.context;
    const why = reply.lastError.replace(/^ERR /, '');
    reply.position = start;
    reply.error(`EXECABORT Transaction discarded because of: ${why}`);
    connection.forgetTransaction();
  }

  /**
   * Keeps command `i` for later. An inline command is alone in its batch and cannot be parsed
   * again, because splitting it changed its bytes.
   */
  #putBack(connection: Connection, i: number): number {
    if (this.#parser.commands[i * COMMAND_WORDS + COMMAND_START]! >= 0) return i;
    connection.leftover = encodeCommand(this.#m.context.request);
    return i + 1;
  }

  #isPaused(pause: number, id: number, connection: Connection): boolean {
    const { table } = this.#m.registry;
    if (table.names[id] === 'client|unpause') return false;
    const queued = table.names[id] === 'exec' ? (connection.queue?.flags ?? 0) : 0;
    const flags = table.flagBits[id]! | queued;
    return pause === PAUSE_ALL || (flags & (FLAG_WRITE | FLAG_MAY_REPLICATE)) !== 0;
  }

  /** True for writes that workers do, whatever they are: their effects would hold up a front. */
  #isLongWrite(id: number): boolean {
    const { request } = this.#m.context;
    if (request.end - request.start <= LONG_BYTES) return false;
    return (this.#m.registry.table.flagBits[id]! & FLAG_WRITE) !== 0;
  }

  /** True when keys have to go before the command may run: workers do that. */
  #mustEvict(id: number): boolean {
    if (this.#m.context.table.cap.state === CAP_UNDER) return false;
    return (this.#m.registry.table.flagBits[id]! & FLAG_DENYOOM) !== 0;
  }

  /** The worker of the command in the context's request. */
  #workerFor(connection: Connection, id: number): number {
    const { context, registry, workerOf } = this.#m;
    const { request } = context;
    const key = registry.homeKey[id]! || this.#executor.firstKeyOf(id);
    if (key === 0 || key >= request.argc) return workerOf[connection.id & 63]!;
    const at = request.offset(key);
    return workerOf[context.table.hasher.shard(request.bytes, at, request.length(key))]!;
  }
}
