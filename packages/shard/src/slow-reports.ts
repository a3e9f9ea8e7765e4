// What took long on this worker, on its way to the front whose client asked for it: only that
// knows the client's address. Leaves before the command's reply, so who has that finds the entry.

import {
  type CommandContext,
  type CommandRegistry,
  CommandTimer,
  type EffectLog,
  SlowWatch,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { DiagnosticsShare } from '@forgekv/rings';
import type { ReplySender } from './reply-sender.ts';
import type { SlicedRun } from './sliced-runs.ts';

/** In place of a connection: a script has called it. */
const BY_SCRIPT = 0;

export interface SlowReportsModules {
  readonly context: CommandContext;
  readonly registry: CommandRegistry;
  readonly log: EffectLog;
  readonly diagnostics: DiagnosticsShare;
}

export class SlowReports {
  readonly watch: SlowWatch;
  /** Of runs. */
  readonly timer: CommandTimer;
  readonly #m: SlowReportsModules;
  #sender: ReplySender | null = null;
  #connection = 0;

  constructor(modules: SlowReportsModules) {
    this.#m = modules;
    this.watch = new SlowWatch(modules.registry.table, modules.diagnostics.latency);
    this.timer = this.createTimer();
    modules.log.handOver.latency = modules.diagnostics.latency;
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(config: Config): void {
    this.watch.configure(config);
  }

  /** Makes a timer whose commands may be told of here. */
  createTimer(): CommandTimer {
    const { registry, context } = this.#m;
    return new CommandTimer(registry, context.stats, this.watch);
  }

  /** From now on commands are those of this connection. */
  runFor(sender: ReplySender, connection: number): void {
    this.#sender = sender;
    this.#connection = connection;
  }

  /** The command in the context's request took so long. */
  took(id: number, microseconds: number): void {
    this.tookFor(this.#sender!, this.#connection, id, microseconds);
  }

  /** The same for one that a script has called. */
  tookForScript(id: number, microseconds: number): void {
    this.tookFor(this.#sender!, BY_SCRIPT, id, microseconds);
  }

  /** The same for a command of some connection. */
  tookFor(sender: ReplySender, connection: number, id: number, microseconds: number): void {
    const sealed = this.watch.took(this.#m.context.request, id, microseconds);
    if (sealed !== null) sender.slow(connection, sealed);
  }

  /** The command in the context's request goes on later; null: it is not to be shown. */
  seal(id: number): Buffer | null {
    return this.watch.seal(this.#m.context.request, id, 0);
  }

  /** The command in the context's request, of the run that is executed, has ended. */
  ended(id: number): void {
    if (this.timer.ended(id)) this.took(id, this.timer.microseconds);
  }

  /** A command that went on in slices has ended; or it was prepared, and is executed now. */
  sliced(run: SlicedRun<{ readonly replies: ReplySender }>): void {
    const { id, work, tookMs, sealed, front, connection } = run;
    const microseconds = tookMs * 1000;
    if (work.isPreparation) {
      this.timer.owe(microseconds);
      return;
    }
    this.#m.context.stats.took(id, microseconds);
    if (sealed === null || !this.watch.tookSealed(sealed, id, microseconds)) return;
    front.replies.slow(connection, sealed);
  }
}
