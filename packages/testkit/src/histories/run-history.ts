/**
 * Lets many clients loose on a server, with kills in between if wanted, and judges what they saw.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '../random-commands/prng.ts';
import { RespClient } from '../resp-client.ts';
import type { ServerHandle } from '../server-process.ts';
import { HistoryRecorder, type RecordedClient, type Step } from './history-recorder.ts';
import { ALL_MONEY, HistoryWorkload, one } from './history-workload.ts';
import { type CheckLimits, checkHistory, type HistoryVerdict } from './linearizability.ts';
import type { Operation } from './operation.ts';

export interface HistoryOptions extends CheckLimits {
  /** Is emptied first. */
  readonly server: ServerHandle;
  /** Of what clients send; who meets whom is up to threads and the network. */
  readonly seed: number;
  /** How long they send, in milliseconds, before each kill and before the end. */
  readonly phaseMs: number;
  /** Default 20. */
  readonly clients?: number;
  /** Times the server is killed and started again, in the middle of everything. Default 0. */
  readonly kills?: number;
}

export interface HistoryResult {
  readonly history: readonly Operation[];
  readonly verdict: HistoryVerdict;
  /** Sums over all accounts that were seen: one of them is right. */
  readonly sums: ReadonlySet<number>;
  /** Operations that were not answered before a kill. */
  readonly unanswered: number;
  /** Transactions refused because of WATCH. */
  readonly refused: number;
}

const DEFAULT_CLIENTS = 20;
const TIMEOUT_MS = 30_000;
const PIPELINE_CHANCE = 0.3;
const MOST_PIPELINED = 6;
const WATCH_CHANCE = 0.1;

/** Records a history and judges it. @throws Error when a connection ends that should not */
export async function runHistory(options: HistoryOptions): Promise<HistoryResult> {
  const run = new HistoryRun(options);
  const refused = await run.record();
  const history = run.recorder.history();
  return {
    history,
    verdict: checkHistory(history, options),
    sums: sumsOf(history),
    unanswered: history.filter(({ reply }) => reply === undefined).length,
    refused,
  };
}

/** True when nothing was wrong, and all of it was looked at. */
export function isSound({ verdict, sums }: HistoryResult): boolean {
  return verdict.kind === 'linearizable' && [...sums].every((sum) => sum === ALL_MONEY);
}

class HistoryRun {
  readonly recorder = new HistoryRecorder();
  readonly #options: HistoryOptions;
  #isKilling = false;
  #refused = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Returns the number of transactions that were refused. */
  async record(): Promise<number> {
    const { server, kills = 0 } = this.#options;
    const first = await this.#connect();
    await emptyServer(server);
    await first.run([HistoryWorkload.setUp()]);
    for (let phase = 0; phase <= kills; phase++) await this.#phase(phase, phase < kills);
    const last = await this.#connect();
    await last.run(HistoryWorkload.finalReads());
    first.close();
    last.close();
    return this.#refused;
  }

  async #phase(phase: number, isCut: boolean): Promise<void> {
    const { server, seed, phaseMs, clients: count = DEFAULT_CLIENTS } = this.#options;
    const clients = await Promise.all(Array.from({ length: count }, () => this.#connect()));
    const deadlineMs = performance.now() + phaseMs;
    const isOver = (): boolean => !isCut && performance.now() > deadlineMs;
    const drivers = clients.map((client, i) => {
      return this.#drive(client, new Prng(seed + 1000 * phase + i), isOver);
    });
    if (isCut) {
      // Rejects when a driver does.
      await Promise.race([sleep(phaseMs), Promise.all(drivers)]);
      this.#isKilling = true;
      await server.kill9();
      this.recorder.serverDied();
    }
    await Promise.all(drivers);
    for (const client of clients) client.close();
    if (!isCut) return;
    this.#isKilling = false;
    await server.restart();
  }

  async #drive(client: RecordedClient, prng: Prng, isOver: () => boolean): Promise<void> {
    const workload = new HistoryWorkload(client.id, prng);
    while (!isOver()) {
      const isWatch = prng.chance(WATCH_CHANCE);
      const count = prng.chance(PIPELINE_CHANCE) ? prng.between(2, MOST_PIPELINED) : 1;
      const steps = Array.from({ length: count }, () => workload.next());
      const goesOn = isWatch ? await this.#watch(client, workload, steps) : await client.run(steps);
      if (goesOn) continue;
      if (this.#isKilling) return;
      throw new Error(`connection ${client.id} has ended`);
    }
  }

  /** Reads, does something else, and writes. */
  async #watch(
    client: RecordedClient,
    workload: HistoryWorkload,
    others: readonly Step[],
  ): Promise<boolean> {
    const plan = workload.nextWatch();
    const reads = plan.keys.map((key) => one('GET', key));
    const values = await client.run(reads, plan.keys);
    if (values === undefined) return false;
    const between = others.filter(({ isBlock }) => !isBlock);
    const replies = await client.run([...between, plan.toStep(values)]);
    if (replies?.at(-1) === null) this.#refused++;
    return replies !== undefined;
  }

  async #connect(): Promise<RecordedClient> {
    const { port } = this.#options.server;
    return this.recorder.client(await RespClient.connect({ port, timeoutMs: TIMEOUT_MS }));
  }
}

async function emptyServer({ port }: ServerHandle): Promise<void> {
  const client = await RespClient.connect({ port, timeoutMs: TIMEOUT_MS });
  await client.must('FLUSHALL');
  client.destroy();
}

/** What reads of all accounts at once add up to. */
function sumsOf(history: readonly Operation[]): Set<number> {
  const sums = new Set<number>();
  for (const { commands, isBlock, reply } of history) {
    if (!Array.isArray(reply)) continue;
    const names = isBlock ? commands.map(([name, key]) => `${name} ${key}`) : commands[0]!.slice(1);
    const isOfAccounts = isBlock
      ? commands.every(([name]) => name === 'GET')
      : commands[0]![0] === 'MGET';
    if (!isOfAccounts) continue;
    const balances = reply.filter((_, i) => names[i]!.replace('GET ', '').startsWith('account:'));
    if (balances.length > 0) sums.add(balances.reduce((sum, value) => sum + Number(value), 0));
  }
  return sums;
}
