// EVAL, EVALSHA, FCALL and what else needs the engine for scripts, as commands: reads their
// arguments, finds what they mean, and has it run. One per worker; its engine is made when the
// first of these commands comes.

import { createHash } from 'node:crypto';
import { type CommandContext, ERR_NOT_INTEGER, NO_SCRIPT } from '@forgekv/commands';
import { KIND_SCRIPT, type ScriptShare } from '@forgekv/rings';
import {
  type CompiledScript,
  type RunOutcome,
  SCRIPT_ALLOW_OOM,
  SCRIPT_COMPATIBILITY,
  SCRIPT_NO_WRITES,
  type ScriptArguments,
  type ScriptEngine,
} from '@forgekv/scripting';
import type { FunctionBook } from './function-book.ts';
import { FunctionCommands } from './function-commands.ts';
import { digestOf, type KnownScript, ScriptBook } from './script-book.ts';
import type { ScriptCalls } from './script-calls.ts';
import type { ScriptKeys } from './script-keys.ts';
import type { ScriptRunner, ScriptWait } from './script-runner.ts';
import { NEGATIVE_KEYS, ScriptTask, TOO_MANY_KEYS } from './script-task.ts';

const WRITES_IN_READ_ONLY = 'ERR Can not execute a script with write flag using *_ro command.';
const TOO_LONG = 'ERR this script is too long to be kept';
const FLUSH_MODES = 'ERR SCRIPT FLUSH only support SYNC|ASYNC option';

export interface ScriptCommandsModules {
  readonly context: CommandContext;
  readonly share: ScriptShare;
  readonly runner: ScriptRunner;
  readonly calls: ScriptCalls;
  readonly createEngine: () => ScriptEngine;
  readonly functions: FunctionBook;
  readonly keys: ScriptKeys;
}

type Act = (isWithin: boolean) => ScriptWait | null;

