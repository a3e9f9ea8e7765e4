/**
 * The differential test: one random command sequence, two servers, every reply compared, and at
 * the end everything they hold. The left server is the oracle. Both are emptied first.
 */
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts';
import { Lockstep } from './lockstep.ts';
import { type MinimiseLimits, minimiseCommands, recentHistory } from './minimise-mismatch.ts';
import type { Endpoint } from './open-socket.ts';
import {
  CommandBatches,
  type FoundMismatch,
  type PlayOptions,
  playUntilMismatch,
  type ReplyCounts,
} from './play-commands.ts';
import {
  type CommandPlan,
  DEFAULT_FAMILIES,
  type PlannedCommand,
  planCommands,
} from './random-commands/command-generator.ts';
import type { Reply } from './reply.ts';
import { RespClient } from './resp-client.ts';
import { compareStates, readServerState, type StateDifference } from './server-state.ts';

export interface DifferentialOptions extends CommandPlan {
  /** The oracle. */
  readonly left: Endpoint;
  /** The server under test. */
  readonly right: Endpoint;
  /** Protocol version. Default 2. */
  readonly resp?: 2 | 3;
  /** Most commands in one batch. Default 50. */
  readonly pipeline?: number;
  /** Accepted differences; `KNOWN_DIFFERENCES` unless given. Pass [] for Redis against Redis. */
  readonly known?: readonly KnownDifference[];
  /** Stop after so many mismatches; after each, both servers are emptied. Default 1. */
  readonly maxMismatches?: number;
  /** Replay subsets to find a short sequence. Default 300 trials in 20 s; false for none. */
  readonly minimise?: MinimiseLimits | false;
  /** Deadline of one batch. Default 20 000. */
  readonly timeoutMs?: number;
  /** Compares keyspace notifications, too: with one connection. Default false. */
  readonly events?: boolean;
}

/** A disagreement and how to get it again. */
export interface Mismatch {
  readonly kind: 'reply' | 'state';
  readonly seed: number;
  /** Index of the command in the sequence; for a state, that of the last command. */
  readonly index: number;
  readonly command?: PlannedCommand;
  readonly left?: Reply | undefined;
  readonly right?: Reply | undefined;
  readonly difference: string;
  /** The last commands that named the same keys. */
  readonly history: readonly PlannedCommand[];
  /** A short sequence that shows the mismatch from empty servers, if one was found. */
  readonly minimal?: readonly PlannedCommand[] | undefined;
}

export interface DifferentialResult {
  /** No mismatch, and the run got to its end. */
  readonly ok: boolean;
  readonly seed: number;
  readonly commands: number;
  readonly commandsPerSecond: number;
  readonly mismatches: readonly Mismatch[];
  readonly counts: ReadonlyMap<string, ReplyCounts>;
  /** Why the run ended early, if it did: a server that is gone. */
  readonly aborted?: string | undefined;
}

const HISTORY_LENGTH = 20;
const DEFAULT_LIMITS: MinimiseLimits = { maxTrials: 300, maxMs: 20_000 };

/** Runs the whole test; disagreements are in the result, they do not throw. */
export async function runDifferential(options: DifferentialOptions): Promise<DifferentialResult> {
  const lockstep = await Lockstep.open({
    left: options.left,
    right: options.right,
    connections: options.connections ?? 3,
    resp: options.resp ?? 2,
    timeoutMs: options.timeoutMs ?? 20_000,
    events: options.events ?? false,
  });
  try {
    return await new DifferentialRun(options, lockstep).run();
  } finally {
    lockstep.close();
  }
}

class DifferentialRun {
  readonly #options: DifferentialOptions;
  readonly #lockstep: Lockstep;
  readonly #play: PlayOptions;
  readonly #counts = new Map<string, ReplyCounts>();
  readonly #mismatches: Mismatch[] = [];
  #playedMs = 0;

  constructor(options: DifferentialOptions, lockstep: Lockstep) {
    this.#options = options;
    this.#lockstep = lockstep;
    const known = options.known ?? KNOWN_DIFFERENCES;
    this.#play = { pipeline: options.pipeline ?? 50, known };
  }

