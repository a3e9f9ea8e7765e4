/**
 * A soak: clients that come, use everything, and go in the worst ways, while an administrator kills
 * and pauses them. In the end nothing may be left of them: what the server says it holds is 0.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandArg } from '../encode-command.ts';
import { Prng } from '../random-commands/prng.ts';
import { describeReply, isErrorReply, type Reply } from '../reply.ts';
import { RespClient } from '../resp-client.ts';
import type { ServerHandle } from '../server-process.ts';
import { SoakClient } from './soak-client.ts';

export interface SoakOptions {
  readonly server: ServerHandle;
  readonly seed: number;
  readonly durationMs: number;
  /** At any time. Default 24. */
  readonly clients?: number;
}

export interface SoakResult {
  readonly clients: number;
  readonly commands: number;
  readonly replies: number;
  /** Ended by the server: killed, or idle for too long. */
  readonly cut: number;
  /** The most that was seen of each figure while clients were there. */
  readonly most: Readonly<Record<string, number>>;
  /** Figures that did not become 0, or what they should. */
  readonly left: readonly string[];
  /** What clients complain of, at most a few. */
  readonly problems: readonly string[];
}

const DEFAULT_CLIENTS = 24;
const TIMEOUT_MS = 20_000;
const OTHER_TIMEOUT_MS = 5000;
const SETTLE_MS = 15_000;
const ASK_EVERY_MS = 50;
const MOST_PROBLEMS = 10;
/** Seconds until an idle client is closed. */
const IDLE_SECONDS = 2;

/** Fields of INFO that are 0 when nobody waits for anything. */
const MUST_END = [
  ...['locked_shards', 'gated_shards', 'waiting_connections', 'open_transactions'],
  ...['hops_in_flight', 'paused_replies', 'waiting_runs', 'sliced_runs'],
  ...['held_values', 'borrowed_values', 'blocked_clients'],
  ...['pubsub_clients', 'pubsub_channels', 'pubsub_patterns', 'pubsubshard_channels'],
] as const;
/** 0 when there are no keys either. */
const MUST_END_WITHOUT_KEYS = ['large_value_bytes'] as const;

/** Runs a soak; the server is empty afterwards. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const admin = await RespClient.connect({ port: options.server.port, timeoutMs: TIMEOUT_MS });
  try {
    return await new Soak(admin, options).run();
  } finally {
    admin.destroy();
  }
}

/** Everything for a person. */
export function formatSoak(result: SoakResult): string {
  const { clients, commands, replies, cut, most, left, problems } = result;
  return [
    `${clients} clients, ${cut} of them cut, ${commands} commands, ${replies} replies`,
    `most: ${JSON.stringify(most)}`,
    `left: ${left.join(', ') || 'nothing'}`,
    ...problems,
  ].join('\n');
}

class Soak {
  readonly #admin: RespClient;
  readonly #options: SoakOptions;
  readonly #prng: Prng;
  readonly #living = new Set<SoakClient>();
  readonly #most: Record<string, number> = {};
  readonly #problems: string[] = [];
  #clients = 0;
  #commands = 0;
  #replies = 0;
  #cut = 0;
  #endMs = 0;

  constructor(admin: RespClient, options: SoakOptions) {
    this.#admin = admin;
    this.#options = options;
    this.#prng = new Prng(options.seed);
  }

