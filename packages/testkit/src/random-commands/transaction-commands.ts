/**
 * The family of transactions: MULTI, some commands of the families on values, EXEC; WATCH before
 * it, or long before it, and now and then something that is refused. Commands whose replies may
 * differ in order or a little are left out: the reply of EXEC is compared as it is.
 */
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type CommandRecipe,
  type GeneratedCommand,
  generated,
} from './generated-command.ts';
import type { Weighted } from './prng.ts';

const MOST_COMMANDS = 8;
/** Known differences are looked up for a command by itself, not for one in the reply of EXEC. */
const KNOWN_TO_DIFFER = /^(OBJECT|GEO|DUMP|LPOS|SORT|Z(REV)?RANK|BITCOUNT|BITPOS)/i;

/** @param families whose commands are queued */
export function transactionFamily(families: readonly CommandFamily[]): CommandFamily {
  const recipes: Weighted<CommandRecipe> = families.flatMap((family) =>
    family.recipes.map((recipe) => [recipe.weight, recipe] as const),
  );
  return {
    name: 'transaction',
    recipes: [
      { name: 'MULTI', weight: 30, make: (source) => makeTransaction(source, recipes) },
      { name: 'WATCH', weight: 12, make: makeWatch },
      { name: 'UNWATCH', weight: 3, make: () => generated(['UNWATCH'], { fixed: true }) },
      { name: 'EXEC', weight: 1, make: () => generated(['EXEC'], { fixed: true }) },
      { name: 'DISCARD', weight: 1, make: () => generated(['DISCARD'], { fixed: true }) },
    ],
  };
}

function makeWatch(source: ArgumentSource): GeneratedCommand {
  const keys = source.keys(3);
  return generated(['WATCH', ...keys], { keys, fixed: true });
}

function makeTransaction(
  source: ArgumentSource,
  recipes: Weighted<CommandRecipe>,
): GeneratedCommand[] {
  const { prng } = source;
  const commands: GeneratedCommand[] = [];
  if (source.percent(20)) commands.push(makeWatch(source));
  commands.push(generated(['MULTI'], { fixed: true }));
  for (let i = prng.between(0, MOST_COMMANDS); i > 0; i--) {
    const made = prng.weighted(recipes).make(source);
    const some = Array.isArray(made) ? made : [made as GeneratedCommand];
    if (some.every(isPlain)) commands.push(...some);
  }
  if (source.percent(2)) commands.push(generated(['MULTI'], { fixed: true }));
  if (source.percent(2)) commands.push(makeWatch(source));
  commands.push(generated([source.percent(92) ? 'EXEC' : 'DISCARD'], { fixed: true }));
  return commands;
}

function isPlain({ label, comparison, silent, procedure }: GeneratedCommand): boolean {
  if (KNOWN_TO_DIFFER.test(label)) return false;
  return comparison.how === 'exact' && !silent && procedure === undefined;
}
