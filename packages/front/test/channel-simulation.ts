// Several fronts and a worker in one thread: real tables, rings and books, no sockets, and a random
// order of everything that happens. A model knows who must get which message, so every promise of
// PUBLISH is checked: the count is that of those who get it, nobody gets what he did not subscribe
// to at that moment, and the messages of one publisher come in order.

import type { Socket } from 'node:net';
import { globMatch, KeyHasher, Random } from '@forgekv/base';
import { createRegistry, type ListenKind, statsBytes, ThreadStats } from '@forgekv/commands';
import {
  CHANNEL,
  ChannelTable,
  createChannelMemory,
  createDoorbellMemory,
  createRingMemory,
  Doorbell,
  type Message,
  type MessageKind,
  SHARD_CHANNEL,
} from '@forgekv/rings';
import { Connection } from '../src/connection.ts';
import { FrontChannels, type MessageOutput } from '../src/front-channels.ts';
import type { MessagePart } from '../src/message-form.ts';

const KINDS: readonly ListenKind[] = ['channel', 'pattern', 'shard-channel'];
const CHANNELS = ['a', 'b', 'ab', 'abc', 'long '.repeat(20)];
const PATTERNS = ['*', 'a*', '?', '*c', 'long*'];
const STATS_BYTES = statsBytes(createRegistry().table.size);

/** What goes wrong on purpose. */
export type PlantedBug =
  | 'none'
  | 'leaves at once'
  | 'counts late'
  | 'forgets one front'
  | 'has no order';

export interface SimulationOptions {
  readonly seed: number;
  readonly fronts: number;
  readonly bug?: PlantedBug;
  /** Logs get lost, and messages with them. */
  readonly losesTicks?: boolean;
  /** Connections end. */
  readonly kills?: boolean;
  /** Messages come in the order of all threads together. */
  readonly isOrdered?: boolean;
}

/** One connection, and what it should have got, per publisher. */
interface Subscriber {
  readonly connection: Connection;
  readonly front: number;
  readonly listening: Map<string, ListenKind>;
  readonly expected: Map<number, string[]>;
  readonly received: Map<number, string[]>;
  /** What came, whoever published it, in the order it came. */
  readonly order: number[];
  isLeaving: boolean;
  isDead: boolean;
}

interface SimulatedFront {
  readonly channels: FrontChannels;
  /** Messages of the worker that have not come yet. */
  readonly fromWorker: Message[];
}

