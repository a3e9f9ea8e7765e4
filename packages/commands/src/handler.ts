// How a command function is registered: what it needs decides where it runs.

import type { CommandContext } from './context.ts';
import type { Outcome } from './outcome.ts';
import type { Request } from './request.ts';
import type { ServerServices } from './services.ts';
import type { Session } from './session.ts';

/** Works on keys: in place on the front where all of them are hot, else on a worker. */
export interface KeyedHandler {
  readonly place: 'keyed';
  readonly run: (c: CommandContext) => Outcome;
  /** True when a request may lead to keys that it does not name: then every shard is locked. */
  readonly isWide?: (request: Request) => boolean;
  /**
   * Serves one that has waited for keys: the one at an argument index is there now. It answers as
   * `run` does, and DONE when the reply is written.
   */
  readonly serve?: (c: CommandContext, key: number) => Outcome;
  /**
   * Of one that waits for a stream: whether the one at an argument index has something for it, or,
   * being none any more, an error.
   */
  readonly isReady?: (c: CommandContext, key: number) => boolean;
}

/** Works on many shards or all of them: always on a worker; takes the locks it needs itself. */
export interface WorkerHandler {
  readonly place: 'worker';
  readonly run: (c: CommandContext) => Outcome;
}

/** Works on the connection or the server: always on the connection's front. */
export interface FrontHandler {
  readonly place: 'front';
  readonly run: (c: CommandContext, session: Session, services: ServerServices) => Outcome;
}

/** Runs a script, or works on scripts: always on a worker, which knows by its name what to do. */
export interface ScriptHandler {
  readonly place: 'script';
}

export type Handler = KeyedHandler | WorkerHandler | FrontHandler | ScriptHandler;

export function keyed(run: KeyedHandler['run']): KeyedHandler {
  return { place: 'keyed', run };
}

/** The same for a command some of whose requests lead to keys that they do not name. */
export function keyedOrWide(
  run: KeyedHandler['run'],
  isWide: NonNullable<KeyedHandler['isWide']>,
): KeyedHandler {
  return { place: 'keyed', run, isWide };
}

/** The same for a command that may wait for its keys. */
export function keyedWaiting(
  run: KeyedHandler['run'],
  serve: NonNullable<KeyedHandler['serve']>,
  isReady?: NonNullable<KeyedHandler['isReady']>,
): KeyedHandler {
  return isReady ? { place: 'keyed', run, serve, isReady } : { place: 'keyed', run, serve };
}

export function onWorker(run: WorkerHandler['run']): WorkerHandler {
  return { place: 'worker', run };
}

export function onFront(run: FrontHandler['run']): FrontHandler {
  return { place: 'front', run };
}

export const onScripts: ScriptHandler = { place: 'script' };
