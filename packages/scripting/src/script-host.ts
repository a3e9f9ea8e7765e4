// What a script needs from the server around it, and how commands and arguments are handed over.
// The engine knows no threads, keys or users; all of that is behind `ScriptHost`.

import type { ReplyWriter } from '@forgekv/protocol';

/** The command was executed, and its reply (an error, too) was written. */
export const CALL_DONE = 0;
/**
 * The script has to stop here: `run` ends with RUN_STOPPED, and nothing is written to the client's
 * reply. The script cannot catch it. For a host that runs the script again later, with more keys.
 */
export const CALL_STOP = 1;
export type CallOutcome = typeof CALL_DONE | typeof CALL_STOP;

/** The script goes on. */
export const GO_ON = 0;
/** SCRIPT KILL or FUNCTION KILL: the script ends with Redis's error, which it cannot catch. */
export const KILLED = 1;
/** As CALL_STOP. */
export const STOP = 2;
export type Interruption = typeof GO_ON | typeof KILLED | typeof STOP;

/** Answers of `aclCheck`. */
export const ACL_DENIED = 0;
export const ACL_ALLOWED = 1;
/** No such command, or a wrong number of arguments. */
export const ACL_INVALID = 2;
export type AclAnswer = typeof ACL_DENIED | typeof ACL_ALLOWED | typeof ACL_INVALID;

/** Levels of `redis.log`, as Redis numbers them. */
export const LOG_DEBUG = 0;
export const LOG_VERBOSE = 1;
export const LOG_NOTICE = 2;
export const LOG_WARNING = 3;

/**
 * A command as a script calls it. One object per engine, overwritten by the next call; all of it
 * may be replaced when it grows, so read it anew in every call. Its shape is what `Request.source`
 * and the effect log take.
 */
export interface ScriptCommand {
  /** The command in RESP is `bytes[0..end)`. */
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
  /** Offset and length of each argument, two words each, as RequestParser leaves them. */
  readonly args: Int32Array;
  /** Number of arguments, the name included; at least 1. */
  readonly argc: number;
  readonly end: number;
}

/** The server, as a running script sees it. Called synchronously, on the engine's thread. */
export interface ScriptHost {
  /**
   * Executes a command (`redis.call`, `redis.pcall`).
   *
   * Everything that can be wrong with it is the host's to find: unknown commands, arity, commands
   * scripts may not use, writes of read-only scripts, permissions, memory. It answers with an error
   * reply then, in the text Redis uses inside scripts (`ERR Unknown Redis command called from
   * script`); the engine raises it (`call`) or returns it (`pcall`).
   *
   * @param command valid until the host returns; the host may change nothing of it
   * @param reply empty; exactly one element is written to it, in the protocol `reply.resp3` says
   *   (`redis.setresp`)
   * @throws nothing: an exception inside is a bug, and the engine cannot be used afterwards
   */
  execute(command: ScriptCommand, reply: ReplyWriter): CallOutcome;

  /** Answers `redis.acl_check_cmd`: may the caller run this command? */
  aclCheck(command: ScriptCommand): AclAnswer;

  /** Writes a line to the server's log (`redis.log`). `level` is one of LOG_*. */
  log(level: number, text: string): void;

  /**
   * Asked about every millisecond, after `hookInstructions` instructions at most: the place to look
   * at the clock (`busy-reply-threshold`) and at the words that kills are told by.
   */
  interrupted(): Interruption;
}

/** KEYS and ARGV of one run, as offsets into the request; copied once, into Lua. */
export interface ScriptArguments {
  readonly bytes: Uint8Array;
  /** Offset and length of each argument, two words each. */
  readonly args: Int32Array;
  /** Index (in arguments) of the first key in `args`; ARGV begins behind the last key. */
  readonly first: number;
  readonly keyCount: number;
  readonly argCount: number;
}

/** The reply was written; the script may have answered with an error of its own. */
export const RUN_DONE = 0;
/** The script failed: the error was written as an error reply. */
export const RUN_FAILED = 1;
/** The host stopped it: nothing was written. */
export const RUN_STOPPED = 2;
/** It was killed: the error was written. */
export const RUN_KILLED = 3;
export type RunOutcome =
  | typeof RUN_DONE
  | typeof RUN_FAILED
  | typeof RUN_STOPPED
  | typeof RUN_KILLED;

/** What the `flags=` of a script's shebang, or a function's `flags`, say. Bits. */
export const SCRIPT_NO_WRITES = 1;
export const SCRIPT_ALLOW_OOM = 2;
export const SCRIPT_ALLOW_STALE = 4;
export const SCRIPT_NO_CLUSTER = 8;
export const SCRIPT_ALLOW_CROSS_SLOT = 16;
/** No shebang line: an EVAL script from before flags (the default of each is the old way). */
export const SCRIPT_COMPATIBILITY = 32;
/** Functions without `no-writes` and scripts with a shebang but without it write. */

/** Bounds of one engine. */
export interface EngineLimits {
  /** Most memory of the Lua state, in bytes; beyond it scripts get `not enough memory`. */
  readonly memoryBytes: number;
  /** Most instructions of one run, about; 0: no bound. */
  readonly instructions: number;
  /** Most instructions between two questions to the host. */
  readonly hookInstructions: number;
  /** Most compiled scripts kept; the one not used for longest goes. */
  readonly compiledScripts: number;
}

/** A script that is compiled in the engine that made it. */
export interface CompiledScript {
  /** 40 hexadecimal digits, lower case. */
  readonly sha: string;
  /** SCRIPT_* bits. */
  readonly flags: number;
}

/**
 * What a worker uses: `LuaEngine.create(limits)` makes one.
 *
 * - `compile(sha, body)`: a `CompiledScript`, or the text of the error reply (`ERR Error compiling
 *   script (new function): ...`, `ERR Unexpected flag in script shebang: ...`). Asking again for
 *   the same sha costs a map lookup.
 * - `run(script, args, host, reply)`: runs it; the reply is written in the protocol `reply.resp3`
 *   says. Not re-entrant: the host must not run a script from within `execute`.
 */
export interface ScriptEngine {
  compile(sha: string, body: Uint8Array): CompiledScript | string;
  /** The compiled script, if it is kept. */
  compiled(sha: string): CompiledScript | undefined;
  run(
    script: CompiledScript,
    args: ScriptArguments,
    host: ScriptHost,
    reply: ReplyWriter,
  ): RunOutcome;
  /** Forgets all compiled scripts (SCRIPT FLUSH). */
  flush(): void;
  /** Bytes the Lua state uses now (`used_memory_lua`). */
  readonly usedBytes: number;
  readonly scriptCount: number;
}
