// What commands about the server ask of it; implemented by the front they run on. Whatever
// concerns other threads answers with a promise, and the command returns WAITING through
// `later`.

import type { CommandTable } from '@forgekv/catalog';
import type { ReplyWriter } from '@forgekv/protocol';
import type { DiagnosticsShare } from '@forgekv/rings';
import type { ChannelServices } from './channel-services.ts';
import type { DurabilityFigures } from './durability-figures.ts';
import type { Outcome } from './outcome.ts';
import type { SaveAnswer, SaveFigures } from './save-figures.ts';
import type { ScriptServices } from './script-services.ts';
import type { ClientFacts, ClientFilter, Session } from './session.ts';
import type { StatsReader } from './stats.ts';
import type { TrackingServices } from './tracking-services.ts';
import type { UserServices } from './user-services.ts';

/** Facts of the running server; fixed after start. */
export interface ServerFacts {
  readonly version: string;
  readonly runId: string;
  readonly startedAtMs: number;
  readonly pid: number;
  readonly fronts: number;
  readonly workers: number;
  readonly configFile: string;
  readonly executable: string;
}

/** Load of the process, sampled by the main thread. */
export interface ProcessFigures {
  readonly opsPerSecond: number;
  readonly inputKbps: number;
  readonly outputKbps: number;
  /** Largest sum of heapBytes, largeValueBytes and the hot table's used pages seen so far. */
  readonly peakMemoryBytes: number;
  /** The same sum when the server had started. */
  readonly startupMemoryBytes: number;
  /** Used JavaScript heap and external memory of all threads, shared memory not included. */
  readonly heapBytes: number;
  /** Large values in the workers. */
  readonly largeValueBytes: number;
  readonly durability: DurabilityFigures;
  /** Told at once when they change. */
  readonly saves: SaveFigures;
}

export type PauseMode = 'write' | 'all';

export interface ShutdownOptions {
  readonly save: 'default' | 'save' | 'nosave';
  readonly now: boolean;
  readonly force: boolean;
}

export interface ServerServices {
  readonly facts: ServerFacts;
  /** The commands of this version, as its registry has them. */
  readonly commands: CommandTable;
  /** One block per thread: the fronts' first, then the workers'. */
  readonly stats: StatsReader;
  /** Who listens to what. */
  readonly channels: ChannelServices;
  /** Client-side caching. */
  readonly tracking: TrackingServices;
  /** Scripts and functions. */
  readonly scripts: ScriptServices;
  /** What took long. */
  readonly diagnostics: DiagnosticsShare;
  /** Who may do what. */
  readonly users: UserServices;
  /** Sampled figures, at most a second old. */
  process(): ProcessFigures;
  /** True until the data of earlier runs is there. */
  readonly loading: boolean;
  /** Connections of all fronts together. */
  connectionCount(): number;

  /**
   * Answers a command later: the connection waits until the promise settles, then `write`
   * makes the reply. A rejection becomes an error reply: `ERR ` and its message.
   */
  later<T>(
    session: Session,
    answer: Promise<T>,
    write: (reply: ReplyWriter, value: T) => void,
  ): Outcome;

  /** Facts of the connections of every front, by ascending id. */
  clients(filter: ClientFilter): Promise<ClientFacts[]>;
  /** Facts of one connection of this front. */
  factsOf(session: Session): ClientFacts;
  /** Closes connections on every front; returns how many. The caller's own after its reply. */
  kill(filter: ClientFilter, caller: Session): Promise<number>;
  /**
   * Ends the wait of a connection of any front.
   * @param isError with an error instead of what it would get at its timeout
   * @returns 1, or 0: it does not wait
   */
  unblock(id: number, isError: boolean): Promise<number>;
  /** Holds commands back on every front until a time (Unix milliseconds); later wins. */
  pause(mode: PauseMode, untilMs: number): void;
  unpause(): void;

  /** Runs what the connection has queued, if what it watches is as it was; forgets both. */
  exec(session: Session): Outcome;

  /**
   * Applies CONFIG SET on every thread; resolves to null or the error text.
   * @param caller its address decides about `enable-protected-configs local`
   */
  setConfig(pairs: readonly (readonly [string, string])[], caller: Session): Promise<string | null>;
  /** Collects the garbage of every front's heap. */
  collectGarbage(): Promise<void>;
  /** Brings the configuration file up to date; resolves to null or the error text. */
  rewriteConfig(): Promise<string | null>;
  /** Starts CONFIG RESETSTAT on every front. */
  resetStats(): Promise<void>;
  /** Makes a backup; resolves when it is there. */
  save(): Promise<SaveAnswer>;
  /**
   * Begins to make one.
   * @param isScheduled later, when something stands in the way now
   */
  backgroundSave(isScheduled: boolean): Promise<SaveAnswer>;
  /** Begins a checkpoint, which shortens the log. */
  rewriteLog(): Promise<SaveAnswer>;
  /**
   * Stops the process in order; does not come back on success. Resolves to the error text when
   * the shutdown fails or is aborted.
   */
  shutdown(options: ShutdownOptions): Promise<string | null>;
  /** Holds every command of every connection back for a time; resolves then. */
  sleep(ms: number): Promise<void>;
  /**
   * Syncs the logs, with everything in them that the caller's connection has written so far.
   * @param timeoutMs 0 = however long it takes
   * @returns whether that was done in time
   */
  syncWrites(timeoutMs: number): Promise<boolean>;
  /** Whether keys are removed as they expire, though nobody looks at them. */
  setActiveExpire(isOn: boolean): void;
  /** Name of the history of replication that is under way: 40 hex digits, no two runs' the same. */
  replicationId(): string;
  /** Begins another history, for all fronts. */
  changeReplicationId(): void;
  /** Writes a line to the server's log. */
  log(message: string): void;
  /** True when there was a shutdown to abort; its caller then gets an error. */
  abortShutdown(): boolean;
}
