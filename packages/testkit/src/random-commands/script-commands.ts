/**
 * The family of scripts: commands of the families on values, called by EVAL, some of whose keys
 * are declared. What Lua makes of a reply is compared with them.
 */
import type { ArgumentSource } from './argument-source.ts';
import {
  type CommandFamily,
  type CommandRecipe,
  type GeneratedCommand,
  generated,
} from './generated-command.ts';
import type { Weighted } from './prng.ts';

/** Known differences are looked up for a command by itself; Redis 7.0 refuses those that wait. */
const NOT_COMPARED =
  /^(OBJECT|GEO|DUMP|LPOS|SORT|Z(REV)?RANK|BITCOUNT|BITPOS|B[LRZ]|WAIT|SWAPDB|RANDOM|SCAN|KEYS)/i;

/** Replies with maps: in the order of the table that Lua makes of them in RESP3. */
const WITH_MAPS = /^(XINFO|XREAD)/i;

const TEXTS = [
  'return redis.call(unpack(ARGV))',
  'return redis.pcall(unpack(ARGV))',
  'redis.setresp(3) return redis.pcall(unpack(ARGV))',
  'local r = redis.pcall(unpack(ARGV)) return {type(r), r}',
  "if ARGV[1] == '' then return 0 end redis.pcall(unpack(ARGV)) return redis.pcall(unpack(ARGV))",
];

/** @param families whose commands are called */
export function scriptFamily(families: readonly CommandFamily[]): CommandFamily {
  const recipes: Weighted<CommandRecipe> = families.flatMap((family) =>
    family.recipes.map((recipe) => [recipe.weight, recipe] as const),
  );
  return {
    name: 'script',
    recipes: [{ name: 'EVAL', weight: 60, make: (source) => makeScripts(source, recipes) }],
  };
}

function makeScripts(source: ArgumentSource, recipes: Weighted<CommandRecipe>): GeneratedCommand[] {
  const made = source.prng.weighted(recipes).make(source);
  const some = Array.isArray(made) ? made : [made as GeneratedCommand];
  if (!some.every(isPlain)) return [];
  return some.map(({ args, keys, label }) => {
    const declared = source.percent(60) ? keys : [];
    const drawn = TEXTS[source.prng.below(TEXTS.length)]!;
    const text = WITH_MAPS.test(label) ? drawn.replace('redis.setresp(3) ', '') : drawn;
    return generated(['EVAL', text, String(declared.length), ...declared, ...args], {
      keys,
      fixed: true,
    });
  });
}

function isPlain({ label, comparison, silent, procedure }: GeneratedCommand): boolean {
  if (NOT_COMPARED.test(label)) return false;
  return comparison.how === 'exact' && !silent && procedure === undefined;
}
