// Client-side caching as a front does it for its connections: which keys they have read, and who is
// told when one of them changes. Changes made by this thread come from the context, those of others
// as messages, in any order; the promise is that no client goes on caching what has changed.
//
//   1. Before a command is executed or sent to a worker its keys are noted, in the filter too. So
//      whoever changes one of them after it was read finds this front in the filter: he and the
//      reader hold the shard's lock, and the note came before the reader's.
//   2. A change from before the read takes the note away, though a later one would have to be told
//      of. So while commands of a connection are with a worker, what it is told waits: behind the
//      reply it removes from the cache whatever the reply has brought. In place nothing can come
//      in between, since messages are taken between commands.
//   3. No change is left out: where too many wait, one that says "all keys" takes their place.
//
// What a worker sends back is noted again when it is executed.

import { extractKeys, FLAG_PUBSUB, FLAG_READONLY } from '@forgekv/catalog';
import {
  type ClientPlace,
  type CommandContext,
  type CommandRegistry,
  NOT_TRACKING,
  PLACE_SCRIPT,
  type Session,
  type ThreadStats,
  type TrackingFacts,
  type TrackingOptions,
  type TrackingServices,
} from '@forgekv/commands';
import { MAX_KEY_BYTES } from '@forgekv/keyspace';
import { type InvalidationEvents, readInvalidations, type TrackingFilter } from '@forgekv/rings';
import { AWAY, CLOSING, type Connection } from '../connection.ts';
import type { FrontQuery, MainRequest } from '../front-messages.ts';
import { ClientTracking } from './client-tracking.ts';
import { Invalidations, type InvalidationsModules } from './invalidations.ts';
import { TrackedKeys } from './tracked-keys.ts';
import { TrackedPrefixes } from './tracked-prefixes.ts';

/** Keys forgotten in one tick because there are too many. */
const MOST_FORGOTTEN = 1000;

export interface FrontTrackingModules extends InvalidationsModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly filter: TrackingFilter;
  readonly threadStats: ThreadStats;
  /** Sends a request to the main thread. */
  readonly ask: (request: MainRequest) => Promise<unknown>;
}

export class FrontTracking implements TrackingServices {
  readonly #m: FrontTrackingModules;
  readonly #keys: TrackedKeys;
  readonly #prefixes = new TrackedPrefixes();
  /** Those that track. */
  readonly #clients = new Set<Connection>();
  readonly #invalidations: Invalidations;
  /** 1 by command id: the subcommands of CLIENT. */
  readonly #isClientCommand: Uint8Array;
  #isOn = false;
  /** The command whose changes are told, and EXEC. */
  #endedId = -1;
  readonly #exec: number;
  readonly #indexes: number[] = [];
  readonly #keyText = (index: number): Buffer => this.#m.context.request.slice(index);
  readonly #events: InvalidationEvents;

