// The commands a server has, as flat arrays indexed by a small id: looked up by name for every
// request, then asked for arity, flags and keys. It knows no handlers, only which names have one.
import { invariant } from '@forgekv/base';
import type { CatalogFamily } from './catalog.ts';
import { flagBitsOf } from './command-flags.ts';
import type { CommandSpec } from './command-spec.ts';
import { NameIndex } from './name-index.ts';
import { isRunnable, resolveCatalog } from './resolve-catalog.ts';

/**
 * Immutable, but for `rename`. A command has its own name, which is in logs and in the rules of
 * users, and the one that clients and scripts call it by, which is the same if it was not renamed.
 * Ids run from 0 to `size` - 1; a container comes directly before its
 * subcommands.
 */
export class CommandTable {
  /** Number of ids: commands, containers and subcommands. */
  readonly size: number;
  /** Lower-case names: `get`, `client`, `client|id`. */
  readonly names: readonly string[];
  readonly specs: readonly CommandSpec[];
  /** Arguments with the name (and the container): exactly n, or at least -n when negative. */
  readonly arity: Int32Array;
  /** FLAG_ bits of `command-flags.ts`. */
  readonly flagBits: Int32Array;
  /** Index of the first key among the arguments, 0 = no keys that such a range can name. */
  readonly firstKey: Int32Array;
  /** Index of the last key, counted from the end when negative. */
  readonly lastKey: Int32Array;
  readonly keyStep: Int32Array;
  /** 1 when firstKey, lastKey and keyStep name exactly the keys (or there are none). */
  readonly isKeyRangeExact: Uint8Array;
  /** 1 when the second argument names the command that is meant: see lookupSub. */
  readonly isContainer: Uint8Array;
  /** Id of the container of a subcommand, else -1. */
  readonly containerOf: Int32Array;
  /** 1 when clients cannot name it, by id: it was removed. */
  readonly isRemoved: Uint8Array;
  readonly #index: NameIndex;
  /** The same names as clients know them. */
  #clientIndex: NameIndex;
  /** What clients call a command that was renamed, by id. */
  readonly #newNames = new Map<number, string>();
  readonly #idByUpperName: ReadonlyMap<string, number>;
  readonly #idsByContainer: ReadonlyMap<number, readonly number[]>;

  /**
   * @param families the catalog, or a part of it
   * @param implemented upper-case names that have a handler: `GET`, `CLIENT|ID`. All others do not
   *   exist for this table; a container does when one of its subcommands does. Throws on a name
   *   that the families do not have.
   */
  constructor(families: readonly CatalogFamily[], implemented: Iterable<string>) {
    const specs = selectSpecs(resolveCatalog(families), new Set(implemented));
    const size = specs.length;
    this.size = size;
    this.specs = specs;
    this.isRemoved = new Uint8Array(size);
    this.names = specs.map((spec) => spec.name);
    this.arity = Int32Array.from(specs, (spec) => spec.arity);
    this.flagBits = Int32Array.from(specs, flagBitsOf);
    this.firstKey = Int32Array.from(specs, (spec) => spec.legacy.first);
    this.lastKey = Int32Array.from(specs, (spec) => spec.legacy.last);
    this.keyStep = Int32Array.from(specs, (spec) => spec.legacy.step);
    this.isKeyRangeExact = Uint8Array.from(specs, (spec) => Number(spec.isLegacyExact));
    this.isContainer = Uint8Array.from(specs, (spec) => Number(spec.isContainer));
    const ids = new Map(specs.map((spec, id) => [spec.upperName, id]));
    this.#idByUpperName = ids;
    this.containerOf = Int32Array.from(specs, ({ container }) =>
      container === null ? -1 : ids.get(container)!,
    );
    const idsByContainer = new Map<number, number[]>();
    this.containerOf.forEach((container, id) => {
      const siblings = idsByContainer.get(container);
      if (siblings === undefined) idsByContainer.set(container, [id]);
      else siblings.push(id);
    });
    this.#idsByContainer = idsByContainer;
    const ownNames = this.names.map(ownPart);
    this.#index = new NameIndex(ownNames, this.#scopes());
    this.#clientIndex = this.#index;
  }

