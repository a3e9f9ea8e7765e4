/**
 * What a family of random commands is made of: recipes that produce generated commands. Adding a
 * family is one file with one exported `CommandFamily`; the generator and the runner stay as is.
 */
import { type Comparison, EXACT } from '../compare-replies.ts';
import { type CommandArg, toBytes } from '../encode-command.ts';
import type { ArgumentSource } from './argument-source.ts';

/** A command that needs several exchanges before its replies can be compared. */
export type Procedure = 'scan-walk' | 'random-key';

/** A command ready to send, and how its replies from two servers must be compared. */
export interface GeneratedCommand {
  /** The recipe it came from, for statistics; a mutated command keeps it. */
  readonly label: string;
  readonly args: readonly Buffer[];
  /** The keys it names, for the history of a mismatch. */
  readonly keys: readonly Buffer[];
  readonly comparison: Comparison;
  /** The server sends no reply to it (CLIENT REPLY OFF or SKIP). */
  readonly silent: boolean;
  /** Neither letter case nor arguments may be changed: others depend on it. */
  readonly fixed: boolean;
  readonly procedure?: Procedure | undefined;
}

/** What a recipe may say besides the arguments. */
export interface CommandDetails {
  readonly label?: string;
  readonly keys?: readonly Buffer[];
  readonly comparison?: Comparison;
  readonly silent?: boolean;
  readonly fixed?: boolean;
  readonly procedure?: Procedure;
}

/** One kind of command; `make` may return a short run that must not be interrupted. */
export interface CommandRecipe {
  readonly name: string;
  /** How often, relative to the other recipes. */
  readonly weight: number;
  readonly make: (source: ArgumentSource) => GeneratedCommand | readonly GeneratedCommand[];
}

/** How the whole value of a type is read when two servers' states are compared. */
export interface ValueReader {
  /** As TYPE names it. */
  readonly type: string;
  readonly command: (key: Buffer) => readonly CommandArg[];
  readonly comparison: Comparison;
}

/** The recipes of one family, and how to read the values they leave behind. */
export interface CommandFamily {
  readonly name: string;
  readonly recipes: readonly CommandRecipe[];
  readonly readers?: readonly ValueReader[];
}

/** Puts a command together. The label is its first word unless `details` says otherwise. */
export function generated(
  args: readonly CommandArg[],
  details: CommandDetails = {},
): GeneratedCommand {
  return {
    label: details.label ?? String(args[0]),
    args: args.map(toBytes),
    keys: details.keys ?? [],
    comparison: details.comparison ?? EXACT,
    silent: details.silent ?? false,
    fixed: details.fixed ?? false,
    procedure: details.procedure,
  };
}

/** A recipe whose command names one key right after its name. */
export function keyRecipe(
  name: string,
  weight: number,
  rest: (source: ArgumentSource, key: Buffer) => readonly CommandArg[],
  choose: (source: ArgumentSource) => Buffer = (source) => source.key(),
  comparison: Comparison = EXACT,
): CommandRecipe {
  const make = (source: ArgumentSource) => {
    const key = choose(source);
    const words = name.split(' ');
    const args = [...words, key, ...rest(source, key)];
    return generated(args, { label: name, keys: [key], comparison });
  };
  return { name, weight, make };
}
