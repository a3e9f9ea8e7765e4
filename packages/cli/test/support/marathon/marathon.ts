// A soak with real clients: they work for minutes while the server is stopped and killed and
// started again, then for minutes without that. Nothing that was answered may be lost, nobody may
// see an error while the server is there, and in the quiet part memory stays as it is.

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RespClient, type ServerHandle } from '@forgekv/testkit';
import { residentBytes } from '../process-figures.ts';
import { infoField } from '../servers.ts';
import { until } from '../until.ts';
import { Lost, type MakeResident, type Resident } from './resident.ts';
import { counters, stream } from './with-ioredis.ts';
import { largeValues, queue } from './with-node-redis.ts';
import { jobs, passersBy, shell } from './with-programs.ts';

export interface MarathonOptions {
  readonly server: ServerHandle;
  /** The part with restarts, in milliseconds. */
  readonly restartsMs: number;
  /** From one restart to the next; SIGTERM and kill -9 take turns. */
  readonly restartEveryMs: number;
  /** The part without, the time to warm up included. */
  readonly quietMs: number;
  readonly warmUpMs: number;
  /** Told what is going on. */
  readonly say?: (line: string) => void;
}

export interface MarathonResult {
  /** Turns of work by kind of resident. */
  readonly turns: Readonly<Record<string, number>>;
  readonly stops: number;
  readonly kills: number;
  /** Empty: nothing was lost, nobody was told nonsense. */
  readonly problems: readonly string[];
  /** Medians of resident memory over a quarter of what follows the time to warm up, in bytes. */
  readonly rssBytes: { readonly first: number; readonly last: number; readonly most: number };
  /** Open files of the process then and in the end. */
  readonly files: { readonly first: number; readonly last: number };
  /** Figures of INFO that must be 0 when everybody is gone, and are not. */
  readonly left: readonly string[];
}

const KINDS: readonly (readonly [kind: string, count: number, make: MakeResident])[] = [
  ['counters', 4, counters],
  ['stream', 2, stream],
  ['queue', 3, queue],
  ['large values', 2, largeValues],
  ['jobs', 1, jobs],
  ['shell', 1, shell],
  ['passers-by', 3, passersBy],
];
/** Clients need a moment to see that the server is back, in milliseconds. */
const GRACE_MS = 10_000;
const SAMPLE_MS = 500;
const SETTLE_MS = 60_000;
const MOST_PROBLEMS = 20;
/** Between turns: the clients are not to keep the machine busy by themselves, in milliseconds. */
const REST_MS = 4;
const MUST_END = [
  ...['locked_shards', 'gated_shards', 'waiting_connections', 'open_transactions'],
  ...['hops_in_flight', 'paused_replies', 'waiting_runs', 'held_values', 'borrowed_values'],
  ...['blocked_clients', 'pubsub_clients'],
];

/** Runs it; the server is there in the end, with the residents' data. */
export async function runMarathon(options: MarathonOptions): Promise<MarathonResult> {
  return new Marathon(options).run();
}

class Marathon {
  readonly #options: MarathonOptions;
  readonly #problems: string[] = [];
  readonly #turns: Record<string, number> = {};
  #isOver = false;
  #isUp = true;
  /** How often the server has come back. */
  #lives = 0;
  #upSinceMs = -GRACE_MS;

  constructor(options: MarathonOptions) {
    this.#options = options;
  }

