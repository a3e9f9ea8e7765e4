// The commands a server has, as flat arrays indexed by a small id: looked up by name for every
// request, then asked for arity, flags and keys. It knows no handlers, only which names have one.
import { invariant } from '@forgekv/base';
import type { CatalogFamily } from './catalog.ts';
import { flagBitsOf } from './command-flags.ts';
import type { CommandSpec } from './command-spec.ts';
import { NameIndex } from './name-index.ts';
import { isRunnable, resolveCatalog } from './resolve-catalog.ts';

/**
 * Immutable, but for `remove`. Ids run from 0 to `size` - 1; a container comes directly before its
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
    const ownNames = specs.map(({ name }) => name.slice(name.indexOf('|') + 1));
    this.#index = new NameIndex(
      ownNames,
      this.containerOf.map((id) => id + 1),
    );
  }

  /**
   * Takes a command with its subcommands away from clients; done before any is served. Whoever
   * finds commands for clients looks at `isRemoved`: what is in a log is executed all the same.
   */
  remove(name: string): void {
    const id = this.idOf(name);
    if (id < 0 || this.containerOf[id] !== -1) return;
    for (const gone of [id, ...this.subcommandIds(id)]) this.isRemoved[gone] = 1;
  }

  /**
   * The id of the command named by `length` bytes at `offset`, or -1; letters of either case.
   * Never a subcommand: when `isContainer` says so, `lookupSub` takes the next argument.
   */
  lookup(buf: Uint8Array, offset: number, length: number): number {
    return this.#index.find(0, buf, offset, length);
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
