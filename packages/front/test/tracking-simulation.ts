// Several fronts and a worker in one thread that serve clients with caches: real books, filters and
// rings, no sockets, and a random order of everything that happens. When all has arrived, no cache
// may have anything but what the keys hold.

import type { Socket } from 'node:net';
import { KeyHasher, Random } from '@forgekv/base';
import {
  type CommandContext,
  createRegistry,
  KeyChanges,
  Request,
  statsBytes,
  ThreadStats,
} from '@forgekv/commands';
import type { HotTable } from '@forgekv/keyspace';
import {
  ChannelTable,
  createChannelMemory,
  createDoorbellMemory,
  createRingMemory,
  createTrackingMemory,
  Doorbell,
  InvalidationWriter,
  TrackingFilter,
} from '@forgekv/rings';
import { AWAY, Connection, READY } from '../src/connection.ts';
import { FrontChannels } from '../src/front-channels.ts';
import type { MessagePart } from '../src/message-form.ts';
import { FrontTracking } from '../src/tracking/front-tracking.ts';

const KEYS = Array.from({ length: 6 }, (_, i) => `key${i}`);
/** Random things between two comparisons. */
const STEPS_BETWEEN = 50;
/** Ticks of all fronts after which everything has arrived. */
const ROUNDS = 20;
const registry = createRegistry();
const GET = registry.table.names.indexOf('get');
const SET = registry.table.names.indexOf('set');
const hasher = new KeyHasher(5, 6);

/** What goes wrong on purpose. */
export type PlantedBug =
  | 'none'
  | 'loses a message'
  | 'notes behind the read'
  | 'tells before the reply'
  | 'the worker forgets a front';

export interface TrackingSimulationOptions {
  readonly seed: number;
  readonly fronts: number;
  readonly bug?: PlantedBug;
  /** Keys that all fronts together may remember. */
  readonly mostKeys?: number;
}

interface ReadValue {
  readonly key: string;
  readonly value: number;
  /** Which of the client's reads it was. */
  readonly read: number;
}

type Event = ReadValue | readonly string[] | null;

interface CachingClient {
  readonly connection: Connection;
  readonly front: number;
  /** Where it is told what has changed: its own connection, or another one. */
  readonly told: Inbox;
  readonly replies: Inbox;
  readonly cache: Map<string, number>;
  /** Its last read of each key, of which it was not told since: what that replies is cached. */
  readonly asked: Map<string, number>;
  mode: 'reads' | 'opt-in' | 'prefix' | 'off';
}

/** What has come to a connection and was not looked at; null: all keys. */
type Inbox = Event[];

interface SimulatedFront {
  readonly tracking: FrontTracking;
  readonly channels: FrontChannels;
  readonly changes: KeyChanges;
  readonly request: Request;
  /** What the worker sends it: the end of a read, or a message. */
  readonly fromWorker: (Buffer | { client: CachingClient; value: ReadValue | null })[];
}

export class TrackingSimulation {
  readonly #random: Random;
  readonly #options: TrackingSimulationOptions;
  readonly #fronts: SimulatedFront[];
  readonly #values = new Map<string, number>(KEYS.map((key) => [key, 0]));
  readonly #clients: CachingClient[] = [];
  readonly #connections = new Map<number, Connection>();
  readonly #inboxes = new Map<Connection, Inbox>();
  readonly #workerChanges: KeyChanges;
  /** Reads and writes that wait for the worker. */
  #runs: { client: CachingClient; key: string; isWrite: boolean; read: number }[] = [];
  #reads = 0;
  #lastId = 0;
  readonly memory = createTrackingMemory();
  /** Empty as long as nothing was found. */
  problem = '';
  pushes = 0;
  cached = 0;

