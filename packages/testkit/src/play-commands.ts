/**
 * Plays planned commands against two servers in batches and compares reply by reply, up to the
 * first mismatch. Used for whole runs and for the short replays of minimising.
 */
import { compareReplies } from './compare-replies.ts';
import type { KnownDifference } from './known-differences.ts';
import type { Lockstep, ReplyPair } from './lockstep.ts';
import type { PlannedCommand } from './random-commands/command-generator.ts';
import { isErrorReply, type Reply } from './reply.ts';

/** What became of the commands of one label, by the left server's replies. */
export interface ReplyCounts {
  ok: number;
  nil: number;
  error: number;
  silent: number;
}

/** The first command whose replies disagree, or after which a server was gone. */
export interface FoundMismatch {
  readonly command: PlannedCommand;
  readonly left: Reply | undefined;
  readonly right: Reply | undefined;
  readonly difference: string;
}

export interface PlayOptions {
  /** Most commands sent in one go. */
  readonly pipeline: number;
  readonly known: readonly KnownDifference[];
  /** Filled per label when given. */
  readonly counts?: Map<string, ReplyCounts>;
}

/** Cuts a sequence into batches: one connection each, at most `pipeline` long. */
export class CommandBatches {
  readonly #commands: Iterator<PlannedCommand, unknown>;
  readonly #pipeline: number;
  #ahead: PlannedCommand | undefined;
  #taken = 0;

  constructor(commands: Iterable<PlannedCommand>, pipeline: number) {
    this.#commands = commands[Symbol.iterator]() as Iterator<PlannedCommand, unknown>;
    this.#pipeline = pipeline;
    this.#advance();
  }

  /** How many commands were handed out. */
  get taken(): number {
    return this.#taken;
  }

  /** The next batch; empty at the end. A command with a procedure comes alone. */
  next(): PlannedCommand[] {
    const batch: PlannedCommand[] = [];
    while (this.#ahead !== undefined && batch.length < this.#pipeline) {
      const [first] = batch;
      if (first !== undefined) {
        const { connection, procedure } = this.#ahead;
        const alone = procedure !== undefined || first.procedure !== undefined;
        if (alone || connection !== first.connection) break;
      }
      batch.push(this.#ahead);
      this.#advance();
    }
    this.#taken += batch.length;
    return batch;
  }

  #advance(): void {
    const next = this.#commands.next();
    this.#ahead = next.done === true ? undefined : (next.value as PlannedCommand);
  }
}

/** Plays batches until one mismatches, which is returned, or all are done. */
export async function playUntilMismatch(
  lockstep: Lockstep,
  batches: CommandBatches,
  options: PlayOptions,
): Promise<FoundMismatch | undefined> {
  for (let batch = batches.next(); batch.length > 0; batch = batches.next()) {
    const { pairs, failure, eventDifference } = await lockstep.run(batch);
    for (const pair of pairs) {
      const difference = differenceOf(pair, options.known, failure);
      if (difference !== undefined) {
        const { command, left, right } = pair;
        return { command, left: left?.reply, right: right?.reply, difference };
      }
      if (options.counts !== undefined) count(options.counts, pair);
    }
    // Whoever answers something else may have something else to tell.
    const isExcused = pairs.some((pair) => isKnown(pair, options.known));
    const difference = failure ?? (isExcused ? undefined : eventDifference);
    if (difference !== undefined) {
      const command = batch.at(-1) as PlannedCommand;
      return { command, left: undefined, right: undefined, difference };
    }
  }
  return undefined;
}

function differenceOf(
  { command, left, right }: ReplyPair,
  known: readonly KnownDifference[],
  failure: string | undefined,
): string | undefined {
  if (left === undefined || right === undefined) return command.silent ? undefined : failure;
  if (left.raw.length > 0 && left.raw.equals(right.raw)) return undefined;
  const difference = compareReplies(left.reply, right.reply, command.comparison);
  return difference !== undefined && isKnown({ command, left, right }, known)
    ? undefined
    : difference;
}

/** True for replies that differ as is accepted. */
function isKnown({ command, left, right }: ReplyPair, known: readonly KnownDifference[]): boolean {
  if (left === undefined || right === undefined || left.raw.equals(right.raw)) return false;
  return known.some((one) => one.covers(command.label, left.reply, right.reply));
}

/** Of a command in MULTI: whether it succeeds is seen later. */
function isQueued(reply: Reply): boolean {
  return reply.kind === 'simple' && reply.text === 'QUEUED';
}

function count(counts: Map<string, ReplyCounts>, { command, left }: ReplyPair): void {
  let row = counts.get(command.label);
  if (row === undefined) {
    row = { ok: 0, nil: 0, error: 0, silent: 0 };
    counts.set(command.label, row);
  }
  if (left === undefined) row.silent++;
  else if (left.reply.kind === 'null' || isQueued(left.reply)) row.nil++;
  else if (isErrorReply(left.reply)) row.error++;
  else row.ok++;
}
