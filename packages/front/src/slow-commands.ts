// What took long on a front, or on workers for its connections, on its way to the slow log: only a
// front knows whose command it was. One that waits for other threads is timed to its answer.

import { type CommandContext, type CommandRegistry, SlowWatch } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { DiagnosticsShare } from '@forgekv/rings';
import type { Connection } from './connection.ts';

/** As Redis shows the client of what a script calls. */
const NOBODY = '?:0';

export interface SlowCommandsModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly diagnostics: DiagnosticsShare;
  readonly connections: ReadonlyMap<number, Connection>;
}

export class SlowCommands {
  readonly watch: SlowWatch;
  readonly #m: SlowCommandsModules;

  constructor(modules: SlowCommandsModules) {
    this.#m = modules;
    this.watch = new SlowWatch(modules.registry.table, modules.diagnostics.latency);
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(config: Config): void {
    this.watch.configure(config);
    this.#m.diagnostics.slowLog.trim(this.watch.mostEntries);
  }

  /** The command in the context's request took so long. */
  took(connection: Connection, id: number, microseconds: number): void {
    const sealed = this.watch.took(this.#m.context.request, id, microseconds);
    if (sealed !== null) this.#add(sealed, connection.address, connection.name);
  }

  /** The command in the context's request waits for other threads. */
  waits(connection: Connection, id: number, microseconds: number): void {
    const sealed = this.watch.seal(this.#m.context.request, id, microseconds);
    const beganMs = performance.now() - microseconds / 1000;
    connection.deferred = { id, sealed, beganMs };
  }

  /** What it waited for is there. */
  waited(connection: Connection): void {
    const { deferred } = connection;
    if (deferred === null) return;
    connection.deferred = null;
    const { id, sealed, beganMs } = deferred;
    const microseconds = (performance.now() - beganMs) * 1000;
    this.#m.context.stats.took(id, microseconds);
    if (sealed === null || !this.watch.tookSealed(sealed, id, microseconds)) return;
    this.#add(sealed, connection.address, connection.name);
  }

  /** A worker tells of one. @param id of the connection, 0: a script has called it */
  elsewhere(id: number, sealed: Uint8Array): void {
    const connection = this.#m.connections.get(id);
    this.#add(sealed, connection?.address ?? NOBODY, connection?.name ?? '');
  }

  #add(sealed: Uint8Array, address: string, name: string): void {
    this.#m.diagnostics.slowLog.add(sealed, address, name, this.watch.mostEntries);
  }
}