  constructor(options: TrackingSimulationOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const { fronts } = options;
    const shape = { threads: fronts + 1, fronts };
    const channels = createChannelMemory(shape, 64 * 100);
    const doorbells = createDoorbellMemory(fronts);
    const rings = Array.from({ length: fronts * fronts }, () => createRingMemory(4096));
    this.#workerChanges = new KeyChanges(new TrackingFilter(this.memory));
    this.#fronts = Array.from({ length: fronts }, (_, index): SimulatedFront => {
      const frontLinks = [...Array(fronts).keys()]
        .filter((front) => front !== index)
        .map((front) => ({
          front,
          outgoing: rings[index * fronts + front]!,
          incoming: rings[front * fronts + index]!,
          doorbell: new Doorbell(doorbells, front),
        }));
      const parts = { index, frontLinks, schedule: () => {}, threads: fronts + 1 };
      const threadStats = new ThreadStats(new SharedArrayBuffer(statsBytes(registry.table.size)));
      const front: SimulatedFront = {
        channels: new FrontChannels({
          ...{ ...parts, threadStats },
          channelTable: new ChannelTable(channels, shape, index, hasher),
          output: {
            deliver: (connection, part) => this.#deliver(connection, part),
            ...{ schedule: () => {}, isWaiting: false, messageBytes: 0, isServed: () => false },
          },
          addressOf: () => '',
          invalidated: (body) => {
            const isLost = options.bug === 'loses a message' && this.#random.chance(0.1);
            if (!isLost) front.tracking.take(body);
          },
          dropIfDeaf: () => false,
        }),
        get tracking(): FrontTracking {
          return tracking;
        },
        changes: new KeyChanges(new TrackingFilter(this.memory, index)),
        request: new Request(),
        fromWorker: [],
      };
      const tracking = new FrontTracking({
        ...{ ...parts, registry, threadStats, channels: front.channels },
        filter: new TrackingFilter(this.memory, index),
        context: {
          ...{ request: front.request, changes: front.changes, table: { hasher } },
          config: { integer: () => options.mostKeys ?? 0 },
        } as unknown as CommandContext,
        find: (id) => {
          const connection = this.#connections.get(id);
          return connection?.fileDescriptor === index ? connection : undefined;
        },
        ask: () => Promise.resolve([]),
      });
      return front;
    });
    for (let i = 0; i < fronts * 3; i++) this.#join(i % fronts);
  }

  /** A connection; of the made-up ones the descriptor is the front. */
  #connect(front: number): Connection {
    const facts = { address: '', localAddress: '', fileDescriptor: front, nowMs: 0 };
    const socket = { destroy: () => {} } as unknown as Socket;
    const connection = new Connection({ ...facts, id: ++this.#lastId, socket });
    connection.resp = 3;
    this.#connections.set(connection.id, connection);
    this.#inboxes.set(connection, []);
    return connection;
  }

  #join(front: number): void {
    const random = this.#random;
    const connection = this.#connect(front);
    const replies = this.#inboxes.get(connection)!;
    let target = connection;
    if (random.chance(0.3)) target = this.#connect(random.below(this.#options.fronts));
    const told = this.#inboxes.get(target)!;
    const maps = { cache: new Map(), asked: new Map() };
    const client: CachingClient = { connection, front, told, replies, ...maps, mode: 'off' };
    this.#clients.push(client);
    const mode = random.pick(['reads', 'reads', 'opt-in', 'prefix'] as const);
    const isRedirected = target !== connection;
    this.#fronts[front]!.tracking.begin(
      connection,
      {
        ...{ isBroadcast: mode === 'prefix', isOptIn: mode === 'opt-in', isOptOut: false },
        ...{ isNoLoop: false, redirect: isRedirected ? target.id : 0 },
      },
      isRedirected ? { id: target.id, front: target.fileDescriptor } : null,
      mode === 'prefix' ? [Buffer.from('key')] : [],
    );
    client.mode = mode;
  }

  #leave(client: CachingClient): void {
    const { connection, front } = client;
    connection.ended = true;
    this.#connections.delete(connection.id);
    this.#fronts[front]!.tracking.closed(connection);
    this.#clients.splice(this.#clients.indexOf(client), 1);
  }

  #deliver(connection: Connection, part: MessagePart): void {
    this.pushes++;
    const words = Buffer.concat(part.pieces).toString('latin1').split('\r\n');
    const isAll = words.includes('_');
    this.#inboxes.get(connection)!.push(isAll ? null : words.filter((w) => w.startsWith('key')));
  }

  /** Does so many random things; every now and then lets everything arrive, and compares. */
  run(steps: number): void {
    for (let i = 1; i <= steps && this.problem === ''; i++) {
      this.#step();
      if (i % STEPS_BETWEEN === 0 || i === steps) this.#settle();
    }
    if (this.problem !== '') return;
    for (const client of [...this.#clients]) this.#leave(client);
    for (let front = 0; front < this.#fronts.length; front++) this.#tick(front, true);
    const words = new Int32Array(this.memory);
    if (words.some((word) => word !== 0)) this.problem ||= 'something is left in the filter';
  }

  #settle(): void {
    while (this.#runs.length > 0) this.#work();
    for (let round = 0; round < ROUNDS; round++) {
      for (let front = 0; front < this.#fronts.length; front++) this.#tick(front, true);
    }
    this.#compare();
  }

  #step(): void {
    const random = this.#random;
    const client = random.pick(this.#clients);
    const key = random.pick(KEYS);
    const what = random.below(100);
    if (what < 30) this.#ask(client, key, false);
    else if (what < 45) this.#ask(client, key, true);
    else if (what < 70) this.#tick(random.below(this.#fronts.length), false);
    else if (what < 82) this.#work();
    else if (what < 96) this.#look(client, random.below(4));
    else if (what < 97) this.#flush();
    else if (what < 98 && this.#clients.length > 3) this.#leave(client);
    else this.#join(random.below(this.#fronts.length));
  }

  #ask(client: CachingClient, key: string, isWrite: boolean): void {
    const { connection } = client;
    const { tracking, changes } = this.#fronts[client.front]!;
    if (connection.state !== READY) return;
    const byHop = this.#random.chance(0.4);
    if (client.mode === 'opt-in') tracking.cacheNext(connection);
    this.#point(client.front, key);
    const read = ++this.#reads;
    if (!isWrite) client.asked.set(key, read);
    const { bug } = this.#options;
    const isNotedLate = bug === 'notes behind the read' && byHop;
    if (!isNotedLate) tracking.reads(connection, isWrite ? SET : GET);
    if (byHop) {
      tracking.sent(connection, 1);
      tracking.ended(connection, isWrite ? SET : GET);
      if (bug !== 'tells before the reply') connection.state = AWAY;
      this.#runs.push({ client, key, isWrite, read });
      return;
    }
    changes.client = connection.id;
    if (isWrite) this.#change(key, changes);
    else client.replies.push({ key, value: this.#values.get(key)!, read });
    tracking.ended(connection, isWrite ? SET : GET);
  }

  #point(front: number, key: string): void {
    const { request } = this.#fronts[front]!;
    const bytes = Buffer.from(`GET${key}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    request.source(bytes, view, Int32Array.of(0, 3, 3, key.length));
    request.argc = 2;
  }

  #change(key: string, changes: KeyChanges): void {
    this.#values.set(key, this.#values.get(key)! + 1);
    const selectedKey = Buffer.from(key);
    const hash = hasher.hash(selectedKey, 0, selectedKey.length);
    if (changes.isOn) changes.noteSelected({ hash, selectedKey } as HotTable);
  }

  /** The worker executes a run, and tells of what it has changed before the reply. */
  #work(): void {
    const run = this.#runs.shift();
    if (run === undefined) return;
    const { client, key, isWrite, read } = run;
    if (isWrite) {
      this.#workerChanges.client = client.connection.id;
      this.#change(key, this.#workerChanges);
    }
    const value = isWrite ? null : { key, value: this.#values.get(key)!, read };
    this.#tellFronts();
    this.#fronts[client.front]!.fromWorker.push({ client, value });
  }

  #flush(): void {
    for (const key of KEYS) this.#values.set(key, this.#values.get(key)! + 1);
    this.#workerChanges.client = 0;
    this.#workerChanges.noteFlush();
    this.#tellFronts();
  }

  #tellFronts(): void {
    const changes = this.#workerChanges.take();
    const forgets = this.#options.bug === 'the worker forgets a front';
    for (const [front, { fromWorker }] of this.#fronts.entries()) {
      const told = new InvalidationWriter();
      for (const { key, client, low } of changes) {
        if ((low & (1 << front)) === 0 || (forgets && front === 0)) continue;
        if (key === null) told.flushed(client);
        else told.changed(key, client);
      }
      if (told.length > 0) fromWorker.push(told.take());
    }
  }

  #tick(index: number, isLast: boolean): void {
    const { tracking, channels, fromWorker } = this.#fronts[index]!;
    const most = isLast ? fromWorker.length : this.#random.below(4);
    for (const what of fromWorker.splice(0, most)) {
      if (Buffer.isBuffer(what)) tracking.take(what);
      else this.#replied(index, what.client, what.value);
    }
    tracking.flush();
    channels.flush();
    channels.poll();
  }

  #replied(index: number, client: CachingClient, value: ReadValue | null): void {
    const { connection } = client;
    const { tracking } = this.#fronts[index]!;
    if (connection.ended) return;
    if (value !== null) client.replies.push(value);
    connection.state = READY;
    if (this.#options.bug === 'notes behind the read' && value !== null) {
      this.#point(index, value.key);
      tracking.reads(connection, GET, true);
    }
    tracking.replied(connection);
  }

  /** A client looks at some of what has come. */
  #look(client: CachingClient, most: number): void {
    const { told, replies, asked, cache } = client;
    const inboxes = told === replies ? [told] : [told, replies];
    if (this.#random.chance(0.5)) inboxes.reverse();
    for (const inbox of inboxes) {
      for (const event of inbox.splice(0, most)) {
        if (event === null || Array.isArray(event)) {
          for (const key of event ?? KEYS) {
            cache.delete(key);
            // Its reply may have come before that on another connection.
            if (told !== replies) asked.delete(key);
          }
        } else if ('key' in event && asked.get(event.key) === event.read) {
          cache.set(event.key, event.value);
        }
      }
    }
  }

  #compare(): void {
    for (const client of this.#clients) {
      this.#look(client, Infinity);
      this.cached += client.cache.size;
      for (const [key, value] of client.cache) {
        const now = this.#values.get(key);
        if (value === now) continue;
        this.problem ||= `${client.mode}: ${key} is cached as ${value}, and is ${now}`;
      }
    }
  }
}
