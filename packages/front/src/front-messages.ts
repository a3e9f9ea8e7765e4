// What fronts and the main thread say to each other outside the rings: start, configuration,
// and requests that concern every front. Plain data only.

import type {
  ClientFacts,
  ClientFilter,
  DenialRecord,
  InfoLine,
  LogShare,
  ProcessFigures,
  ServerFacts,
  ShutdownOptions,
  UserChange,
} from '@forgekv/commands';
import type { ConfigTransfer } from '@forgekv/config';
import type { ArenaTransfer } from '@forgekv/keyspace';
import type { ChannelTableShape, DiagnosticsMemory, ScriptMemory } from '@forgekv/rings';
import type { TlsMaterial } from './tls-material.ts';

/** Everything a front needs to start: its workerData. */
export interface FrontInit {
  readonly index: number;
  /** Id of the thread in shard locks, 1..255. */
  readonly threadId: number;
  readonly arena: ArenaTransfer;
  readonly config: ConfigTransfer;
  readonly control: SharedArrayBuffer;
  readonly doorbells: SharedArrayBuffer;
  readonly doorbell: number;
  readonly links: readonly {
    readonly requests: SharedArrayBuffer;
    readonly replies: SharedArrayBuffer;
    readonly doorbell: number;
  }[];
  /** Rings for messages to and from each other front. */
  readonly frontLinks: readonly {
    readonly front: number;
    readonly outgoing: SharedArrayBuffer;
    readonly incoming: SharedArrayBuffer;
  }[];
  readonly channels: SharedArrayBuffer;
  readonly tracking: SharedArrayBuffer;
  readonly scripts: ScriptMemory;
  readonly diagnostics: DiagnosticsMemory;
  readonly channelShape: ChannelTableShape;
  readonly workerOf: Uint8Array;
  /** Counter blocks of all threads, this front's own at `statsIndex`. */
  readonly stats: readonly SharedArrayBuffer[];
  readonly statsIndex: number;
  readonly facts: ServerFacts;
  readonly wal: LogShare;
  readonly users: UserChange;
}

/** How a front listens on one address. */
export type ListenOrder =
  | {
      readonly host: string;
      readonly port: number;
      readonly backlog: number;
      readonly shared: boolean;
      readonly isTls: boolean;
    }
  | { readonly path: string; readonly mode: number; readonly backlog: number }
  | { readonly descriptor: number; readonly backlog: number; readonly isTls: boolean };

/** Asked of every front; each answers with a value. */
export type FrontQuery =
  | { readonly op: 'clients'; readonly filter: ClientFilter }
  | { readonly op: 'kill'; readonly filter: ClientFilter }
  /** CLIENT UNBLOCK; 1: it was this front's. */
  | { readonly op: 'unblock'; readonly id: number; readonly isError: boolean }
  | { readonly op: 'unpause' }
  /** 1 when no command is on its way and all effects are with the kernel, else 0. */
  | { readonly op: 'quiet' }
  | { readonly op: 'reset-stats' }
  /** Every line of INFO. */
  | { readonly op: 'info' }
  /** Facts of at most `most` clients: those with most unread replies, then with most traffic. */
  | { readonly op: 'top-clients'; readonly most: number }
  | { readonly op: 'collect-garbage' }
  /** What was refused since this was asked last. */
  | { readonly op: 'denials' };

export type FrontAnswer =
  | ClientFacts[]
  | readonly DenialRecord[]
  | readonly InfoLine[]
  | number
  | null;

/** Main to front. */
export type ToFront =
  | { readonly type: 'listen'; readonly orders: readonly ListenOrder[] }
  | { readonly type: 'configure'; readonly config: ConfigTransfer; readonly id: number }
  /** Comes before the first order to listen with TLS. Answered by `configured`. */
  | { readonly type: 'secure'; readonly material: TlsMaterial; readonly id: number }
  /** Answered by `configured`. */
  | { readonly type: 'users'; readonly change: UserChange; readonly id: number }
  | { readonly type: 'query'; readonly id: number; readonly query: FrontQuery }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'figures'; readonly figures: ProcessFigures }
  | { readonly type: 'drain' }
  | { readonly type: 'close' };

/** Asked of the main thread; it answers with `answer`. */
export type MainRequest =
  | { readonly op: 'all-fronts'; readonly query: FrontQuery }
  | {
      readonly op: 'set-config';
      readonly pairs: readonly (readonly [string, string])[];
      readonly isLocal: boolean;
    }
  | { readonly op: 'rewrite-config' }
  /** Answered by '' or the code of an error. */
  | { readonly op: 'sync-logs' }
  | { readonly op: 'shutdown'; readonly options: ShutdownOptions }
  | { readonly op: 'abort-shutdown' }
  | { readonly op: 'save' }
  | { readonly op: 'background-save'; readonly isScheduled: boolean }
  | { readonly op: 'rewrite-log' }
  | { readonly op: 'set-user'; readonly name: string; readonly rules: readonly string[] }
  | { readonly op: 'delete-users'; readonly names: readonly string[] }
  | { readonly op: 'load-users' }
  | { readonly op: 'save-users' }
  /** The newest entries of ACL LOG. */
  | { readonly op: 'denials'; readonly count: number }
  | { readonly op: 'forget-denials' };

/** Front to main. */
export type FromFront =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly descriptors: readonly number[] }
  | { readonly type: 'listen-failed'; readonly message: string; readonly code: string }
  | { readonly type: 'log'; readonly message: string }
  | { readonly type: 'configured'; readonly id: number }
  | { readonly type: 'answered'; readonly id: number; readonly value: FrontAnswer }
  | { readonly type: 'request'; readonly id: number; readonly request: MainRequest }
  | { readonly type: 'drained' }
  | { readonly type: 'closed' };
