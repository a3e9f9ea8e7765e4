// A front: owns connections, feeds their bytes to the command loop, brings replies of workers
// and other threads back to them. Everything here runs on one thread.

import type { Socket } from 'node:net';
import {
  BLOCKS_ELSEWHERE,
  CommandContext,
  type CommandRegistry,
  configureEviction,
  type EffectLog,
  endReply,
  KeyChanges,
  LOST,
  NO_LARGE_VALUES,
  type SyncMode,
  type ThreadStats,
  UNSETTLED,
  unpackWatched,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { HotTable } from '@forgekv/keyspace';
import { ReplyWriter } from '@forgekv/protocol';
import {
  type ChannelTable,
  type Doorbell,
  type HotKeySketch,
  PAUSE_NONE,
  type ProcessControl,
  type TrackingFilter,
} from '@forgekv/rings';
import { BlockedClients } from './blocked-clients.ts';
import { ClientBounds } from './client-bounds.ts';
import { limitClientMemory } from './client-memory.ts';
import { CommandLoop, EARLY_FLUSH_BYTES } from './command-loop.ts';
import { AWAY, CLOSING, Connection, DEFERRED, PAUSED, READY, STALLED } from './connection.ts';
import { FrontBell } from './front-bell.ts';
import { FrontChannels } from './front-channels.ts';
import { FrontClients } from './front-clients.ts';
import { heapBytes, sampleFront } from './front-figures.ts';
import { FrontServices, type FrontServicesModules } from './front-services.ts';
import { FrontStop } from './front-stop.ts';
import { FrontUsers, type FrontUsersModules } from './front-users.ts';
import { HopClient, type WorkerLink } from './hop-client.ts';
import { writeLate } from './late-reply.ts';
import type { FrontLink } from './message-links.ts';
import { PausedReplies } from './paused-replies.ts';
import { Reception } from './reception.ts';
import { SlowCommands } from './slow-commands.ts';
import { listenTo, type OnRead, READ_BUFFER_BYTES, SocketIntake } from './socket-intake.ts';
import { StalledConnections } from './stalled-connections.ts';
import { TickOutput } from './tick-output.ts';
import type { AcceptedFacts } from './tls-intake.ts';
import { FrontTracking } from './tracking/front-tracking.ts';
import { TransactionRunner } from './transaction-runner.ts';

const HOUSEKEEPING_MS = 100;
/** Sleep until the tick of another thread ends; sockets have a turn between two. */
const OTHERS_TICK_MS = 1;

export interface FrontModules
  extends Omit<FrontServicesModules, 'front' | 'context' | 'channels' | 'tracking' | 'users'>,
    Pick<FrontUsersModules, 'initialUsers'> {
  /** Among the fronts. */
  readonly index: number;
  /** Fronts and workers. */
  readonly threads: number;
  readonly channelTable: ChannelTable;
  readonly frontLinks: readonly FrontLink[];
  readonly trackingFilter: TrackingFilter;
  readonly table: HotTable;
  readonly registry: CommandRegistry;
  readonly config: Config;
  readonly control: ProcessControl;
  readonly threadStats: ThreadStats;
  readonly links: readonly WorkerLink[];
  readonly doorbell: Doorbell;
  readonly hotKeys: HotKeySketch;
  readonly workerOf: Uint8Array;
  readonly log: EffectLog;
  readonly say: (message: string) => void;
}

export class Front {
  readonly intake: SocketIntake;
  readonly reception: Reception;
  readonly clients: FrontClients;
  readonly #m: FrontModules;
  readonly #connections = new Map<number, Connection>();
  readonly #paused = new Set<Connection>();
  readonly #context: CommandContext;
  readonly #writer = new ReplyWriter();
  readonly #output: TickOutput;
  readonly #hops: HopClient;
  readonly #channels: FrontChannels;
  readonly #tracking: FrontTracking;
  readonly #pausedReplies: PausedReplies;
  readonly blocked: BlockedClients;
  readonly stop: FrontStop;
  readonly #loop: CommandLoop;
  readonly #transactions: TransactionRunner;
  readonly services: FrontServices;
  readonly users: FrontUsers;
  readonly #bounds: ClientBounds;
  readonly #bell: FrontBell;
  readonly #slow: SlowCommands;
  readonly #readView: DataView;
  #housekeepings = 0;
  readonly #stalled: StalledConnections;
  /** The server stops: nothing more is executed. */
  #isDraining = false;

  constructor(modules: FrontModules) {
    this.#m = modules;
    const { names } = modules.registry.table;
    this.clients = new FrontClients(this.#connections, names, (connection) =>
      this.blocked.closed(connection),
    );
    this.#bounds = new ClientBounds(modules.config, modules.say);
    this.intake = new SocketIntake();
    const { buffer } = this.intake;
    this.#readView = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#context = new CommandContext({
      ...{ table: modules.table, config: modules.config, stats: modules.threadStats },
      ...{ reply: this.#writer, large: NO_LARGE_VALUES },
      changes: new KeyChanges(modules.trackingFilter),
    });
    this.#hops = new HopClient(
      modules.links,
      {
        replied: (id, bytes, offset, length, last) => {
          this.#replied(id, bytes, offset, length, last);
        },
        blocked: (id, worker, slot, ticket, timeoutMs) =>
          this.blocked.blocked(id, worker, slot, ticket, timeoutMs),
        served: (slot, ticket) => this.blocked.served(slot, ticket),
        paused: (id, worker) => this.#pausedReplies.add(this.#connections.get(id), id, worker),
        yours: (id) => {
          const connection = this.#connections.get(id);
          if (connection?.ended === false) this.#transactions.yours(connection);
        },
        slow: (id, sealed) => this.#slow.elsewhere(id, sealed),
        watched: (id, keys) => this.#connections.get(id)?.watch(unpackWatched(keys)),
        lost: (id) => this.#connections.get(id)?.drop(),
        leftover: (id, part) => this.#connections.get(id)?.takeLeftover(part),
        tooLarge: (id) => {
          const connection = this.#connections.get(id);
          if (connection !== undefined) this.#bounds.dropTooLarge(connection);
        },
        published: (message) => this.#channels.workerPublished(message),
        isClogged: () => this.#channels.isClogged,
      },
      modules.threadStats,
    );
    this.#pausedReplies = new PausedReplies(this.#hops, () => !this.#bounds.limitsOutput);
    this.#output = new TickOutput(
      this.#writer,
      modules.threadStats,
      () => this.#settle(),
      () => this.#afterFlush(),
      (connection) => this.#bounds.dropIfDeaf(connection),
    );
    this.blocked = new BlockedClients({
      ...{ connections: this.#connections, hops: this.#hops, stats: modules.threadStats },
      awaited: modules.table.awaited,
      replied: (id, reply) => this.#replied(id, reply, 0, reply.length, true),
      schedule: () => this.#output.schedule(),
    });
    this.stop = new FrontStop({
      ...{ connections: this.#connections, pausedReplies: this.#pausedReplies, names },
      ...{ blocked: this.blocked, hops: this.#hops, output: this.#output },
    });
    this.#stalled = new StalledConnections(this.#output, (connection) => this.#proceed(connection));
    this.#channels = new FrontChannels({
      ...modules,
      output: this.#output,
      invalidated: (body) => this.#tracking.take(body),
      dropIfDeaf: (connection) => this.#bounds.dropIfDeaf(connection),
      addressOf: (id) => this.#connections.get(id)?.address ?? '',
    });
    this.#context.publisher = this.#channels;
    const own = { context: this.#context, channels: this.#channels };
    this.#tracking = new FrontTracking({
      ...{ ...modules, ...own, filter: modules.trackingFilter },
      schedule: () => this.#output.schedule(),
      find: (id) => this.#connections.get(id),
    });
    this.users = new FrontUsers({
      ...{ ...modules, ...own, connections: this.#connections },
      ...{ clients: this.clients, blocked: this.blocked, output: this.#output },
      answer: (connection, error) => this.answer(connection, (reply) => reply.error(error)),
    });
    const { users } = this;
    const served = { channels: this.#channels, tracking: this.#tracking, users };
    this.#slow = new SlowCommands({ ...modules, ...own, connections: this.#connections });
    this.services = new FrontServices({ ...modules, ...own, ...served, front: this });
    this.reception = new Reception({
      ...{ ...modules, fronts: modules.facts.fronts, log: modules.say },
      refusal: (socket) => this.services.refusal(socket),
      welcome: (socket, facts, isTls) => this.#welcome(socket, facts, isTls),
    });
    const { registry, workerOf, control } = modules;
    const parts = {
      ...{ registry, workerOf, context: this.#context, services: this.services },
      ...{ hops: this.#hops, output: this.#output, scripts: modules.scripts },
      ...{ ...served, permits: users.permits, slow: this.#slow },
    };
    this.#bell = new FrontBell({ ...parts, doorbell: modules.doorbell });
    this.#transactions = new TransactionRunner({
      ...parts,
      replied: (id, bytes, last) => this.#replied(id, bytes, 0, bytes.length, last),
    });
    this.services.transactions = this.#transactions;
    this.#loop = new CommandLoop({
      ...parts,
      ...{ control, hotKeys: modules.hotKeys },
      transactions: this.#transactions,
      paused: (connection) => this.#paused.add(connection),
      held: (connection) => this.#stalled.hold(connection),
      clogged: (connection) => this.#stalled.clog(connection),
      tooLarge: (connection) => this.#bounds.dropTooLarge(connection),
      log: modules.say,
    });
    this.#context.log = modules.log;
    modules.log.handOver.latency = modules.diagnostics.latency;
    this.#context.isPaused = () => control.isPaused;
    this.#context.blocking.mode = BLOCKS_ELSEWHERE;
    this.configure();
  }

  /** Begins to listen to the doorbell and the clock. */
  start(): void {
    this.#bell.arm();
    setInterval(() => this.#housekeeping(), HOUSEKEEPING_MS);
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    const { config } = this.#m;
    this.#context.configure();
    this.#channels.isOrdered = this.#context.eventClasses !== 0;
    configureEviction(this.#m.table, config);
    this.#m.log.setMode(config.word('wal-sync-mode') as SyncMode);
    this.#loop.forceHop = config.boolean('debug-force-hop');
    this.#transactions.forceHop = this.#loop.forceHop;
    this.users.configure(config);
    this.#slow.configure(config);
    this.#bounds.configure();
    this.#writer.mostBytes = this.#bounds.replyBytes;
    const maxBulkBytes = config.bytes('proto-max-bulk-len');
    for (const { limits } of this.#connections.values()) limits.maxBulkBytes = maxBulkBytes;
  }

  // --- connections ---

  #welcome(accepted: Socket, facts: AcceptedFacts, isTls: boolean): void {
    const { config, control, threadStats } = this.#m;
    const onRead: OnRead = (bytes, length) => this.#read(connection, bytes, length);
    const socket = isTls ? listenTo(accepted, onRead) : this.intake.adopt(accepted, onRead);
    const keepAlive = config.integer('tcp-keepalive');
    socket.setNoDelay(true);
    if (keepAlive > 0) socket.setKeepAlive(true, keepAlive * 1000);
    const nowMs = Date.now();
    const connection = new Connection({ id: control.nextClientId(), socket, ...facts, nowMs });
    connection.limits.maxBulkBytes = config.bytes('proto-max-bulk-len');
    this.users.logOut(connection);
    this.#connections.set(connection.id, connection);
    threadStats.connections++;
    threadStats.currentConnections++;
    socket.on('error', () => socket.destroy());
    socket.on('end', () => this.#peerEnded(connection));
    socket.on('close', () => this.#closed(connection));
    socket.on('drain', () => this.#drained(connection));
  }

  /** The peer sends nothing more; what it sent is answered first. */
  #peerEnded(connection: Connection): void {
    if (connection.state === READY) this.#output.close(connection);
    else if (connection.waiting !== null) connection.drop();
    else connection.peerEnded = true;
  }

  #closed(connection: Connection): void {
    if (!this.#connections.delete(connection.id)) return;
    connection.state = CLOSING;
    connection.ended = true;
    this.#channels.leaveAll(connection);
    this.#tracking.closed(connection);
    connection.pending.clear();
    this.blocked.closed(connection);
    this.#paused.delete(connection);
    if (this.#pausedReplies.closed(connection)) this.#output.schedule();
    if (connection.worker >= 0 && this.#hops.outstanding > 0) {
      this.#hops.gone(connection.worker, connection.id);
      this.#output.schedule();
    }
    this.#m.threadStats.currentConnections--;
    this.#m.control.leave();
  }

  // --- input ---

  #read(connection: Connection, bytes: Buffer, length: number): void {
    if (connection.state === CLOSING) return;
    const stats = this.#m.threadStats;
    stats.inputBytes += length;
    connection.inputBytes += length;
    if (length === READ_BUFFER_BYTES) connection.filledBuffer();
    const { pending } = connection;
    if (this.#output.isWaiting) {
      pending.append(bytes, 0, length);
      if (connection.state === READY) this.#stalled.hold(connection);
    } else if (connection.state === READY && pending.length === 0) {
      const view =
        bytes === this.intake.buffer
          ? this.#readView
          : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#loop.received(connection, bytes, view, 0, length);
    } else {
      pending.append(bytes, 0, length);
      this.#loop.resume(connection);
    }
    connection.lastActiveMs = this.#context.nowMs;
    if (pending.length > 0 || connection.queue !== null) this.#bounds.checkInput(connection);
  }

  /** A connection that waited may go on. */
  #proceed(connection: Connection): void {
    if (connection.state === CLOSING) return;
    if (connection.closeAfterReply) {
      this.#output.close(connection);
      return;
    }
    if (connection.leftover !== null) {
      connection.pending.prepend(connection.leftover);
      connection.leftover = null;
    }
    if (this.#isClogged(connection)) return;
    connection.state = READY;
    if (this.#isDraining) return;
    this.#loop.resume(connection);
    if (connection.state !== READY) return;
    if (connection.peerEnded) this.#output.close(connection);
    else connection.resumeReading();
  }

  /**
   * Stalls a connection whose client has to read first, and all of them while replies wait. How
   * much there is to read is only known once the replies of this tick are with the sockets, so
   * with many of those it is asked again then.
   */
  #isClogged(connection: Connection): boolean {
    const { isWaiting } = this.#output;
    if (isWaiting || this.#writer.position > EARLY_FLUSH_BYTES) {
      this.#stalled.hold(connection);
    } else if (connection.socket.writableLength <= connection.stallBytes) {
      return false;
    }
    connection.state = STALLED;
    return true;
  }

  // --- replies from elsewhere ---

  #replied(id: number, bytes: Buffer, offset: number, length: number, last: boolean): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.ended) return;
    if (this.#bounds.dropIfDeaf(connection)) return;
    const { block } = connection;
    if (block?.isStalled) {
      block.keep(bytes.subarray(offset, offset + length), last);
      return;
    }
    if (last && block !== null) this.#transactions.ended(connection);
    if (connection.replyMode === 'on') {
      const start = this.#writer.position;
      this.#writer.floor = start;
      this.#writer.encoded(bytes, offset, length);
      this.#output.add(connection, start);
      connection.isMidReply = !last;
    }
    if (last) this.#channels.replied(connection);
    if (last && connection.tracking !== null) this.#tracking.replied(connection);
    if (!last || connection.state !== AWAY) return;
    connection.runEnded();
    if (connection.replyMode !== 'on') endReply(connection);
    this.#proceed(connection);
  }

  /** Ends a deferred command: `write` makes its reply. */
  answer(connection: Connection, write: (reply: ReplyWriter) => void): void {
    if (connection.state !== DEFERRED) return;
    const parts = { writer: this.#writer, bounds: this.#bounds, output: this.#output };
    this.#slow.waited(connection);
    if (!writeLate({ ...parts, stats: this.#m.threadStats }, connection, write)) return;
    if (connection.block === null) this.#proceed(connection);
    else this.#transactions.resume(connection);
  }

  // --- ticks ---

  /**
   * The log comes before what it is about: before replies, and before runs for workers, so that
   * no crash leaves the later of two commands of a connection without the earlier.
   */
  #settle(): number {
    const { log } = this.#m;
    this.#tracking.flush();
    let answer = log.settle();
    if (answer === UNSETTLED) {
      log.depends.sleep(OTHERS_TICK_MS);
      answer = log.settle();
    }
    if (answer === UNSETTLED) return answer;
    this.#hops.flush();
    if (answer === LOST) this.#channels.drop();
    this.#channels.flush();
    return answer;
  }

  #afterFlush(): void {
    const stats = this.#m.threadStats;
    stats.turns++;
    stats.publish();
    if (this.#pausedReplies.flushed()) this.#output.schedule();
    if (this.#hops.outstanding > 0 && this.#hops.poll()) this.#output.schedule();
    this.#channels.poll();
    this.#stalled.release(this.#channels);
  }

  #drained(connection: Connection): void {
    if (this.#pausedReplies.drained(connection)) this.#output.schedule();
    if (connection.state === STALLED && connection.socket.writableLength <= connection.stallBytes) {
      this.#proceed(connection);
    }
  }

  #housekeeping(): void {
    const nowMs = Date.now();
    this.#context.nowMs = nowMs;
    if (this.#paused.size > 0 && this.#m.control.pauseMode(nowMs) === PAUSE_NONE) {
      this.releasePaused();
    }
    // Every batch ends a tick. Whatever else leaves an effect behind, others do not wait for long.
    if (this.#m.log.isDirty) this.#output.schedule();
    this.#housekeepings++;
    if (this.#housekeepings % 10 === 0) this.#eachSecond(nowMs);
    const stats = this.#m.threadStats;
    limitClientMemory(this.#connections, this.#m, this.#bounds);
    sampleFront(stats, this.#connections.values(), this.#hops, this.#pausedReplies);
    stats.turns++;
    stats.publish();
  }

  /** Lets connections go on that CLIENT PAUSE held back. */
  releasePaused(): void {
    const released = [...this.#paused];
    this.#paused.clear();
    for (const connection of released) {
      if (connection.state === PAUSED) this.#proceed(connection);
    }
  }

  #eachSecond(nowMs: number): void {
    this.#m.threadStats.heapBytes = heapBytes();
    this.reception.tls.eachSecond(nowMs);
    for (const each of this.#connections.values()) this.#bounds.eachSecond(each, nowMs);
  }

  // --- asked by other threads ---

  /** Begins the end: see FrontStop. */
  drain(): boolean {
    this.#isDraining = true;
    this.reception.isClosed = true;
    return this.stop.drain();
  }
}
