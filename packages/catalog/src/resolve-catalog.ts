// Turns the entries of the family files into complete command specs: key notation parsed, flags
// and categories in the order replies show them, defaults filled in.
import type { CatalogFamily } from './catalog.ts';
import type { CommandEntry, CommandSpec, LeafEntry } from './command-spec.ts';
import { ACL_CATEGORIES, COMMAND_FLAGS } from './command-spec.ts';
import { hasMovableKeys, legacyRange, parseKeySpec } from './key-spec.ts';

/**
 * Every command, each container directly before its subcommands, in the order of the families.
 * Throws on a mistake in the catalog: a name used twice or a key position that does not parse.
 */
export function resolveCatalog(families: readonly CatalogFamily[]): CommandSpec[] {
  const specs: CommandSpec[] = [];
  const seen = new Set<string>();
  const add = (spec: CommandSpec): void => {
    if (seen.has(spec.upperName)) throw new Error(`the catalog has ${spec.upperName} twice`);
    seen.add(spec.upperName);
    specs.push(spec);
  };
  for (const family of families) {
    for (const [name, entry] of Object.entries<CommandEntry>(family.commands)) {
      const { subcommands } = entry;
      add(resolve(family, name, null, subcommands !== undefined, entry));
      for (const [subName, subEntry] of Object.entries<LeafEntry>(subcommands ?? {})) {
        add(resolve(family, `${name}|${subName}`, name, false, subEntry));
      }
    }
  }
  return specs;
}

/**
 * True for a command that a handler can run. A container by itself is only a name, unless its
 * arity lets it be called without a subcommand, as COMMAND does.
 */
export function isRunnable(spec: CommandSpec): boolean {
  return !spec.isContainer || spec.arity === -1;
}

/** Upper-case names of all commands that a handler can run: `GET`, `CLIENT|ID`. */
export function runnableNames(families: readonly CatalogFamily[]): string[] {
  return resolveCatalog(families)
    .filter(isRunnable)
    .map((spec) => spec.upperName);
}

function resolve(
  family: CatalogFamily,
  upperName: string,
  container: string | null,
  isContainer: boolean,
  entry: LeafEntry,
): CommandSpec {
  const keys = (entry.keys ?? []).map(parseKeySpec);
  const { isExact, ...legacy } = legacyRange(keys);
  const flags = new Set<string>(entry.flags);
  if (family.module !== undefined) flags.add('module');
  if (hasMovableKeys(keys)) flags.add('movablekeys');
  return {
    name: upperName.toLowerCase(),
    upperName,
    container,
    isContainer,
    group: family.group,
    module: family.module ?? null,
    summary: entry.summary,
    complexity: entry.complexity,
    since: entry.since,
    arity: entry.arity,
    flags: COMMAND_FLAGS.filter((flag) => flags.has(flag)),
    hidden: entry.hidden ?? [],
    acl: ACL_CATEGORIES.filter((category) => entry.acl.includes(category)),
    keys,
    legacy,
    isLegacyExact: isExact,
    args: entry.args ?? '',
    reply: entry.reply ?? null,
    tips: entry.tips ?? [],
    deprecated: entry.deprecated ?? null,
    replacedBy: entry.replacedBy ?? null,
  };
}
