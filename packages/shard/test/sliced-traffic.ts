// Several clients whose commands read, combine and change the same large values, some of them in
// slices, in an order that chance decides; and a model that says what each reply has to be: of what
// only reads, as of its start, of what stores, as of its end. For sliced-runs.test.ts.

import { Random } from '@forgekv/base';
import type { SlicedWork } from '@forgekv/commands';
import type { ReplyWriter } from '@forgekv/protocol';
import { GO_ON, GO_TO_END } from '@forgekv/rings';
import type { ReplySender } from '../src/reply-sender.ts';
import { SlicedRuns } from '../src/sliced-runs.ts';
import { SlicedModel } from './sliced-model.ts';
import type { TestWorker } from './test-worker.ts';

const CLIENTS = 6;
const SLICED = '3';
const AWAITS = '-6';
const NOTHING = Buffer.alloc(0);

/** What is wrong on purpose. */
export type Planted = 'nothing' | 'no holds' | 'no versions';

interface Client {
  readonly number: number;
  args: readonly string[];
  isBusy: boolean;
  /** It has gone, and comes again with its next command. */
  isGone: boolean;
  /** Reply so far, and what it must be; null: not known yet. */
  reply: string;
  expected: string | null;
  holds: readonly { readonly isDone: boolean }[];
}

interface FakeFront {
  readonly replies: ReplySender;
}

export class SlicedTraffic {
  readonly #worker: TestWorker;
  readonly #planted: Planted;
  readonly #random: Random;
  readonly #model: SlicedModel;
  readonly #sliced: SlicedRuns<FakeFront>;
  readonly #clients: Client[];
  /** In the order they came. */
  #waiting: Client[] = [];
  readonly #front: FakeFront;
  /** The first reply that is wrong. */
  problem = '';
  done = 0;
  waits = 0;
  slices = 0;
  restarts = 0;
  pauses = 0;
  /** Clients that have not read what their replies wait for. */
  readonly #paused: number[] = [];
  /** Replies that ended because nobody was there. */
  left = 0;

  constructor(worker: TestWorker, seed: number, planted: Planted) {
    this.#worker = worker;
    this.#planted = planted;
    this.#random = new Random(seed);
    this.#model = new SlicedModel(this.#random);
    this.#clients = Array.from({ length: CLIENTS }, (_, number) => ({
      ...{ number, args: [], isBusy: false, isGone: false, reply: '', expected: null, holds: [] },
    }));
    const reply = (connection: number, writer: ReplyWriter): void => {
      const { buffer, position } = writer;
      this.#clients[connection]!.reply += buffer.toString('latin1', 0, position);
      writer.reset();
    };
    const sender = {
      hasRoom: () => this.#random.below(4) > 0,
      reply,
      pause: (connection: number, writer: ReplyWriter) => {
        reply(connection, writer);
        this.#paused.push(connection);
        this.pauses++;
      },
      flush: () => worker.settle(),
      tooLarge: () => {
        this.problem = 'a reply counts as too large';
      },
    };
    this.#front = { replies: sender as unknown as ReplySender };
    const { context, large } = worker;
    if (planted === 'no holds') {
      large.held.hold = () => {};
      large.held.release = () => {};
    }
    this.#sliced = new SlicedRuns({
      ...{ context, held: large.held },
      ended: ({ connection, work }) => this.#ended(this.#clients[connection]!, work),
    });
    this.#sliced.cutAbove(64);
    for (const args of this.#model.fill()) worker.run(...args);
  }

  /** Lets so many things happen, then everything come to its end. */
  run(steps: number): void {
    for (let i = 0; i < steps && this.problem === ''; i++) this.#step(true);
    for (let i = 0; this.#isBusy && this.problem === ''; i++) {
      if (i > 100_000) this.problem = 'it does not come to an end';
      this.#step(false);
    }
    if (this.problem === '' && this.#worker.large.held.size > 0) this.problem = 'a hold is left';
  }

  get #isBusy(): boolean {
    return this.#clients.some(({ isBusy }) => isBusy);
  }

  #step(mayBegin: boolean): void {
    const client = this.#clients[this.#random.below(CLIENTS)]!;
    if (mayBegin && !client.isBusy && this.#random.below(3) > 0) {
      client.args = this.#model.command();
      client.isBusy = true;
      this.#execute(client);
      return;
    }
    if (mayBegin && client.isBusy && this.#random.below(10) === 0) {
      client.isGone = true;
      this.#sliced.leave(this.#front, client.number);
    }
    this.#worker.context.reply.position = 0;
    if (this.#paused.length > 0 && this.#random.below(3) === 0) {
      const how = this.#random.below(4) === 0 ? GO_TO_END : GO_ON;
      this.#sliced.goOn(this.#front, this.#paused.shift()!, how);
    }
    this.#sliced.round();
    this.slices++;
    const ready = this.#waiting.filter(({ holds }) => holds.every(({ isDone }) => isDone));
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const waiting of ready) this.#execute(waiting);
  }

  #execute(client: Client): void {
    const { context, large } = this.#worker;
    const answer = this.#worker.run(...client.args);
    if (answer === AWAITS) {
      this.waits++;
      client.holds = large.held.takeAwaited();
      this.#waiting.push(client);
      return;
    }
    if (answer !== SLICED) {
      client.reply += answer;
      this.#finish(client);
      return;
    }
    const work = context.takeSliced();
    if (!work.isPreparation) client.expected = this.#model.reply(client.args);
    const { number: connection } = client;
    const { front, rest } = { front: this.#front, rest: NOTHING };
    const run = { front, connection, flags: 0, rest, work, id: 0, sentBytes: 0 };
    this.#sliced.add({ ...run, tookMs: 0, sealed: null });
  }

  #ended(client: Client, work: SlicedWork): void {
    if (!work.isPreparation) {
      this.#finish(client);
      return;
    }
    const { context } = this.#worker;
    if (this.#planted === 'no versions') {
      (work as unknown as { sources: { areCurrent: () => boolean } }).sources.areCurrent = () =>
        true;
    }
    context.prepared = work;
    this.#execute(client);
    context.prepared = null;
    if (client.isBusy) this.restarts++;
  }

  #finish(client: Client): void {
    const expected = client.expected ?? this.#model.reply(client.args);
    const reply = this.#model.normal(client.args, client.reply);
    const isCut = client.isGone && client.expected !== null && reply !== expected;
    if (isCut) this.left++;
    if (!isCut && reply !== expected && this.problem === '') {
      const name = client.args.join(' ').slice(0, 100);
      this.problem = `${name}: ${reply.slice(0, 200)} instead of ${expected.slice(0, 200)}`;
    }
    client.isBusy = false;
    client.isGone = false;
    client.reply = '';
    client.expected = null;
    this.done++;
  }
}