  #scopes(): Int32Array {
    return this.containerOf.map((id) => id + 1);
  }

  /**
   * Gives commands other names, one after the other as they are written in a configuration, before
   * any client is served, once. What is in a log is executed by the own names of commands.
   * @param renames the name that clients call a command by so far, and its new one, which no other
   *   has then; '' takes it away from clients, with its subcommands. A name that there is not does
   *   nothing.
   */
  rename(renames: readonly (readonly [name: string, newName: string])[]): void {
    const names = new Map(this.topLevelIds().map((id) => [this.names[id]!, id]));
    for (const [name, newName] of renames) {
      const id = names.get(foldName(name));
      if (id === undefined) continue;
      names.delete(foldName(name));
      if (newName === '') continue;
      invariant(!names.has(foldName(newName)), `two commands are called ${newName}`);
      names.set(foldName(newName), id);
    }
    const clientNames = new Map([...names].map(([name, id]) => [id, name]));
    for (const id of this.topLevelIds()) {
      const clientName = clientNames.get(id);
      if (clientName === undefined) {
        for (const gone of [id, ...this.subcommandIds(id)]) this.isRemoved[gone] = 1;
      } else if (clientName !== this.names[id]) {
        this.#newNames.set(id, clientName);
      }
    }
    const all = this.names.map((name, id) =>
      this.containerOf[id] === -1 ? (clientNames.get(id) ?? '') : ownPart(name),
    );
    this.#clientIndex = new NameIndex(all, this.#scopes());
  }

  /** True when clients call some command by another name than its own. */
  get hasNewNames(): boolean {
    return this.#newNames.size > 0;
  }

  /** What clients call a command that is no subcommand, in lower case, as latin-1 text. */
  clientNameOf(id: number): string {
    return this.#newNames.get(id) ?? this.names[id]!;
  }

  /**
   * Of what a client calls a command, its own name in upper case; '' for one that was not renamed,
   * and for what is no command. Not for the hot path of a server without renamed commands.
   */
  ownNameOf(buf: Uint8Array, offset: number, length: number): string {
    const id = this.lookupForClients(buf, offset, length);
    return this.#newNames.has(id) ? this.specs[id]!.upperName : '';
  }

  /**
   * The id of the command whose own name the `length` bytes at `offset` are, or -1; letters of
   * either case. Never a subcommand: when `isContainer` says so, `lookupSub` takes the next
   * argument.
   */
  lookup(buf: Uint8Array, offset: number, length: number): number {
    return this.#index.find(0, buf, offset, length);
  }

  /** The same for the name that clients and scripts call it by. */
  lookupForClients(buf: Uint8Array, offset: number, length: number): number {
    return this.#clientIndex.find(0, buf, offset, length);
  }

  /** The id of a subcommand of `containerId`, or -1. */
  lookupSub(containerId: number, buf: Uint8Array, offset: number, length: number): number {
    return this.#index.find(containerId + 1, buf, offset, length);
  }

  /** The id of `get` or `client|id` in letters of either case, or -1. Not for the hot path. */
  idOf(name: string): number {
    return this.#idByUpperName.get(name.toUpperCase()) ?? -1;
  }

  /** Ids of the commands that are not subcommands, ascending. */
  topLevelIds(): readonly number[] {
    return this.#idsByContainer.get(-1) ?? [];
  }

  /** Ids of the subcommands of a container, ascending. */
  subcommandIds(containerId: number): readonly number[] {
    return this.#idsByContainer.get(containerId) ?? [];
  }
}

/** The name of a subcommand without that of its container. */
function ownPart(name: string): string {
  return name.slice(name.indexOf('|') + 1);
}

/** The bytes of a name as a client sends it, letters of either case alike, as latin-1 text. */
function foldName(name: string): string {
  const bytes = Buffer.from(name).toString('latin1');
  return bytes.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function selectSpecs(all: CommandSpec[], implemented: ReadonlySet<string>): CommandSpec[] {
  const runnable = new Set(all.filter(isRunnable).map((spec) => spec.upperName));
  const containers = new Set<string>();
  for (const name of implemented) {
    invariant(runnable.has(name), `the catalog has no command ${name} that a handler could run`);
    containers.add(name.split('|', 1)[0]!);
  }
  return all.filter((spec) =>
    spec.isContainer ? containers.has(spec.upperName) : implemented.has(spec.upperName),
  );
}
