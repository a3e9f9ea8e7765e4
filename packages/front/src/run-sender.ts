// Sends what a front cannot execute itself to a worker: a command, and of those behind it as many
// as may go along. Which worker that is, the command loop says.

import { FLAG_BLOCKING } from '@forgekv/catalog';
import {
  type BatchRouter,
  type CommandContext,
  type CommandRegistry,
  PLACE_FRONT,
  type Request,
} from '@forgekv/commands';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  COMMAND_WORDS,
  type RequestParser,
} from '@forgekv/protocol';
import { PAUSE_NONE, type ProcessControl } from '@forgekv/rings';
import { AWAY, type Connection } from './connection.ts';
import { encodeCommand } from './encode-command.ts';
import type { FrontPermits } from './front-permits.ts';
import type { HopClient } from './hop-client.ts';
import { runFlags } from './run-flags.ts';
import type { TickOutput } from './tick-output.ts';
import type { FrontTracking } from './tracking/front-tracking.ts';

/** A run above this that lies in a connection's own buffer goes with the buffer. */
const GIVEN_BYTES = 64 * 1024;
/** A run that a worker may send back in part had better be short. */
const LONG_BYTES = 1024 * 1024;
/** They wait only with BLOCK, which is one of the first arguments. */
const STREAM_READERS = ['xread', 'xreadgroup'];
const MOST_OPTIONS = 16;

export interface RunSenderModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly hops: HopClient;
  readonly tracking: FrontTracking;
  readonly output: TickOutput;
  readonly control: ProcessControl;
  readonly permits: FrontPermits;
}

export interface RunSenderParts {
  /** Of the batch. */
  readonly parser: RequestParser;
  readonly router: BatchRouter;
  /** True when a pause of a kind holds a command of a connection back. */
  readonly isPaused: (pause: number, id: number, connection: Connection) => boolean;
}

export class RunSender {
  readonly #m: RunSenderModules;
  readonly #p: RunSenderParts;

  constructor(modules: RunSenderModules, parts: RunSenderParts) {
    this.#m = modules;
    this.#p = parts;
  }

  /**
   * Sends command `i` of `count`, which the context's request is, and those behind it, up to the
   * next one that belongs on the front, to a worker. Returns the number of commands that are done
   * or sent.
   */
  send(connection: Connection, i: number, count: number, worker: number): number {
    const { context, hops } = this.#m;
    const { commands } = this.#p.parser;
    const { request } = context;
    const id = this.#p.router.ids[i]!;
    let last = i + 1;
    // One that may wait is alone in its run: nothing has to wait with it.
    const isAlone = this.#mayWait(id);
    if (connection.replyMode !== 'skipping' && !isAlone) {
      const pause = this.#m.control.pauseMode(context.nowMs);
      const most = Math.min(count, i + connection.runCommands);
      const from = commands[i * COMMAND_WORDS + COMMAND_START]!;
      while (last < most && this.#mayFollow(last, pause, connection)) {
        if (commands[last * COMMAND_WORDS + COMMAND_END]! - from > LONG_BYTES) break;
        last++;
      }
      if (connection.permissions !== null) this.#point(i);
    }
    if (connection.tracking !== null) this.#noteReads(connection, i, last);
    connection.state = AWAY;
    connection.worker = worker;
    const flags = runFlags(connection);
    const start = commands[i * COMMAND_WORDS + COMMAND_START]!;
    if (start < 0) {
      const encoded = encodeCommand(request);
      if (isAlone) connection.sentCommand = encoded;
      hops.send(worker, connection.id, flags, encoded, 0, encoded.length);
    } else {
      const end = commands[(last - 1) * COMMAND_WORDS + COMMAND_END]!;
      const { pending } = connection;
      const isGiven = end - start > GIVEN_BYTES && request.bytes === pending.bytes;
      if (isAlone) connection.sentCommand = Buffer.from(request.bytes.subarray(start, end));
      if (isGiven) pending.give();
      hops.send(worker, connection.id, flags, request.bytes, start, end, isGiven);
    }
    this.#m.output.schedule();
    return last;
  }

  /** True when the command in the context's request may wait; of streams, only where it says so. */
  #mayWait(id: number): boolean {
    const { registry, context } = this.#m;
    if ((registry.table.flagBits[id]! & FLAG_BLOCKING) === 0) return false;
    if (!STREAM_READERS.includes(registry.table.names[id]!)) return true;
    const { request } = context;
    for (let i = 1; i < request.argc && i < MOST_OPTIONS; i++) {
      if (request.is(i, 'block')) return true;
      if (request.is(i, 'streams')) return false;
    }
    return true;
  }

  /** Notes what commands `i` to `last` - 1 read. */
  #noteReads(connection: Connection, i: number, last: number): void {
    const { tracking } = this.#m;
    const { commands } = this.#p.parser;
    const { ids } = this.#p.router;
    const start = commands[i * COMMAND_WORDS + COMMAND_START]!;
    const end = commands[(last - 1) * COMMAND_WORDS + COMMAND_END]!;
    tracking.sent(
      connection,
      start < 0 ? encodeCommand(this.#m.context.request).length : end - start,
    );
    // The first has been tried here, and may have found a key expired. That is told now, which
    // takes away what was noted before it was tried.
    if (this.#m.context.changes.any) {
      tracking.tellChanges();
      tracking.reads(connection, ids[i]!);
    }
    tracking.ended(connection, ids[i]!);
    for (let k = i + 1; k < last; k++) {
      this.#point(k);
      tracking.reads(connection, ids[k]!);
    }
    this.#point(i);
  }

  #mayFollow(i: number, pause: number, connection: Connection): boolean {
    const id = this.#p.router.ids[i]!;
    const { places, table } = this.#m.registry;
    if (id < 0 || places[id] === PLACE_FRONT) return false;
    if ((table.flagBits[id]! & FLAG_BLOCKING) !== 0) return false;
    if (connection.permissions !== null) {
      // The loop says what is wrong with one that has to stay.
      this.#point(i);
      if (!this.#m.permits.allows(connection, id)) return false;
    }
    return pause === PAUSE_NONE || !this.#p.isPaused(pause, id, connection);
  }

  #point(i: number): void {
    pointTo(this.#m.context.request, this.#p.parser.commands, i);
  }
}

/** Makes a request that of command `i` of those that were parsed. */
export function pointTo(request: Request, commands: Int32Array, i: number): void {
  request.first = commands[i * COMMAND_WORDS + COMMAND_FIRST_ARG]!;
  request.argc = commands[i * COMMAND_WORDS + COMMAND_ARGC]!;
  request.start = commands[i * COMMAND_WORDS + COMMAND_START]!;
  request.end = commands[i * COMMAND_WORDS + COMMAND_END]!;
}