  async run(): Promise<DifferentialResult> {
    const batches = new CommandBatches(planCommands(this.#options), this.#play.pipeline);
    const most = this.#options.maxMismatches ?? 1;
    let aborted: string | undefined;
    let start = 0;
    try {
      for (;;) {
        const found = await this.#timed(batches);
        const end = batches.taken;
        if (found === undefined) {
          await this.#checkState(start, end);
          break;
        }
        this.#mismatches.push(await this.#explain(found, start));
        if (this.#mismatches.length >= most) break;
        await this.#lockstep.reset();
        start = end;
      }
    } catch (error) {
      aborted = (error as Error).message;
    }
    return {
      ok: aborted === undefined && this.#mismatches.length === 0,
      seed: this.#options.seed,
      commands: batches.taken,
      commandsPerSecond: Math.round((batches.taken * 1000) / Math.max(this.#playedMs, 1)),
      mismatches: this.#mismatches,
      counts: this.#counts,
      aborted,
    };
  }

  async #timed(batches: CommandBatches): Promise<FoundMismatch | undefined> {
    const startMs = performance.now();
    try {
      const options = { ...this.#play, counts: this.#counts };
      return await playUntilMismatch(this.#lockstep, batches, options);
    } finally {
      this.#playedMs += performance.now() - startMs;
    }
  }

  /** The sequence from `start` up to but not including `end`, made again from the seed. */
  #planned(start: number, end: number): PlannedCommand[] {
    const commands: PlannedCommand[] = [];
    for (const command of planCommands(this.#options)) {
      if (command.index >= end) break;
      if (command.index >= start) commands.push(command);
    }
    return commands;
  }

  async #explain(found: FoundMismatch, start: number): Promise<Mismatch> {
    const { command, left, right, difference } = found;
    const commands = this.#planned(start, command.index + 1);
    const { label } = command;
    const fails = (again: FoundMismatch | undefined) => again?.command.label === label;
    const history = recentHistory(commands.slice(0, -1), command.keys, HISTORY_LENGTH);
    const minimal = await this.#minimise(commands, command.keys, fails);
    const { seed } = this.#options;
    const { index } = command;
    return { kind: 'reply', seed, index, command, left, right, difference, history, minimal };
  }

  async #minimise(
    commands: readonly PlannedCommand[],
    keys: readonly Buffer[],
    fails: (found: FoundMismatch | undefined) => boolean | Promise<boolean>,
  ): Promise<readonly PlannedCommand[] | undefined> {
    const limits = this.#options.minimise ?? DEFAULT_LIMITS;
    if (limits === false) return undefined;
    try {
      return await minimiseCommands(this.#lockstep, commands, keys, this.#play, fails, limits);
    } catch {
      // A server that is gone cannot replay; the mismatch itself is what matters.
      return undefined;
    }
  }

  async #checkState(start: number, end: number): Promise<void> {
    const [first] = await this.#stateDifferences();
    if (first === undefined) return;
    const commands = this.#planned(start, end);
    const { database, key } = first;
    const fails = async (found: FoundMismatch | undefined) => {
      if (found !== undefined) return false;
      const differences = await this.#stateDifferences();
      return differences.some((one) => one.database === database && one.key.equals(key));
    };
    this.#mismatches.push({
      kind: 'state',
      seed: this.#options.seed,
      index: end - 1,
      difference: first.what,
      history: recentHistory(commands, [key], HISTORY_LENGTH),
      minimal: await this.#minimise(commands, [key], fails),
    });
  }

  /** On connections of their own, since the others may be in another database. */
  async #stateDifferences(): Promise<StateDifference[]> {
    const { left, right, resp, timeoutMs } = this.#options;
    const families = this.#options.families ?? DEFAULT_FAMILIES;
    const readers = families.flatMap((family) => family.readers ?? []);
    const read = async (endpoint: Endpoint) => {
      const client = await RespClient.connect({
        ...endpoint,
        resp: resp ?? 2,
        timeoutMs: timeoutMs ?? 20_000,
      });
      try {
        return await readServerState(client, readers);
      } finally {
        client.destroy();
      }
    };
    const [expected, actual] = await Promise.all([read(left), read(right)]);
    return compareStates(expected, actual, this.#play.known);
  }
}
