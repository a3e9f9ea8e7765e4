// What a worker has for scripts, put together.

import type { CommandContext, CommandRegistry, EffectLog, Executor } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { ScriptShare } from '@forgekv/rings';
import { LuaEngine } from '@forgekv/scripting';
import { BusyService, type BusyServiceModules } from './busy-service.ts';
import type { CapKeeper } from './cap-keeper.ts';
import type { ColdReads } from './cold-reads.ts';
import { FunctionBook, type FunctionBookModules } from './function-book.ts';
import type { LargeStore } from './large-store.ts';
import type { Reclaimer } from './reclaimer.ts';
import { ScriptCalls } from './script-calls.ts';
import { ScriptClock } from './script-clock.ts';
import { ScriptCommands } from './script-commands.ts';
import { ScriptRunner } from './script-runner.ts';
import type { ScriptUsers } from './script-users.ts';
import type { SlowReports } from './slow-reports.ts';
import type { Transactions } from './transaction.ts';
import type { WaitingRuns } from './waiting-runs.ts';

/** Of the Lua state of one worker. */
const MEMORY_BYTES = 512 * 1024 * 1024;
/** About a millisecond of Lua, and less than a microsecond to ask. */
const HOOK_INSTRUCTIONS = 20_000;
const COMPILED_SCRIPTS = 4096;
/** Redis numbers levels so in `redis.log`. */
const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'];

export interface ScriptsModules extends BusyServiceModules, FunctionBookModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly config: Config;
  readonly executor: Executor;
  readonly transactions: Transactions;
  readonly log: EffectLog;
  readonly store: LargeStore;
  readonly waiting: WaitingRuns;
  readonly reclaimer: Reclaimer;
  readonly cap: CapKeeper;
  readonly share: ScriptShare;
  readonly slow: SlowReports;
  readonly users: ScriptUsers;
  /** Of this worker. */
  readonly index: number;
  readonly say: (message: string) => void;
}

export class Scripts {
  readonly commands: ScriptCommands;
  readonly busy: BusyService;
  readonly control: ScriptShare['control'];
  readonly #calls: ScriptCalls;

  constructor(modules: ScriptsModules) {
    const { share, config, index, registry } = modules;
    const { control } = share;
    this.control = control;
    this.busy = new BusyService(modules);
    const serveOthers: BusyService['serve'] = (kind, isBusy) => this.busy.serve(kind, isBusy);
    const becameLong = (): void => this.#calls.narrow();
    const clock = new ScriptClock({ control, config, index, serveOthers, becameLong });
    const say = (level: number, message: string): void => {
      if (level >= LOG_LEVELS.indexOf(config.word('loglevel'))) modules.say(message);
    };
    const calls = new ScriptCalls({ ...modules, clock, say });
    const runner = new ScriptRunner({ ...modules, control, calls, clock });
    this.#calls = calls;
    const functions = new FunctionBook(modules, say);
    const limits = {
      ...{ memoryBytes: MEMORY_BYTES, instructions: 0, hookInstructions: HOOK_INSTRUCTIONS },
      compiledScripts: COMPILED_SCRIPTS,
    };
    this.commands = new ScriptCommands(
      { ...modules, runner, calls, functions, createEngine: () => LuaEngine.create(limits) },
      registry.table.names,
    );
  }

  /** Takes what reads stores. */
  adopt(cold: ColdReads): void {
    this.#calls.adopt(cold);
  }
}
