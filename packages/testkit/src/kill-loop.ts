/**
 * The kill -9 test: load, SIGKILL at a random moment, start again on the same directory, compare
 * everything with the outside log, go on from there. It works with every server that keeps data;
 * what may be found is decided in `crash-oracle.ts`.
 *
 * In one round of four the server is killed again while it starts, so that recovery itself is
 * interrupted. After the last round it stops in order once, and must hold everything again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CrashOracle, type CrashResolution, type CrashViolation } from './crash-oracle.ts';
import type { FoundKey } from './crash-unit.ts';
import { CrashWorkload } from './crash-workload.ts';
import { encodeCommands } from './encode-command.ts';
import { Prng } from './random-commands/prng.ts';
import { describeReply, type Reply } from './reply.ts';
import { ConnectionError, RespClient } from './resp-client.ts';
import type { ServerHandle } from './server-process.ts';

export interface KillLoopOptions {
  /** Starts an empty server whose directory stays over restarts. */
  readonly start: () => Promise<ServerHandle>;
  readonly rounds: number;
  /** Of the commands and of the moments; threads and the network add their own chance. */
  readonly seed: number;
  /** The longest time under load before a kill, in milliseconds; the shortest is a tenth. */
  readonly msPerRound: number;
  /** Default 8. */
  readonly connections?: number;
  /** Also demands that of each connection a prefix of its commands happened, over all keys. */
  readonly strictOrder?: boolean;
  /** Called after each round that was verified. */
  readonly onRound?: (round: KillRound) => void;
}

/** One kill, and what was found behind it. */
export interface KillRound extends CrashResolution {
  readonly round: number;
  /** Writes that were answered since the loop began. */
  readonly acknowledged: number;
  /** How often the server was killed before it was looked at. */
  readonly kills: number;
}

export interface KillLoopResult {
  readonly ok: boolean;
  readonly seed: number;
  /** Rounds that were verified. */
  readonly rounds: number;
  readonly kills: number;
  readonly acknowledged: number;
  /** Writes that were not answered when the server was killed, and how many of them happened. */
  readonly inFlight: number;
  readonly applied: number;
  /** Connections, over all rounds, whose writes in flight happened out of order. */
  readonly reordered: number;
  /** At most 20; the loop ends at the first round that has any. */
  readonly violations: readonly CrashViolation[];
  /** The end of the log of the server in which something was violated. */
  readonly log: string;
}

const DEFAULT_CONNECTIONS = 8;
const INTERRUPTED_STARTS = 0.25;
const LONGEST_INTERRUPTED_START_MS = 800;
const LONGEST_MOMENT_MS = 1;
const REPLY_TIMEOUT_MS = 30_000;
const LOADING_TIMEOUT_MS = 60_000;
const KEYS_PER_LOOK = 100;
const LOG_CHARS = 3000;

/**
 * Runs the loop and stops the server.
 * @returns what was counted and what was violated
 * @throws Error when the server does not start at first, or is not empty then.
 */
export async function killLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const server = await options.start();
  try {
    return await new KillLoop(server, options).run();
  } finally {
    await server.stop();
  }
}

/** The state of one loop. */
class KillLoop {
  readonly #server: ServerHandle;
  readonly #options: KillLoopOptions;
  readonly #workload: CrashWorkload;
  readonly #oracle: CrashOracle;
  readonly #prng: Prng;
  readonly #connections: number;
  /** From here on connections may end. */
  #isEnding = false;

  constructor(server: ServerHandle, options: KillLoopOptions) {
    const { seed, strictOrder = false } = options;
    this.#server = server;
    this.#options = options;
    this.#connections = options.connections ?? DEFAULT_CONNECTIONS;
    this.#workload = new CrashWorkload(this.#connections, seed);
    const { owned, shared } = this.#workload;
    this.#oracle = new CrashOracle({ owned, shared, strictOrder });
    this.#prng = new Prng(seed);
  }

