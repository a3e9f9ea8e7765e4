// Every command the server has: the catalog's facts beside the functions, by dense id.

import { CATALOG, CommandTable } from '@forgekv/catalog';
import type { FrontHandler, Handler, KeyedHandler, WorkerHandler } from './handler.ts';

export const PLACE_KEYED = 0;
export const PLACE_WORKER = 1;
export const PLACE_FRONT = 2;
export const PLACE_SCRIPT = 3;

const PLACES = {
  ...{ keyed: PLACE_KEYED, worker: PLACE_WORKER },
  ...{ front: PLACE_FRONT, script: PLACE_SCRIPT },
} as const;
/** EVAL script numkeys key ..., and the like. */
const SCRIPT_KEY = 3;

/** Immutable; made once per thread, the ids are the same everywhere. */
export class CommandRegistry {
  readonly table: CommandTable;
  /** PLACE_ constant per id; PLACE_FRONT for containers. */
  readonly places: Uint8Array;
  /** Argument index of the only key, 0 for commands without keys or with several. */
  readonly singleKey: Uint8Array;
  /** Argument index of what says which worker a command goes to, 0: any will do. */
  readonly homeKey: Uint8Array;
  /** The functions of keyed and worker commands by id. */
  readonly runs: readonly (KeyedHandler['run'] | WorkerHandler['run'] | undefined)[];
  /** Says of a request that it may lead to keys it does not name, by id; most cannot. */
  readonly wideTests: readonly KeyedHandler['isWide'][];
  /** What serves those that have waited, by id; most do not wait. */
  readonly serves: readonly KeyedHandler['serve'][];
  /** Whether a stream has something for those that wait for it, by id. */
  readonly readyTests: readonly KeyedHandler['isReady'][];
  /** The functions of front commands by id. */
  readonly frontRuns: readonly (FrontHandler['run'] | undefined)[];

  constructor(handlers: Readonly<Record<string, Handler>>) {
    this.table = new CommandTable(CATALOG, Object.keys(handlers));
    const { table } = this;
    const byId = table.names.map((name) => handlers[name.toUpperCase()]);
    this.places = Uint8Array.from(byId, (handler) => PLACES[handler?.place ?? 'front']);
    this.wideTests = byId.map((handler) =>
      handler?.place === 'keyed' ? handler.isWide : undefined,
    );
    this.singleKey = Uint8Array.from(byId, (_, id) =>
      table.isKeyRangeExact[id] === 1 &&
      table.firstKey[id] === table.lastKey[id] &&
      this.wideTests[id] === undefined
        ? table.firstKey[id]!
        : 0,
    );
    this.homeKey = Uint8Array.from(byId, (handler, id) =>
      handler?.place === 'script' && table.specs[id]!.keys.length > 0
        ? SCRIPT_KEY
        : table.firstKey[id]!,
    );
    this.runs = byId.map((handler) =>
      handler?.place === 'keyed' || handler?.place === 'worker' ? handler.run : undefined,
    );
    this.serves = byId.map((handler) => (handler?.place === 'keyed' ? handler.serve : undefined));
    this.readyTests = byId.map((handler) =>
      handler?.place === 'keyed' ? handler.isReady : undefined,
    );
    this.frontRuns = byId.map((handler) => (handler?.place === 'front' ? handler.run : undefined));
  }
}
