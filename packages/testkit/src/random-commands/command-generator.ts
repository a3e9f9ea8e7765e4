/**
 * The random command sequence of a seed: which command comes next, and on which connection. It
 * sends nothing; `differential.ts` does.
 */
import { ArgumentSource } from './argument-source.ts';
import { BITMAP_FAMILY } from './bitmap-commands.ts';
import { CONNECTION_FAMILY } from './connection-commands.ts';
import { DATABASE_FAMILY } from './database-commands.ts';
import { DUMP_FAMILY } from './dump-commands.ts';
import { EXPIRY_FAMILY } from './expiry-commands.ts';
import type { CommandFamily, CommandRecipe, GeneratedCommand } from './generated-command.ts';
import { GENERIC_FAMILY } from './generic-commands.ts';
import { GEO_FAMILY } from './geo-commands.ts';
import { HASH_FAMILY } from './hash-commands.ts';
import { HYPERLOGLOG_FAMILY } from './hyperloglog-commands.ts';
import { LIST_FAMILY } from './list-commands.ts';
import { mutate } from './mutations.ts';
import type { Weighted } from './prng.ts';
import { scriptFamily } from './script-commands.ts';
import { SET_FAMILY } from './set-commands.ts';
import { SORTED_SET_FAMILY } from './sorted-set-commands.ts';
import { STREAM_FAMILY } from './stream-commands.ts';
import { STRING_FAMILY } from './string-commands.ts';
import { transactionFamily } from './transaction-commands.ts';
import { UNKNOWN_FAMILY } from './unknown-commands.ts';

/** The families on values. A new family is one file and one line here. */
const VALUE_FAMILIES: readonly CommandFamily[] = [
  STRING_FAMILY,
  BITMAP_FAMILY,
  HYPERLOGLOG_FAMILY,
  HASH_FAMILY,
  LIST_FAMILY,
  SET_FAMILY,
  SORTED_SET_FAMILY,
  GEO_FAMILY,
  STREAM_FAMILY,
  DUMP_FAMILY,
  EXPIRY_FAMILY,
  GENERIC_FAMILY,
  DATABASE_FAMILY,
];

/** All families but those on values that are named, which transactions do not have either. */
export function familiesWithout(names: ReadonlySet<string>): readonly CommandFamily[] {
  const families = VALUE_FAMILIES.filter(({ name }) => !names.has(name));
  const composed = [transactionFamily(families), scriptFamily(families)];
  return [...families, CONNECTION_FAMILY, ...composed, UNKNOWN_FAMILY];
}

export const DEFAULT_FAMILIES: readonly CommandFamily[] = familiesWithout(new Set());

/** A generated command with its place in the sequence. */
export interface PlannedCommand extends GeneratedCommand {
  readonly index: number;
  readonly connection: number;
  /** Commands of one group were made together and make no sense apart. */
  readonly group: number;
}

export interface CommandPlan {
  readonly seed: number;
  /** How many commands; a run of commands that belong together is not cut. */
  readonly commands: number;
  /** How many connections take turns. Default 3. */
  readonly connections?: number | undefined;
  readonly families?: readonly CommandFamily[] | undefined;
  /** Commands it says true for are left out; the others stay what they were. */
  readonly skip?: ((command: GeneratedCommand) => boolean) | undefined;
}

const LONGEST_TURN = 60;
/** Keys that are longer are refused by ForgeKV. */
const MOST_KEY_BYTES = 8000;

/** The sequence of a plan; the same plan always gives the same sequence. */
export function* planCommands(plan: CommandPlan): Generator<PlannedCommand, void> {
  const source = new ArgumentSource(plan.seed);
  const { prng } = source;
  const families = plan.families ?? DEFAULT_FAMILIES;
  const recipes: Weighted<CommandRecipe> = families.flatMap((family) =>
    family.recipes.map((recipe) => [recipe.weight, recipe] as const),
  );
  const pickRecipe = weightedPicker(recipes);
  const connections = plan.connections ?? 3;
  const watchers = new Set<number>();
  let connection = 0;
  let turn = 0;
  let index = 0;
  let group = 0;
  while (index < plan.commands) {
    if (turn-- <= 0) {
      connection = prng.below(connections);
      turn = prng.between(1, LONGEST_TURN);
    }
    group++;
    const made = pickRecipe(prng.uint32()).make(source);
    for (const command of Array.isArray(made) ? made : [made as GeneratedCommand]) {
      const mutated = mutate(prng, command);
      if (plan.skip?.(mutated) || isTooHard(mutated, connection, watchers)) continue;
      yield { ...mutated, index, connection, group };
      index++;
    }
  }
}

/**
 * True for what ForgeKV does otherwise on purpose: SWAPDB while somebody watches, since it does not
 * know whether a key that was missing came and went with another database; and a long value in
 * place of a key, which mutations make.
 */
function isTooHard({ args }: GeneratedCommand, connection: number, watchers: Set<number>): boolean {
  const name = String(args[0]).toUpperCase();
  if (name === 'WATCH') watchers.add(connection);
  else if (name === 'EXEC' || name === 'DISCARD' || name === 'UNWATCH') watchers.delete(connection);
  if (name === 'SWAPDB') return watchers.size > 0;
  return args.length > 1 && args[1]!.length > MOST_KEY_BYTES;
}

/** Picks by a table of cumulated weights; `Prng.weighted` would walk 60 recipes each time. */
function weightedPicker<T>(alternatives: Weighted<T>): (random: number) => T {
  const table = alternatives.flatMap(([weight, value]) => Array<T>(weight).fill(value));
  if (table.length === 0) throw new Error('no recipes');
  return (random) => table[random % table.length] as T;
}
