// The tie between catalog and code: what the handlers of a family must look like, checked by the
// compiler. No values here.
import type { CommandFamily } from './command-spec.ts';

/**
 * Names in a family that need a handler: `GET`, `CLIENT|ID`. A container needs one only when its
 * arity of -1 lets it be called without a subcommand, as COMMAND does.
 */
export type CommandNames<F extends CommandFamily> = {
  [Name in keyof F & string]: NamesOfEntry<Name, F[Name]>;
}[keyof F & string];

type NamesOfEntry<Name extends string, Entry> = Entry extends { readonly subcommands: infer Subs }
  ? `${Name}|${keyof Subs & string}` | (Entry extends { readonly arity: -1 } ? Name : never)
  : Name;

/**
 * One handler of type `H` for every command of the family `F`, except for the names in `Pending`,
 * which are not written yet. An object literal checked against it may leave out no other name and
 * may have none that is unknown or pending:
 *
 *     export const stringHandlers = {
 *       GET: get,
 *       ...
 *     } satisfies HandlersOf<typeof stringFamily, Handler, 'LCS'>;
 */
export type HandlersOf<
  F extends CommandFamily,
  H,
  Pending extends CommandNames<F> = never,
> = Readonly<Record<Exclude<CommandNames<F>, Pending>, H>>;
