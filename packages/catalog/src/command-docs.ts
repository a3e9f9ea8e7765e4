// What COMMAND DOCS replies: purpose, cost and arguments of commands, in the shape of Redis 7.0,
// from which redis-cli makes its help and hints.
//
// Redis: there is no `history`; versions are told by `since` alone.
import { type ArgumentSpec, parseArguments } from './argument-syntax.ts';
import type { CommandSpec } from './command-spec.ts';
import type { CommandTable } from './command-table.ts';
import { visibleIdOf, visibleIds } from './introspection.ts';
import { mapOf, type ReplyTree, simpleStrings } from './reply-tree.ts';

/**
 * COMMAND DOCS name [name ...]: docs of those that exist, subcommands as `client|id`. Without names
 * (null) those of every command.
 */
export function commandDocs(table: CommandTable, names: readonly string[] | null): ReplyTree {
  const ids = names === null ? visibleIds(table) : names.map((name) => visibleIdOf(table, name));
  return docsOf(
    table,
    ids.filter((id) => id >= 0),
  );
}

/** Arguments parsed so far: clients ask for all docs at once, and again on every connection. */
const PARSED_ARGUMENTS = new WeakMap<CommandSpec, readonly ArgumentSpec[]>();

function argumentsOf(spec: CommandSpec): readonly ArgumentSpec[] {
  let args = PARSED_ARGUMENTS.get(spec);
  if (args === undefined) {
    args = parseArguments(spec.args, spec.keys);
    PARSED_ARGUMENTS.set(spec, args);
  }
  return args;
}

function docsOf(table: CommandTable, ids: readonly number[]): ReplyTree {
  return { map: ids.map((id) => [{ bulk: table.names[id]! }, commandDoc(table, id)]) };
}

function commandDoc(table: CommandTable, id: number): ReplyTree {
  const spec = table.specs[id]!;
  const args = argumentsOf(spec);
  const subcommandIds = table.subcommandIds(id);
  return mapOf({
    summary: { bulk: spec.summary },
    since: { bulk: spec.since },
    group: { bulk: spec.group },
    complexity: { bulk: spec.complexity },
    module: bulkOrNone(spec.module),
    doc_flags: spec.deprecated === null ? undefined : { set: simpleStrings(['deprecated']) },
    deprecated_since: bulkOrNone(spec.deprecated),
    replaced_by: bulkOrNone(spec.replacedBy),
    arguments: args.length === 0 ? undefined : argumentTrees(args),
    subcommands: subcommandIds.length === 0 ? undefined : docsOf(table, subcommandIds),
  });
}

function argumentTrees(args: readonly ArgumentSpec[]): ReplyTree {
  const trees = args.map((arg) => {
    const flags: string[] = [];
    if (arg.optional) flags.push('optional');
    if (arg.multiple) flags.push('multiple');
    if (arg.multipleToken) flags.push('multiple_token');
    return mapOf({
      name: { bulk: arg.name },
      type: { bulk: arg.type },
      key_spec_index: arg.keySpecIndex,
      token: arg.token === undefined ? undefined : { bulk: arg.token },
      flags: flags.length === 0 ? undefined : { set: simpleStrings(flags) },
      arguments: arg.arguments === undefined ? undefined : argumentTrees(arg.arguments),
    });
  });
  return { array: trees };
}

function bulkOrNone(text: string | null): ReplyTree | undefined {
  return text === null ? undefined : { bulk: text };
}