  async run(): Promise<SoakResult> {
    const { durationMs, clients = DEFAULT_CLIENTS } = this.#options;
    await this.#must('CONFIG', 'SET', 'timeout', IDLE_SECONDS);
    this.#endMs = performance.now() + durationMs;
    let areAllGone = false;
    const lines = Promise.all(Array.from({ length: clients }, () => this.#liveOn())).finally(() => {
      areAllGone = true;
    });
    await this.#administrate(() => areAllGone);
    await lines;
    await this.#must('CONFIG', 'SET', 'timeout', 0);
    const left = await this.#leftOver(MUST_END);
    await this.#must('FLUSHALL');
    left.push(...(await this.#leftOver(MUST_END_WITHOUT_KEYS)));
    const alone = await this.#field('connected_clients');
    if (alone !== 1) left.push(`connected_clients:${alone}`);
    const counts = { clients: this.#clients, commands: this.#commands, replies: this.#replies };
    return { ...counts, cut: this.#cut, most: this.#most, left, problems: this.#problems };
  }

  get #isOver(): boolean {
    return performance.now() > this.#endMs || this.#problems.length >= MOST_PROBLEMS;
  }

  /** One client after the other. */
  async #liveOn(): Promise<void> {
    while (!this.#isOver) {
      const { port } = this.#options.server;
      const explain = (id: number): Promise<string> => this.#infoOfAnother(id);
      const client = new SoakClient(port, new Prng(this.#prng.uint32()), explain);
      this.#living.add(client);
      this.#clients++;
      const { commands, replies, wasCut, problem } = await client.live();
      this.#living.delete(client);
      this.#commands += commands;
      this.#replies += replies;
      if (wasCut) this.#cut++;
      if (problem !== '') this.#problems.push(problem);
    }
  }

  async #administrate(areAllGone: () => boolean): Promise<void> {
    const prng = this.#prng;
    while (!areAllGone()) {
      const living = [...this.#living].filter(({ id }) => id > 0);
      if (living.length > 0 && prng.chance(0.5)) {
        await this.#ask('CLIENT', 'KILL', 'ID', prng.pick(living).id);
      }
      if (prng.chance(0.05)) await this.#must('CLIENT', 'KILL', 'TYPE', 'pubsub');
      if (prng.chance(0.05)) await this.#pause();
      await this.#look();
      await sleep(prng.below(ASK_EVERY_MS));
    }
  }

  /** Some pauses end by themselves. */
  async #pause(): Promise<void> {
    const { below } = this.#prng;
    const mode = below.call(this.#prng, 2) === 0 ? 'WRITE' : 'ALL';
    await this.#must('CLIENT', 'PAUSE', 10 + below.call(this.#prng, 50), mode);
    if (below.call(this.#prng, 2) === 0) await this.#must('CLIENT', 'UNPAUSE');
  }

  async #must(...args: CommandArg[]): Promise<Reply> {
    const reply = await this.#ask(...args);
    if (isErrorReply(reply)) throw new Error(`${args.join(' ')}: ${describeReply(reply)}`);
    return reply;
  }

  /** @throws Error that names the command and tells how the server is, when there is no answer */
  async #ask(...args: CommandArg[]): Promise<Reply> {
    try {
      return await this.#admin.command(...args);
    } catch (error) {
      const info = await this.#infoOfAnother().catch((other: Error) => other.message);
      throw new Error(`${args.join(' ')}: ${(error as Error).message}\n${info}`, { cause: error });
    }
  }

  /** What the server says of itself, and of one client or all. */
  async #infoOfAnother(id?: number): Promise<string> {
    const { port } = this.#options.server;
    const client = await RespClient.connect({ port, timeoutMs: OTHER_TIMEOUT_MS });
    const reply = await client.command('INFO', 'forgekv');
    const which = id === undefined ? [] : ['ID', id];
    const list = await client.command('CLIENT', 'LIST', ...which);
    client.destroy();
    return [reply, list].map((one) => (one.kind === 'bulk' ? one.bytes.toString() : '')).join('\n');
  }

  async #look(): Promise<void> {
    const fields = await this.#fields();
    for (const name of MUST_END) {
      this.#most[name] = Math.max(this.#most[name] ?? 0, fields.get(name) ?? 0);
    }
  }

  /** Waits for the figures to become 0; returns those that do not. */
  async #leftOver(names: readonly string[]): Promise<string[]> {
    const deadlineMs = performance.now() + SETTLE_MS;
    for (;;) {
      const fields = await this.#fields();
      const left = names.filter((name) => fields.get(name) !== 0);
      if (left.length === 0) return [];
      if (performance.now() > deadlineMs) return left.map((name) => `${name}:${fields.get(name)}`);
      await sleep(ASK_EVERY_MS);
    }
  }

  async #field(name: string): Promise<number | undefined> {
    return (await this.#fields()).get(name);
  }

  async #fields(): Promise<Map<string, number>> {
    const reply = await this.#must('INFO', 'everything');
    if (reply.kind !== 'bulk') throw new Error(describeReply(reply));
    const lines = reply.bytes.toString().split('\r\n');
    return new Map(
      lines.map((line): [string, number] => {
        const [name = '', value] = line.split(':');
        return [name, Number(value)];
      }),
    );
  }
}