export class ScriptCommands {
  readonly #m: ScriptCommandsModules;
  readonly #book: ScriptBook;
  readonly #acts: ReadonlyMap<number, Act>;
  readonly #task = new ScriptTask();
  #engine: ScriptEngine | null = null;
  #compiled: CompiledScript | null = null;
  readonly #runCompiled = (args: ScriptArguments): RunOutcome => {
    const { context, calls } = this.#m;
    return this.#engine!.run(this.#compiled!, args, calls, context.reply);
  };

  /** @param names of all commands, by id */
  constructor(modules: ScriptCommandsModules, names: readonly string[]) {
    this.#m = modules;
    this.#book = new ScriptBook(modules.share.cache, modules.keys);
    const functions = new FunctionCommands(modules, this.#task);
    const acts: Readonly<Record<string, Act>> = {
      eval: (isWithin) => this.#evalText(false, isWithin),
      eval_ro: (isWithin) => this.#evalText(true, isWithin),
      evalsha: (isWithin) => this.#evalSha(false, isWithin),
      evalsha_ro: (isWithin) => this.#evalSha(true, isWithin),
      'script|load': () => this.#load(),
      'script|exists': () => this.#exists(),
      'script|flush': () => this.#flush(),
      fcall: (isWithin) => functions.call(false, isWithin),
      fcall_ro: (isWithin) => functions.call(true, isWithin),
      'function|load': () => functions.load(),
      'function|delete': () => functions.delete(),
      'function|flush': () => functions.flush(),
      'function|list': () => functions.list(),
      'function|dump': () => functions.dump(),
      'function|restore': () => functions.restore(),
    };
    this.#acts = new Map(
      Object.entries(acts).map(([name, act]): [number, Act] => [names.indexOf(name), act]),
    );
  }

  /** Bytes of the engine's memory. */
  get engineBytes(): number {
    return (this.#engine?.usedBytes ?? 0) + this.#m.functions.usedBytes;
  }

  /**
   * Executes the command in the context's request.
   * @param isWithin it is part of a transaction that has all gates
   * @param firstShard and @param firstHash of the argument that is the first key if there is one
   * @returns what it has to wait for, null: the reply is written
   */
  run(id: number, isWithin: boolean, firstShard = -1, firstHash = 0): ScriptWait | null {
    this.#task.firstShard = firstShard;
    this.#task.firstHash = firstHash;
    this.#engine ??= this.#m.createEngine();
    this.#book.refresh(this.#engine);
    return this.#acts.get(id)!(isWithin);
  }

  /** The number of keys in the request; null: the reply says what is wrong. */
  #keyCount(): number | null {
    const { context } = this.#m;
    const { request, reply } = context;
    const count = request.int64(2);
    if (count === null) reply.error(ERR_NOT_INTEGER);
    else if (count > BigInt(request.argc - 3)) reply.error(TOO_MANY_KEYS);
    else if (count < 0n) reply.error(NEGATIVE_KEYS);
    else return Number(count);
    return null;
  }

  #evalText(isReadOnly: boolean, isWithin: boolean): ScriptWait | null {
    const keyCount = this.#keyCount();
    if (keyCount === null) return null;
    const script = this.#book.byText(this.#engine!, this.#m.context.request.slice(1));
    return this.#runScript(script, keyCount, isReadOnly, isWithin);
  }

  #evalSha(isReadOnly: boolean, isWithin: boolean): ScriptWait | null {
    const { request, reply } = this.#m.context;
    if (request.length(1) !== 40) {
      reply.error(NO_SCRIPT);
      return null;
    }
    const keyCount = this.#keyCount();
    if (keyCount === null) return null;
    const script = this.#book.byShaAt(this.#engine!, request.bytes, request.offset(1));
    return this.#runScript(script ?? NO_SCRIPT, keyCount, isReadOnly, isWithin);
  }

  #runScript(
    script: KnownScript | string,
    keyCount: number,
    isReadOnly: boolean,
    isWithin: boolean,
  ): ScriptWait | null {
    const { reply } = this.#m.context;
    if (typeof script === 'string') {
      reply.error(script);
      return null;
    }
    const { flags } = script.compiled;
    const isOld = (flags & SCRIPT_COMPATIBILITY) !== 0;
    const reads = (flags & SCRIPT_NO_WRITES) !== 0;
    if (isReadOnly && !isOld && !reads) {
      reply.error(WRITES_IN_READ_ONLY);
      return null;
    }
    const task = this.#task;
    task.kind = KIND_SCRIPT;
    task.name = '';
    task.learned = script;
    task.keyCount = keyCount;
    task.isReadOnly = isReadOnly || reads;
    task.mayExceed = reads || (flags & SCRIPT_ALLOW_OOM) !== 0;
    task.declaresWrites = !isOld && !reads;
    task.isWithin = isWithin;
    task.run = this.#runCompiled;
    this.#compiled = script.compiled;
    return this.#m.runner.run(task);
  }

  /** SCRIPT LOAD script. */
  #load(): null {
    const { context, share } = this.#m;
    const { request, reply } = context;
    const body = request.slice(2);
    const script = this.#book.byText(this.#engine!, body);
    if (typeof script === 'string') reply.error(script);
    else if (!share.cache.add(createHash('sha1').update(body).digest(), body))
      reply.error(TOO_LONG);
    else reply.text(script.sha);
    return null;
  }

  /** SCRIPT EXISTS sha1 [sha1 ...]. */
  #exists(): null {
    const { context, share } = this.#m;
    const { request, reply } = context;
    reply.array(request.argc - 2);
    for (let i = 2; i < request.argc; i++) {
      const digest = digestOf(request.text(i));
      reply.integer(digest !== null && share.cache.has(digest) ? 1 : 0);
    }
    return null;
  }

  /** SCRIPT FLUSH [ASYNC | SYNC]: it is done at once either way. */
  #flush(): null {
    const { context, share } = this.#m;
    const { request, reply } = context;
    const isMode = request.argc === 3 && (request.is(2, 'sync') || request.is(2, 'async'));
    if (request.argc > 2 && !isMode) {
      reply.error(FLUSH_MODES);
    } else {
      share.cache.flush();
      reply.ok();
    }
    return null;
  }
}