  async run(): Promise<KillLoopResult> {
    const { rounds, seed, onRound } = this.#options;
    const sum = { rounds: 0, kills: 0, inFlight: 0, applied: 0, reordered: 0 };
    await this.#mustBeEmpty();
    // The last one is no kill, but an orderly stop.
    for (let round = 1; round <= rounds + 1 && this.#isSound; round++) {
      const isKill = round <= rounds;
      await this.#load(isKill);
      if (!this.#isSound) break;
      const kills = await this.#startAgain(isKill);
      sum.kills += kills;
      if (!this.#isSound) break;
      const resolution = await this.#verify();
      sum.inFlight += resolution.inFlight;
      sum.applied += resolution.applied;
      sum.reordered += resolution.reordered;
      if (!this.#isSound || !isKill) break;
      sum.rounds = round;
      onRound?.({ round, kills, acknowledged: this.#oracle.acknowledgedWrites, ...resolution });
    }
    const { violations, acknowledgedWrites } = this.#oracle;
    const log = this.#isSound ? '' : this.#server.log().slice(-LOG_CHARS);
    return { ok: this.#isSound, seed, ...sum, acknowledged: acknowledgedWrites, violations, log };
  }

  get #isSound(): boolean {
    return this.#oracle.violations.length === 0;
  }

  /** Load on all connections until the moment of the kill, or until all are answered. */
  async #load(isKill: boolean): Promise<void> {
    const { msPerRound } = this.#options;
    this.#isEnding = false;
    const clients = await Promise.all(
      Array.from({ length: this.#connections }, () => this.#connect()),
    );
    const drivers = clients.map((client, connection) => this.#drive(client, connection));
    const ms = this.#prng.between(Math.ceil(msPerRound / 10), msPerRound);
    await Promise.race([sleep(ms, undefined, { ref: false }), Promise.all(drivers)]);
    if (isKill) await this.#untilInFlight();
    this.#isEnding = true;
    if (isKill) await this.#server.kill9();
    await Promise.all(drivers);
    for (const client of clients) client.destroy();
  }

  /**
   * A timer fires before replies are read, when the server may well be done with everything that
   * was sent. So this waits until they are read and the next batches are out, and then a moment
   * that no event loop decides, mostly short, in which the server gets to some place in them.
   */
  async #untilInFlight(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const momentMs = LONGEST_MOMENT_MS * (this.#prng.below(1000) / 1000) ** 3;
    const startMs = performance.now();
    while (performance.now() - startMs < momentMs);
  }

  /** One connection: batch after batch, each one answered before the next. */
  async #drive(client: RespClient, connection: number): Promise<void> {
    while (!this.#isEnding) {
      const batch = this.#workload.nextBatch(connection, nowSeconds(), (command) => {
        this.#oracle.issue(connection, command);
      });
      try {
        const replies = await client.exchange(encodeCommands(batch), batch.length);
        for (const { reply } of replies) this.#oracle.acknowledge(connection, reply);
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        for (const { reply } of error.received) this.#oracle.acknowledge(connection, reply);
        if (!this.#isEnding) this.#oracle.report('reply', `${connection}: ${error.message}`);
        return;
      }
    }
  }

  /** Starts the server on its directory; returns how often it was killed until it stood. */
  async #startAgain(isKill: boolean): Promise<number> {
    let kills = isKill ? 1 : 0;
    try {
      if (isKill && this.#prng.chance(INTERRUPTED_STARTS)) {
        await this.#interruptStart();
        kills++;
      }
      await this.#server.restart();
    } catch (error) {
      this.#oracle.report('start', (error as Error).message);
    }
    return kills;
  }

  /** A start that is killed on its way, or right behind it. */
  async #interruptStart(): Promise<void> {
    const starting = this.#server.restart().then(
      () => true,
      () => false,
    );
    const isUp = await Promise.race([
      starting,
      sleep(this.#prng.below(LONGEST_INTERRUPTED_START_MS), false),
    ]);
    const { pid } = this.#server;
    if (!isUp && pid !== undefined) process.kill(pid, 'SIGKILL');
    await starting;
    await this.#server.kill9();
  }

  async #verify(): Promise<CrashResolution> {
    const client = await this.#connect();
    try {
      await untilLoaded(client);
      const nowS = nowSeconds();
      const found = new Map<string, FoundKey>();
      const { keys } = this.#oracle;
      for (let at = 0; at < keys.length; at += KEYS_PER_LOOK) {
        const some = keys.slice(at, at + KEYS_PER_LOOK);
        const replies = await client.pipeline(
          some.flatMap((key) => [
            ['GET', key],
            ['TTL', key],
          ]),
        );
        for (const [index, key] of some.entries()) {
          found.set(key, toFound(replies[2 * index] as Reply, replies[2 * index + 1] as Reply));
        }
      }
      return this.#oracle.resolve(found, await countKeys(client), nowS);
    } finally {
      client.destroy();
    }
  }

  async #mustBeEmpty(): Promise<void> {
    const client = await this.#connect();
    const count = await countKeys(client);
    client.destroy();
    if (count !== 0) throw new Error(`the server has ${count} keys, it must be empty at first`);
  }

  #connect(): Promise<RespClient> {
    return RespClient.connect({ port: this.#server.port, timeoutMs: REPLY_TIMEOUT_MS });
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Redis answers PING while it loads, with an error; others may accept it before they are ready. */
async function untilLoaded(client: RespClient): Promise<void> {
  const deadlineMs = Date.now() + LOADING_TIMEOUT_MS;
  for (;;) {
    const reply = await client.command('DBSIZE');
    if (reply.kind !== 'error' || !reply.text.startsWith('LOADING')) return;
    if (Date.now() > deadlineMs) throw new Error(`still loading after ${LOADING_TIMEOUT_MS} ms`);
    await sleep(20);
  }
}

async function countKeys(client: RespClient): Promise<number> {
  const reply = await client.must('DBSIZE');
  if (reply.kind !== 'integer') throw new Error(`DBSIZE answered ${describeReply(reply)}`);
  return Number(reply.value);
}

function toFound(value: Reply, ttl: Reply): FoundKey {
  const isValue = value.kind === 'bulk' || value.kind === 'null';
  if (!isValue || ttl.kind !== 'integer') {
    return { value: null, ttl: -2, error: describeReply(isValue ? ttl : value) };
  }
  const text = value.kind === 'bulk' ? value.bytes.toString('latin1') : null;
  return { value: text, ttl: Number(ttl.value) };
}

/** The whole loop for a person: what was counted, every violation. */
export function formatKillLoop(result: KillLoopResult): string {
  const { seed, rounds, kills, acknowledged, inFlight, applied, reordered, violations, log } =
    result;
  return [
    `seed ${seed}: ${rounds} rounds, ${kills} kills, ${acknowledged} acknowledged writes, ` +
      `${inFlight} in flight of which ${applied} happened, ${reordered} times out of order, ` +
      `${violations.length} violations`,
    ...violations.map(({ kind, what }) => `${kind}: ${what}`),
    ...(log === '' ? [] : [`--- its log\n${log}`]),
  ].join('\n');
}