  async run(): Promise<MarathonResult> {
    const { server, restartsMs, restartEveryMs, quietMs } = this.#options;
    const residents = await this.#moveIn();
    const lines = residents.map(({ kind, resident }) => this.#liveOn(kind, resident));
    const endMs = performance.now() + restartsMs;
    let restarts = 0;
    while (performance.now() + restartEveryMs < endMs && !this.#hasFailed) {
      await sleep(restartEveryMs);
      await this.#restart(restarts++ % 2 === 1);
    }
    this.#say(`${restarts} restarts, ${JSON.stringify(this.#turns)}`);
    const memory = await this.#watch(quietMs);
    this.#isOver = true;
    await Promise.all(lines);
    await Promise.all(residents.map(({ resident }) => resident.close()));
    const kills = Math.floor(restarts / 2);
    const left = this.#hasFailed ? [] : await leftOver(server);
    const counts = { turns: this.#turns, stops: restarts - kills, kills };
    return { ...counts, problems: this.#problems, ...memory, left };
  }

  get #hasFailed(): boolean {
    return this.#problems.length >= MOST_PROBLEMS;
  }

  #say(line: string): void {
    this.#options.say?.(line);
  }

  #moveIn(): Promise<{ kind: string; resident: Resident }[]> {
    return Promise.all(
      KINDS.flatMap(([kind, count, make]) =>
        Array.from({ length: count }, async (_, index) => {
          return { kind, resident: await make(this.#options.server, index) };
        }),
      ),
    );
  }

  /** Works until it is over; settles the account whenever the server was away, and in the end. */
  async #liveOn(kind: string, resident: Resident): Promise<void> {
    let seenLives = this.#lives;
    let isSettled = true;
    while (!this.#hasFailed) {
      const startMs = performance.now();
      const lives = this.#lives;
      try {
        if (seenLives !== lives) isSettled = false;
        if (!isSettled) {
          await resident.settle();
          seenLives = lives;
          isSettled = true;
        } else if (this.#isOver) {
          return await resident.settle();
        }
        await resident.work();
        this.#turns[kind] = (this.#turns[kind] ?? 0) + 1;
        await sleep(REST_MS);
      } catch (error) {
        isSettled = false;
        this.#judge(resident, error as Error, startMs, lives);
        await sleep(50);
      }
    }
  }

  /** What is lost is lost; other errors are for while the server is away. */
  #judge(resident: Resident, error: Error, startMs: number, lives: number): void {
    const wasAway = !this.#isUp || lives !== this.#lives || startMs < this.#upSinceMs + GRACE_MS;
    if (!(error instanceof Lost) && wasAway) return;
    this.#problems.push(`${resident.name}: ${error.stack ?? error.message}`);
    this.#say(`${resident.name}: ${error.message}`);
  }

  async #restart(isKill: boolean): Promise<void> {
    const { server } = this.#options;
    this.#isUp = false;
    const startMs = performance.now();
    if (isKill) await server.kill9();
    await server.restart();
    this.#lives++;
    this.#upSinceMs = performance.now();
    this.#isUp = true;
    const tookMs = Math.round(this.#upSinceMs - startMs);
    this.#say(`${isKill ? 'kill -9' : 'SIGTERM'}: serves again after ${tookMs} ms`);
  }

  async #watch(quietMs: number): Promise<Pick<MarathonResult, 'rssBytes' | 'files'>> {
    const { server, warmUpMs } = this.#options;
    const pid = server.pid as number;
    if (!this.#hasFailed) await sleep(warmUpMs);
    const firstFiles = openFiles(pid);
    const samples: number[] = [];
    const endMs = performance.now() + quietMs - warmUpMs;
    while (performance.now() < endMs && !this.#hasFailed) {
      samples.push(residentBytes(pid));
      if (samples.length % 60 === 1) {
        const mb = Math.round((samples.at(-1) as number) / 2 ** 20);
        this.#say(`${mb} MB, ${JSON.stringify(this.#turns)}`);
      }
      await sleep(SAMPLE_MS);
    }
    if (server.pid !== pid) this.#problems.push('the server has ended by itself');
    const quarter = Math.ceil(samples.length / 4);
    const rssBytes = {
      first: median(samples.slice(0, quarter)),
      last: median(samples.slice(-quarter)),
      most: Math.max(...samples),
    };
    return { rssBytes, files: { first: firstFiles, last: openFiles(pid) } };
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Waits for what was held for clients that are gone to be given back. */
async function leftOver({ port }: ServerHandle): Promise<string[]> {
  const client = await RespClient.connect({ port, timeoutMs: SETTLE_MS });
  try {
    let left: string[] = [];
    await until(async () => {
      left = [];
      for (const name of MUST_END) {
        const value = await infoField(client, name);
        if (value !== '0') left.push(`${name}:${value}`);
      }
      const alone = await infoField(client, 'connected_clients');
      if (alone !== '1') left.push(`connected_clients:${alone}`);
      return left.length === 0;
    }, SETTLE_MS);
    return left;
  } finally {
    client.destroy();
  }
}