export class ChannelSimulation {
  readonly #random: Random;
  readonly #options: SimulationOptions;
  readonly #fronts: SimulatedFront[];
  readonly #workerTable: ChannelTable;
  readonly #subscribers: Subscriber[] = [];
  readonly #byConnection = new Map<Connection, Subscriber>();
  readonly #publisherOf = new Map<number, number>();
  /** Messages of each front that its publishers have no reply to. */
  readonly #unanswered: number[][];
  /** The last message published when one was answered. */
  readonly #answeredAt = new Map<number, number>();
  #lastMessage = 0;
  /** Empty as long as nothing was found. */
  problem = '';
  delivered = 0;
  waits = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const { fronts } = options;
    const shape = { threads: fronts + 1, fronts };
    const memory = createChannelMemory(shape, 64 * 1000);
    const tableOf = (self: number): ChannelTable =>
      new ChannelTable(memory, shape, self, new KeyHasher(3, 4));
    const doorbells = createDoorbellMemory(fronts);
    const rings = Array.from({ length: fronts * fronts }, () => createRingMemory(4096));
    const others = (index: number): number[] =>
      [...Array(fronts).keys()].filter((front) => front !== index);
    this.#workerTable = tableOf(fronts);
    this.#unanswered = Array.from({ length: fronts }, () => []);
    this.#fronts = Array.from({ length: fronts }, (_, index) => ({
      channels: new FrontChannels({
        index,
        threads: fronts + 1,
        channelTable: tableOf(index),
        frontLinks: others(index).map((front) => ({
          front,
          outgoing: rings[index * fronts + front]!,
          incoming: rings[front * fronts + index]!,
          doorbell: new Doorbell(doorbells, front),
        })),
        threadStats: new ThreadStats(new SharedArrayBuffer(STATS_BYTES)),
        output: this.#output(),
        invalidated: () => {},
        dropIfDeaf: () => false,
        addressOf: () => '',
      }),
      fromWorker: [],
    }));
    const isOrdered = options.isOrdered === true && options.bug !== 'has no order';
    for (const { channels } of this.#fronts) channels.isOrdered = isOrdered;
    for (let i = 0; i < fronts * 4; i++) this.#connect(i % fronts);
  }

  #output(): MessageOutput {
    return {
      deliver: (connection, part) => this.#deliver(connection, part),
      schedule: () => {},
      isWaiting: false,
      messageBytes: 0,
      isServed: () => false,
    };
  }

  #connect(front: number): void {
    const facts = { address: '', localAddress: '', fileDescriptor: 0, nowMs: 0 };
    const socket = { destroy: () => {} } as unknown as Socket;
    const connection = new Connection({ ...facts, id: this.#subscribers.length, socket });
    connection.resp = this.#random.chance(0.5) ? 3 : 2;
    const subscriber = {
      ...{ connection, front, isLeaving: false, isDead: false },
      ...{ listening: new Map(), expected: new Map(), received: new Map(), order: [] },
    };
    this.#subscribers.push(subscriber);
    this.#byConnection.set(connection, subscriber);
  }

  /** Does so many random things, then lets everything arrive and compares. */
  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps && this.problem === ''; i++) {
      this.#step();
      // Whoever waits for messages goes on in a microtask.
      await Promise.resolve();
    }
    for (let i = 0; i < 2000; i++) {
      for (let front = 0; front < this.#fronts.length; front++) this.#tick(front, false);
      await Promise.resolve();
    }
    this.#compare();
  }

  #step(): void {
    const random = this.#random;
    const subscriber = random.pick(this.#subscribers);
    const what = random.below(100);
    if (what < 25) this.#subscribe(subscriber);
    else if (what < 40) this.#unsubscribe(subscriber);
    else if (what < 70) this.#publish(random.below(this.#fronts.length + 1));
    else if (what < 71 && this.#options.kills) this.#kill(subscriber);
    else this.#tick(random.below(this.#fronts.length), this.#options.losesTicks === true);
  }

  #subscribe(subscriber: Subscriber): void {
    if (subscriber.isLeaving || subscriber.isDead) return;
    const kind = this.#random.pick(KINDS);
    const name = this.#random.pick(kind === 'pattern' ? PATTERNS : CHANNELS);
    const { channels } = this.#fronts[subscriber.front]!;
    const problem = channels.subscribe(subscriber.connection, kind, Buffer.from(name));
    if (problem !== '') this.problem = problem;
    subscriber.listening.set(`${kind}:${name}`, kind);
  }

  #unsubscribe(subscriber: Subscriber): void {
    if (subscriber.isLeaving || subscriber.isDead) return;
    const { connection, front, listening } = subscriber;
    const kind = this.#random.pick(KINDS);
    const { channels } = this.#fronts[front]!;
    const all = channels.namesOf(connection, kind);
    const names = this.#random.chance(0.3) ? all : all.slice(0, 1);
    const drained = channels.leave(connection, kind, names);
    for (const name of names) listening.delete(`${kind}:${name}`);
    const forget = (): void => {
      for (const name of names) channels.forget(connection, kind, name);
      subscriber.isLeaving = false;
    };
    if (drained === null || this.#options.bug === 'leaves at once') {
      forget();
      return;
    }
    this.waits++;
    subscriber.isLeaving = true;
    void drained.then(forget);
  }

  #kill(subscriber: Subscriber): void {
    if (subscriber.isDead || this.#subscribers.filter(({ isDead }) => !isDead).length < 4) return;
    subscriber.isDead = true;
    subscriber.listening.clear();
    subscriber.connection.drop();
    this.#connect(subscriber.front);
  }

  /** @param publisher a front, or the worker */
  #publish(publisher: number): void {
    const channel = this.#random.pick(CHANNELS);
    const isSharded = this.#random.chance(0.2);
    const id = ++this.#lastMessage;
    this.#publisherOf.set(id, publisher);
    this.#unanswered[publisher]?.push(id);
    const text = `${id}:${'x'.repeat(this.#random.chance(0.1) ? this.#random.below(9000) : 3)}`;
    let expected = 0;
    for (const { listening, expected: wanted } of this.#subscribers) {
      for (const how of ways(listening, channel, isSharded)) {
        expected++;
        push(wanted, publisher, `${how} ${id}`);
      }
    }
    const front = this.#fronts[publisher];
    const count =
      front === undefined
        ? this.#workerPublish(channel, text, isSharded)
        : front.channels.publish(Buffer.from(channel), Buffer.from(text), isSharded);
    if (count !== expected) this.problem = `message ${id} was counted ${count}, not ${expected}`;
  }

  #workerPublish(channel: string, text: string, isSharded: boolean): number {
    const table = this.#workerTable;
    const kind: MessageKind = isSharded ? SHARD_CHANNEL : CHANNEL;
    const count = table.count(Buffer.from(channel), kind);
    if (count === 0) return 0;
    const { bug } = this.#options;
    const message = {
      ...{ channel: Buffer.from(channel), body: Buffer.from(text), kind },
      version: table.version + (bug === 'counts late' ? 5 : 0),
      ...{ counter: this.#fronts.length, high: table.high },
      low: bug === 'forgets one front' ? table.low & ~1 : table.low,
    };
    // One client's runs come from one front; as one publisher, the worker has only one here.
    this.#fronts[0]!.fromWorker.push(message);
    return count;
  }

  #tick(index: number, mayLose: boolean): void {
    const { channels, fromWorker } = this.#fronts[index]!;
    for (const message of fromWorker.splice(0, 3)) channels.workerPublished(message);
    if (mayLose && this.#random.chance(0.2)) channels.drop();
    channels.flush();
    channels.poll();
    if (channels.hasWaiting) return;
    // Publishers have their replies: whatever is published from now on may be because of these.
    for (const id of this.#unanswered[index]!.splice(0))
      this.#answeredAt.set(id, this.#lastMessage);
  }

  #deliver(connection: Connection, part: MessagePart): void {
    const subscriber = this.#byConnection.get(connection)!;
    if (subscriber.isDead) this.problem = 'a connection that has ended gets a message';
    const lines = Buffer.concat(part.pieces).toString('latin1').split('\r\n');
    if (lines[0]!.startsWith('>') !== (connection.resp === 3)) this.problem = 'the wrong protocol';
    const isPattern = lines[2] === 'pmessage';
    const body = lines[isPattern ? 8 : 6]!;
    const id = Number(body.slice(0, body.indexOf(':')));
    const how = isPattern ? `pattern:${lines[4]}` : `${lines[2]}:${lines[4]}`;
    push(subscriber.received, this.#publisherOf.get(id)!, `${how} ${id}`);
    subscriber.order.push(id);
    this.delivered++;
  }

  /** True when no message comes behind one that was published after it was answered. */
  #isCausal(order: readonly number[]): boolean {
    let latest = 0;
    return order.every((id) => {
      // Those of the worker are answered by other means.
      if (this.#publisherOf.get(id) === this.#fronts.length) return true;
      latest = Math.max(latest, id);
      return (this.#answeredAt.get(id) ?? Infinity) >= latest;
    });
  }

  #compare(): void {
    for (const subscriber of this.#subscribers) {
      const { connection, expected, received, order, isDead, isLeaving } = subscriber;
      if (isDead || this.problem !== '') continue;
      if (!this.#isCausal(order)) {
        this.problem = `connection ${connection.id} got a message before what it came of`;
      }
      if (this.#options.isOrdered && order.some((id, i) => id < (order[i - 1] ?? 0))) {
        this.problem = `connection ${connection.id} got messages out of order`;
      }
      if (isLeaving) this.problem = `connection ${connection.id} waits for ever`;
      for (let publisher = 0; publisher <= this.#fronts.length; publisher++) {
        const wanted = expected.get(publisher) ?? [];
        const got = received.get(publisher) ?? [];
        if (this.#options.losesTicks ? isPartOf(got, wanted) : same(got, wanted)) continue;
        const what = `${got.length} messages of ${publisher}, not ${wanted.length}`;
        this.problem = `connection ${connection.id} got ${what}, or not in their order`;
      }
    }
  }
}

/** Which subscriptions a message is for, in the order they are served. */
function* ways(
  listening: ReadonlyMap<string, ListenKind>,
  channel: string,
  isSharded: boolean,
): Generator<string> {
  for (const [key, kind] of listening) {
    const name = key.slice(kind.length + 1);
    if (isSharded && kind === 'shard-channel' && name === channel) yield `smessage:${name}`;
    if (isSharded) continue;
    if (kind === 'channel' && name === channel) yield `message:${name}`;
    if (kind === 'pattern' && globMatch(Buffer.from(name), Buffer.from(channel), false)) {
      yield key;
    }
  }
}

function push(lists: Map<number, string[]>, key: number, text: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [text]);
  else list.push(text);
}

/** Equal, but for the order in which the subscriptions of one connection are served. */
function same(got: readonly string[], wanted: readonly string[]): boolean {
  if (got.length !== wanted.length) return false;
  return got.every((text, i) => idOf(text) === idOf(wanted[i]!)) && sorted(got) === sorted(wanted);
}

function isPartOf(got: readonly string[], wanted: readonly string[]): boolean {
  const known = new Set(wanted);
  const ids = got.map(idOf);
  return got.every((text) => known.has(text)) && ids.every((id, i) => i === 0 || ids[i - 1]! <= id);
}

function idOf(text: string): number {
  return Number(text.slice(text.lastIndexOf(' ') + 1));
}

function sorted(texts: readonly string[]): string {
  return [...texts].sort().join();
}
