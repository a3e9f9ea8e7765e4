// The commands as rules of users name them: all of the catalog, whether this version has them or
// not, and those of Redis that the catalog leaves out, so that rules written for a Redis are
// understood. A rule about a command that is not there yet counts once it is.

import { ACL_CATEGORIES, CATALOG, type CommandEntry, type LeafEntry } from '@forgekv/catalog';

/** Commands of Redis, and subcommands, that have no entry in the catalog: clusters, replicas. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  asking: [],
  cluster: [
    ...['addslots', 'addslotsrange', 'bumpepoch', 'count-failure-reports', 'countkeysinslot'],
    ...['delslots', 'delslotsrange', 'failover', 'flushslots', 'forget', 'getkeysinslot', 'help'],
    ...['info', 'keyslot', 'links', 'meet', 'myid', 'myshardid', 'nodes', 'replicas', 'replicate'],
    ...['reset', 'saveconfig', 'set-config-epoch', 'setslot', 'shards', 'slaves', 'slots'],
  ],
  debug: [],
  failover: [],
  module: ['help', 'list', 'load', 'loadex', 'unload'],
  psync: [],
  readonly: [],
  readwrite: [],
  replconf: [],
  replicaof: [],
  'restore-asking': [],
  slaveof: [],
  sync: [],
};

/** Immutable; one per thread. */
export class AclCommands {
  /** Commands that rules can be about; their numbers go from 0 to this. */
  readonly size: number;
  readonly #ids = new Map<string, number>();
  /** By number of a container, the numbers of its subcommands. */
  readonly #subcommands = new Map<number, number[]>();
  readonly #byCategory: ReadonlyMap<string, readonly number[]>;
  /** 1 by number: it is a subcommand. */
  readonly #isSub: boolean[] = [];

  constructor() {
    const byCategory = new Map<string, number[]>(ACL_CATEGORIES.map((name) => [name, []]));
    const note = (name: string, { acl }: LeafEntry): void => {
      const id = this.#add(lower(name));
      for (const category of acl) byCategory.get(category)!.push(id);
    };
    // The entries as they are written: every thread does this when it starts.
    for (const { commands } of CATALOG) {
      for (const [name, entry] of Object.entries<CommandEntry>(commands)) {
        note(name, entry);
        const subcommands = Object.entries<LeafEntry>(entry.subcommands ?? {});
        for (const [sub, subEntry] of subcommands) note(`${name}|${sub}`, subEntry);
      }
    }
    for (const [name, subcommands] of Object.entries(ELSEWHERE)) {
      if (!this.#ids.has(name)) this.#add(name);
      for (const sub of subcommands) {
        if (!this.#ids.has(`${name}|${sub}`)) this.#add(`${name}|${sub}`);
      }
    }
    this.#byCategory = byCategory;
    this.size = this.#ids.size;
  }

  #add(name: string): number {
    const id = this.#ids.size;
    this.#ids.set(name, id);
    const bar = name.indexOf('|');
    this.#isSub.push(bar >= 0);
    if (bar >= 0) {
      const container = this.#ids.get(name.slice(0, bar))!;
      const siblings = this.#subcommands.get(container) ?? [];
      siblings.push(id);
      this.#subcommands.set(container, siblings);
    }
    return id;
  }

  /** The number of `get` or `client|id` in letters of either case, or -1. */
  idOf(name: string): number {
    return this.#ids.get(lower(name)) ?? -1;
  }

  isSubcommand(id: number): boolean {
    return this.#isSub[id]!;
  }

  /** The subcommands of a container, undefined for commands that are none. */
  subcommandsOf(id: number): readonly number[] | undefined {
    return this.#subcommands.get(id);
  }

  /** The commands of a category, undefined when there is no such. */
  inCategory(name: string): readonly number[] | undefined {
    return this.#byCategory.get(lower(name));
  }
}

/** ASCII only: these are bytes. */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