  constructor(modules: FrontTrackingModules) {
    this.#m = modules;
    this.#exec = modules.registry.table.names.indexOf('exec');
    this.#keys = new TrackedKeys(modules.filter);
    this.#invalidations = new Invalidations(modules);
    this.#isClientCommand = Uint8Array.from(modules.registry.table.names, (name) =>
      name.startsWith('client|') ? 1 : 0,
    );
    this.#events = {
      changed: (key, client) => this.#changed(key, client),
      flushed: () => this.#flushed(),
      to: (push) => this.#invalidations.to(push),
      nobody: (source, client) => this.#invalidations.nobody(source, client),
    };
  }

  // --- how a connection wants it ---

  factsOf(session: Session): TrackingFacts {
    const { tracking } = session as Connection;
    if (tracking === null) return NOT_TRACKING;
    const prefixes = [...tracking.prefixes].sort().map((name) => Buffer.from(name, 'latin1'));
    const { isOn, isBroadcast, isOptIn, isOptOut, isNoLoop, redirect } = tracking;
    const { isCaching, isBroken } = tracking;
    const options = { isOn, isBroadcast, isOptIn, isOptOut, isNoLoop, redirect };
    return { ...options, isCaching, isBroken, prefixes };
  }

  begin(
    session: Session,
    { isBroadcast, isOptIn, isOptOut, isNoLoop, redirect }: TrackingOptions,
    target: ClientPlace | null,
    prefixes: readonly Buffer[],
  ): void {
    const connection = session as Connection;
    // Asking for the client to redirect to has taken a while.
    if (connection.ended) return;
    const tracking = this.#trackingOf(connection);
    Object.assign(tracking, { isOn: true, isBroken: false, isBroadcast, isNoLoop, redirect });
    Object.assign(tracking, { isOptIn, isOptOut, redirectFront: target?.front ?? -1 });
    for (const prefix of prefixes) this.#prefixes.add(prefix.toString('latin1'), connection);
    this.#clients.add(connection);
    this.#publish();
  }

  #trackingOf(connection: Connection): ClientTracking {
    connection.tracking ??= new ClientTracking();
    return connection.tracking;
  }

  /** Redis: what was read stays noted until it changes, and counts again when it is on again. */
  end(session: Session): void {
    const connection = session as Connection;
    if (connection.tracking === null) return;
    this.#prefixes.remove(connection);
    connection.tracking.end();
    this.#clients.delete(connection);
    this.#publish();
  }

  cacheNext(session: Session): void {
    (session as Connection).tracking!.isCaching = true;
  }

  place(id: number): ClientPlace | Promise<ClientPlace | null> {
    const { index, find } = this.#m;
    const target = find(id);
    if (target !== undefined && target.state !== CLOSING) return { id, front: index };
    return this.#ask(id);
  }

  async #ask(id: number): Promise<ClientPlace | null> {
    const query: FrontQuery = { op: 'clients', filter: { ids: [id] } };
    const lists = (await this.#m.ask({ op: 'all-fronts', query })) as unknown[][];
    const front = lists.findIndex((list) => list.length > 0);
    return front < 0 ? null : { id, front };
  }

  /** A connection is closed. */
  closed(connection: Connection): void {
    if (connection.tracking === null) return;
    this.end(connection);
    this.#keys.forget(connection);
    this.#publish();
  }

  /** Says in the filter what this front wants to be told, and in the figures what it tracks. */
  #publish(): void {
    const { filter, threadStats } = this.#m;
    const was = this.#isOn;
    this.#isOn = this.#clients.size > 0 || this.#keys.size > 0;
    filter.setOn(this.#isOn, was);
    filter.setBroadcast(this.#prefixes.size > 0);
    threadStats.trackingClients = this.#clients.size;
    threadStats.trackedKeys = this.#keys.size;
    threadStats.trackedItems = this.#keys.items;
    threadStats.trackedPrefixes = this.#prefixes.size;
  }

  // --- what it reads ---

  /**
   * Notes what the command in the context's request is about to read.
   * @param isCertain whatever the options say: a command before it may change them
   */
  reads(connection: Connection, id: number, isCertain = false): void {
    const flags = this.#m.registry.table.flagBits[id] ?? 0;
    // What a script reads is not known before: the keys that it names.
    const isScript = this.#m.registry.places[id] === PLACE_SCRIPT;
    if (((flags & FLAG_READONLY) === 0 && !isScript) || (flags & FLAG_PUBSUB) !== 0) return;
    if (!isCertain) {
      const { tracking } = connection;
      if (tracking === null || !tracking.isOn || tracking.isBroadcast) return;
      const { isOptIn, isOptOut, isCaching } = tracking;
      if ((isOptIn && !isCaching) || (isOptOut && isCaching)) return;
    }
    this.#trackingOf(connection);
    const { request, table } = this.#m.context;
    const indexes = this.#indexes;
    const { registry } = this.#m;
    const count = extractKeys(registry.table, id, request.argc, this.#keyText, indexes);
    for (let i = 0; i < count; i++) {
      const index = indexes[i]!;
      const length = request.length(index);
      if (length > MAX_KEY_BYTES) continue;
      const at = request.offset(index);
      const hash = table.hasher.digest(request.bytes, request.view, at, length);
      this.#keys.add(request.bytes.toString('latin1', at, at + length), hash, connection);
    }
    if (count > 0) this.#publish();
  }

  /**
   * A command has ended here or was sent, or was refused: CLIENT CACHING was for it, or for all of
   * a MULTI. Tells what it has changed.
   */
  ended(connection: Connection, id: number): void {
    this.#endedId = id;
    if (this.#m.context.changes.any) this.tellChanges();
    this.#endedId = -1;
    const { tracking } = connection;
    if (tracking === null) return;
    if (connection.queue === null && this.#isClientCommand[id] !== 1) tracking.isCaching = false;
    if (tracking.holds && !connection.isMidReply) this.#invalidations.release(connection);
  }

  /** A run of commands goes to a worker, the current one first. */
  sent(connection: Connection, bytes: number): void {
    const tracking = connection.tracking!;
    tracking.sentBytes = bytes;
    tracking.wasCaching = tracking.isCaching;
  }

  /** A run has come back, its replies are complete. */
  replied(connection: Connection): void {
    const { tracking, leftover } = connection;
    if (tracking === null) return;
    // A transaction may have called CLIENT CACHING itself.
    const isBack = leftover !== null && leftover.length === tracking.sentBytes;
    tracking.isCaching = isBack && tracking.wasCaching;
    this.#invalidations.release(connection);
  }

  // --- what changes ---

  /** Tells of what this thread has changed: behind the reply of the command that did. */
  tellChanges(): void {
    const { changes } = this.#m.context;
    const { index } = this.#m;
    for (const change of changes.take()) {
      const bits = index < 32 ? change.low : change.high;
      if ((bits & (1 << (index & 31))) !== 0) {
        if (change.key === null) this.#flushed();
        else this.#changed(change.key, change.client);
      }
      this.#invalidations.forward(change);
    }
  }

  /** Takes what another thread tells. */
  take(body: Uint8Array): void {
    readInvalidations(body, this.#events);
    this.#m.schedule();
  }

  #changed(key: Buffer, client: number): void {
    const name = key.toString('latin1');
    if (this.#prefixes.size > 0 && this.#prefixes.changed(name, client)) this.#m.schedule();
    this.#forget(name, client);
  }

  #forget(name: string, client: number): void {
    const isOwn = ({ id, tracking }: Connection): boolean =>
      id === client && tracking!.isOn && tracking!.isNoLoop && !tracking!.isBroadcast;
    // Redis forgets it, too; but here it may have been noted for a read behind that change.
    const stays = (connection: Connection): boolean =>
      isOwn(connection) && (connection.state === AWAY || this.#endedId === this.#exec);
    let told: Buffer[] | null = null;
    for (const connection of this.#keys.take(name, stays)) {
      const { isOn, isBroadcast } = connection.tracking!;
      if (!isOn || isBroadcast || isOwn(connection)) continue;
      told ??= [Buffer.from(name, 'latin1')];
      this.#invalidations.tell(connection, told);
    }
  }

  #flushed(): void {
    this.#keys.clear();
    for (const connection of this.#clients) this.#invalidations.tell(connection, null);
  }

  /** The end of a tick, before its log is handed over. */
  flush(): void {
    const { context } = this.#m;
    if (context.changes.any) this.tellChanges();
    if (!this.#isOn && this.#prefixes.size === 0) {
      this.#invalidations.flush();
      return;
    }
    this.#prefixes.flush((connection, told) => this.#invalidations.tell(connection, told));
    this.#limit();
    this.#invalidations.flush();
    this.#publish();
  }

  /** Forgets the oldest keys while all fronts together have too many. */
  #limit(): void {
    const { filter, context } = this.#m;
    const most = context.config.integer('tracking-table-max-keys');
    if (most === 0) return;
    for (let i = 0; i < MOST_FORGOTTEN && filter.keys > most; i++) {
      const { oldest } = this.#keys;
      if (oldest === null) return;
      this.#forget(oldest, 0);
    }
    if (filter.keys > most && this.#keys.size > 0) this.#m.schedule();
  }
}
