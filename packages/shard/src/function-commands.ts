// FCALL and what changes or shows the function libraries, as commands of a worker.

import type { CommandContext } from '@forgekv/commands';
import { KIND_FUNCTION } from '@forgekv/rings';
import {
  dumpLibraries,
  type FunctionEngine,
  RESTORE_APPEND,
  RESTORE_FLUSH,
  RESTORE_REPLACE,
  type RestorePolicy,
  type RunOutcome,
  readOnlyProblem,
  SCRIPT_ALLOW_OOM,
  SCRIPT_NO_WRITES,
  type ScriptArguments,
  writeFunctionList,
} from '@forgekv/scripting';
import type { FunctionBook } from './function-book.ts';
import type { ScriptCalls } from './script-calls.ts';
import type { ScriptRunner, ScriptWait } from './script-runner.ts';
import { NEGATIVE_KEYS, type ScriptTask, TOO_MANY_KEYS } from './script-task.ts';

const NOT_FOUND = 'ERR Function not found';
const BAD_KEYS = 'ERR Bad number of keys provided';
const NO_LIBRARY = 'ERR Library not found';
const FLUSH_MODES = 'ERR FUNCTION FLUSH only supports SYNC|ASYNC option';
const NO_PATTERN = 'ERR library name argument was not given';
const BAD_POLICY =
  'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.';
const POLICIES: Readonly<Record<string, RestorePolicy>> = {
  append: RESTORE_APPEND,
  replace: RESTORE_REPLACE,
  flush: RESTORE_FLUSH,
};

export interface FunctionCommandsModules {
  readonly context: CommandContext;
  readonly runner: ScriptRunner;
  readonly calls: ScriptCalls;
  readonly functions: FunctionBook;
}

export class FunctionCommands {
  readonly #m: FunctionCommandsModules;
  readonly #task: ScriptTask;
  readonly #runFunction = (args: ScriptArguments): RunOutcome => {
    const { functions, calls, context } = this.#m;
    return functions.current.run(this.#task.name, args, calls, context.reply);
  };

  /** @param task filled in for each run */
  constructor(modules: FunctionCommandsModules, task: ScriptTask) {
    this.#m = modules;
    this.#task = task;
  }

  /** FCALL function numkeys [key ...] [argument ...]. */
  call(isReadOnly: boolean, isWithin: boolean): ScriptWait | null {
    const { context, functions, runner } = this.#m;
    const { request, reply } = context;
    const found = functions.find(request.text(1));
    if (found === undefined) return this.#fail(NOT_FOUND);
    const count = request.int64(2);
    if (count === null) return this.#fail(BAD_KEYS);
    if (count > BigInt(request.argc - 3)) return this.#fail(TOO_MANY_KEYS);
    if (count < 0n) return this.#fail(NEGATIVE_KEYS);
    const { flags } = found;
    const problem = isReadOnly ? readOnlyProblem(flags) : null;
    if (problem !== null) {
      reply.error(problem);
      return null;
    }
    const reads = (flags & SCRIPT_NO_WRITES) !== 0;
    const task = this.#task;
    task.kind = KIND_FUNCTION;
    task.name = found.name;
    task.learned = functions.learnedOf(found.name);
    task.keyCount = Number(count);
    task.isReadOnly = isReadOnly || reads;
    task.mayExceed = reads || (flags & SCRIPT_ALLOW_OOM) !== 0;
    task.declaresWrites = !reads;
    task.isWithin = isWithin;
    task.run = this.#runFunction;
    return runner.run(task);
  }

  /** FUNCTION LOAD [REPLACE] code. */
  load(): null {
    const { context, functions } = this.#m;
    const { request, reply } = context;
    const last = request.argc - 1;
    let replace = false;
    for (let i = 2; i < last; i++) {
      if (!request.is(i, 'replace'))
        return this.#fail(`ERR Unknown option given: ${request.text(i)}`);
      replace = true;
    }
    let name = '';
    const problem = functions.change((engine) => {
      const library = engine.load(request.copy(last), replace);
      if (typeof library === 'string') return library;
      name = library.name;
      return '';
    });
    if (problem !== '') return this.#fail(problem);
    reply.text(name);
    return null;
  }

  /** FUNCTION DELETE library. */
  delete(): null {
    const name = this.#m.context.request.text(2);
    return this.#done(
      this.#m.functions.change((engine) => (engine.delete(name) ? '' : NO_LIBRARY)),
    );
  }

  /** FUNCTION FLUSH [ASYNC | SYNC]: it is done at once either way. */
  flush(): null {
    const { request } = this.#m.context;
    const isMode = request.argc === 3 && (request.is(2, 'sync') || request.is(2, 'async'));
    if (request.argc > 3) return this.#fail(this.#wrongArguments());
    if (request.argc > 2 && !isMode) return this.#fail(FLUSH_MODES);
    return this.#done(
      this.#m.functions.change((engine) => {
        engine.flush();
        return '';
      }, true),
    );
  }

  /** FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]. */
  list(): null {
    const { context, functions } = this.#m;
    const { request, reply } = context;
    let pattern: Buffer | null = null;
    let withCode = false;
    for (let i = 2; i < request.argc; i++) {
      if (!withCode && request.is(i, 'withcode')) {
        withCode = true;
      } else if (pattern === null && request.is(i, 'libraryname')) {
        if (++i === request.argc) return this.#fail(NO_PATTERN);
        pattern = request.copy(i);
      } else {
        return this.#fail(`ERR Unknown argument ${request.text(i)}`);
      }
    }
    writeFunctionList(reply, functions.current.libraries.all(), { pattern, withCode });
    return null;
  }

  /** FUNCTION DUMP. */
  dump(): null {
    const { context, functions } = this.#m;
    const payload = dumpLibraries(functions.current.libraries.all());
    context.reply.bulk(payload, 0, payload.length);
    return null;
  }

  /** FUNCTION RESTORE payload [FLUSH | APPEND | REPLACE]. */
  restore(): null {
    const { request } = this.#m.context;
    const policy = request.argc > 3 ? POLICIES[request.text(3).toLowerCase()] : RESTORE_APPEND;
    if (request.argc > 4) return this.#fail(this.#wrongArguments());
    if (policy === undefined) return this.#fail(BAD_POLICY);
    const payload = request.copy(2);
    const restore = (engine: FunctionEngine): string => engine.restore(payload, policy) ?? '';
    return this.#done(this.#m.functions.change(restore, policy === RESTORE_FLUSH));
  }

  #wrongArguments(): string {
    const name = this.#m.context.request.text(1);
    return `ERR unknown subcommand or wrong number of arguments for '${name}'. Try FUNCTION HELP.`;
  }

  #done(problem: string): null {
    if (problem !== '') return this.#fail(problem);
    this.#m.context.reply.ok();
    return null;
  }

  #fail(text: string): null {
    this.#m.context.reply.error(text);
    return null;
  }
}
