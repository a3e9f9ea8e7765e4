/**
 * Makes a mismatch understandable: the commands before it that touched the same keys, and, by
 * replaying, a short sequence that still shows it.
 */
import type { Lockstep } from './lockstep.ts';
import {
  CommandBatches,
  type FoundMismatch,
  type PlayOptions,
  playUntilMismatch,
} from './play-commands.ts';
import type { PlannedCommand } from './random-commands/command-generator.ts';
import { shrinkList } from './shrink-list.ts';

export interface MinimiseLimits {
  readonly maxTrials: number;
  readonly maxMs: number;
}

const KEYLESS_THAT_MATTER = new Set(['SELECT', 'SWAPDB', 'FLUSHDB', 'FLUSHALL']);

const textOf = (key: Buffer) => key.toString('latin1');

/**
 * The commands that may have caused what `keys` hold: those naming one of the keys, or a key such
 * a command named (values travel by RENAME and COPY), and those that change databases.
 */
export function relatedCommands(
  commands: readonly PlannedCommand[],
  keys: readonly Buffer[],
): PlannedCommand[] {
  const wanted = new Set(keys.map(textOf));
  const related: PlannedCommand[] = [];
  for (const command of commands.toReversed()) {
    const isRelated =
      command.keys.some((key) => wanted.has(textOf(key))) || KEYLESS_THAT_MATTER.has(command.label);
    if (!isRelated) continue;
    related.push(command);
    for (const key of command.keys) wanted.add(textOf(key));
  }
  return related.reverse();
}

/** The last `count` commands naming one of the keys. */
export function recentHistory(
  commands: readonly PlannedCommand[],
  keys: readonly Buffer[],
  count: number,
): PlannedCommand[] {
  const wanted = new Set(keys.map(textOf));
  return commands.filter((one) => one.keys.some((key) => wanted.has(textOf(key)))).slice(-count);
}

/**
 * A short sublist of `commands` after which `fails` still says true, or undefined when not even
 * the whole list fails again. Each trial starts with empty servers and fresh connections.
 */
export async function minimiseCommands(
  lockstep: Lockstep,
  commands: readonly PlannedCommand[],
  keys: readonly Buffer[],
  play: PlayOptions,
  fails: (found: FoundMismatch | undefined) => boolean | Promise<boolean>,
  limits: MinimiseLimits,
): Promise<readonly PlannedCommand[] | undefined> {
  const deadlineMs = Date.now() + limits.maxMs;
  const replayFails = async (groups: readonly (readonly PlannedCommand[])[]) => {
    await lockstep.reset();
    const batches = new CommandBatches(groups.flat(), play.pipeline);
    return fails(await playUntilMismatch(lockstep, batches, play));
  };
  let groups = groupsOf(relatedCommands(commands, keys));
  if (!(await replayFails(groups))) {
    groups = groupsOf(commands);
    if (!(await replayFails(groups))) return undefined;
  }
  const shortest = await shrinkList(groups, replayFails, {
    maxTrials: limits.maxTrials,
    deadlineMs,
  });
  return shortest.flat();
}

/** Commands that were made together stay together: an OFF without its ON would hang a replay. */
function groupsOf(commands: readonly PlannedCommand[]): PlannedCommand[][] {
  const groups = new Map<number, PlannedCommand[]>();
  for (const command of commands) {
    const group = groups.get(command.group);
    if (group === undefined) groups.set(command.group, [command]);
    else group.push(command);
  }
  return [...groups.values()];
}
