// What COMMAND and its subcommands reply, COMMAND DOCS excepted (`command-docs.ts`). Pure functions
// of the table and the arguments; shapes are those of Redis 7.0.
//
// Redis: the free-text `notes` of key specs are not shown, and rows come in the order of the
// catalog instead of a random one.
import { globMatch } from '@forgekv/base';
import type { ArgReader, ArgText } from './argument-text.ts';
import type { AclCategory, KeyBegin, KeyFind, KeySpec } from './command-spec.ts';
import type { CommandTable } from './command-table.ts';
import { extractKeysAndFlags, type KeyUse } from './key-extraction.ts';
import { bulkStrings, mapOf, type ReplyTree, simpleStrings } from './reply-tree.ts';

/** FILTERBY of COMMAND LIST. */
export type ListFilter =
  | { readonly module: string }
  | { readonly aclCategory: string }
  | { readonly pattern: Uint8Array };

/** Ids of the commands that clients can name, ascending; no subcommands. */
export function visibleIds(table: CommandTable): readonly number[] {
  return table.topLevelIds().filter((id) => table.isRemoved[id] === 0);
}

/** The id of `get` or `client|id`, as clients call them, or -1. @param name latin-1 text */
export function visibleIdOf(table: CommandTable, name: string): number {
  const bytes = Buffer.from(name, 'latin1');
  const bar = bytes.indexOf('|');
  if (bar < 0) return table.lookupForClients(bytes, 0, bytes.length);
  const container = table.lookupForClients(bytes, 0, bar);
  if (container < 0) return -1;
  return table.lookupSub(container, bytes, bar + 1, bytes.length - bar - 1);
}

/** COMMAND COUNT: subcommands do not count. */
export function commandCount(table: CommandTable): ReplyTree {
  return visibleIds(table).length;
}

/**
 * COMMAND INFO name [name ...]: a row or null for each; subcommands as `client|id`. Without names
 * (null) a row for every command, which is also the reply of COMMAND.
 */
export function commandInfo(table: CommandTable, names: readonly string[] | null): ReplyTree {
  const ids = names === null ? visibleIds(table) : names.map((name) => visibleIdOf(table, name));
  return { array: ids.map((id) => (id < 0 ? null : commandRow(table, id))) };
}

/** COMMAND LIST: all names, subcommands included, or those the filter lets pass. */
export function commandList(table: CommandTable, filter: ListFilter | null): ReplyTree {
  const ids = [...table.specs.keys()].filter(
    (id) => table.isRemoved[id] === 0 && (filter === null || passes(table, id, filter)),
  );
  return { array: bulkStrings(ids.map((id) => table.names[id]!)) };
}

/**
 * COMMAND GETKEYS: the keys of the request whose name is argument 0.
 * @param argc number of arguments of that request
 */
export function commandGetKeys(table: CommandTable, argc: number, argText: ArgReader): ReplyTree {
  const uses = findKeyUses(table, argc, argText);
  if ('error' in uses) return uses;
  return { array: uses.map(({ index }) => ({ bulk: argText(index) })) };
}

/** COMMAND GETKEYSANDFLAGS: the same with the flags of each key. */
export function commandGetKeysAndFlags(
  table: CommandTable,
  argc: number,
  argText: ArgReader,
): ReplyTree {
  const uses = findKeyUses(table, argc, argText);
  if ('error' in uses) return uses;
  const rows = uses.map(({ index, flags }): ReplyTree => {
    return { array: [{ bulk: argText(index) }, { set: simpleStrings(flags) }] };
  });
  return { array: rows };
}

function commandRow(table: CommandTable, id: number): ReplyTree {
  const spec = table.specs[id]!;
  const subcommands = table.subcommandIds(id).map((subId) => commandRow(table, subId));
  return {
    array: [
      { bulk: spec.name },
      spec.arity,
      { set: simpleStrings(spec.flags) },
      spec.legacy.first,
      spec.legacy.last,
      spec.legacy.step,
      { set: simpleStrings(spec.acl.map((category) => `@${category}`)) },
      { set: bulkStrings(spec.tips) },
      { set: spec.keys.map(keySpecTree) },
      // As Redis does it: an array, but an empty set when there are none.
      subcommands.length > 0 ? { array: subcommands } : { set: [] },
    ],
  };
}

function keySpecTree(key: KeySpec): ReplyTree {
  return mapOf({
    flags: { set: simpleStrings(key.flags) },
    begin_search: mapOf(beginTree(key.begin)),
    find_keys: mapOf(findTree(key.find)),
  });
}

function beginTree(begin: KeyBegin): Record<string, ReplyTree> {
  if (begin.kind === 'unknown') return { type: { bulk: 'unknown' }, spec: mapOf({}) };
  if (begin.kind === 'index') {
    return { type: { bulk: 'index' }, spec: mapOf({ index: begin.at }) };
  }
  const spec = mapOf({ keyword: { bulk: begin.word }, startfrom: begin.from });
  return { type: { bulk: 'keyword' }, spec };
}

function findTree(find: KeyFind): Record<string, ReplyTree> {
  if (find.kind === 'unknown') return { type: { bulk: 'unknown' }, spec: mapOf({}) };
  if (find.kind === 'range') {
    const spec = mapOf({ lastkey: find.last, keystep: find.step, limit: find.limit });
    return { type: { bulk: 'range' }, spec };
  }
  const spec = mapOf({ keynumidx: find.numAt, firstkey: find.firstAt, keystep: find.step });
  return { type: { bulk: 'keynum' }, spec };
}

function passes(table: CommandTable, id: number, filter: ListFilter): boolean {
  const spec = table.specs[id]!;
  if ('module' in filter) return spec.module === filter.module;
  if ('pattern' in filter) return globMatch(filter.pattern, Buffer.from(spec.name), true);
  return spec.acl.includes(filter.aclCategory.toLowerCase() as AclCategory);
}

function findKeyUses(
  table: CommandTable,
  argc: number,
  argText: ArgReader,
): KeyUse[] | { readonly error: string } {
  const id = resolveRequest(table, argc, argText);
  if (id < 0) return { error: 'ERR Invalid command specified' };
  const { keys, flags } = table.specs[id]!;
  if (keys.every((key) => key.flags.includes('not_key'))) {
    return { error: 'ERR The command has no key arguments' };
  }
  const arity = table.arity[id]!;
  if (arity < 0 ? argc < -arity : argc !== arity) {
    return { error: 'ERR Invalid number of arguments specified for command' };
  }
  const uses = extractKeysAndFlags(table, id, argc, argText) ?? [];
  if (uses.length === 0 && !flags.includes('no_mandatory_keys')) {
    return { error: 'ERR Invalid arguments specified for command' };
  }
  return uses;
}

function resolveRequest(table: CommandTable, argc: number, argText: ArgReader): number {
  if (argc === 0) return -1;
  const id = lookupText(argText(0), (buf) => table.lookupForClients(buf, 0, buf.length));
  if (id < 0 || table.isContainer[id] === 0 || argc === 1) return id;
  return lookupText(argText(1), (buf) => table.lookupSub(id, buf, 0, buf.length));
}

function lookupText(name: ArgText, lookup: (buf: Uint8Array) => number): number {
  return lookup(typeof name === 'string' ? Buffer.from(name, 'latin1') : name);
}
