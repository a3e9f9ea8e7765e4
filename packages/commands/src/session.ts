// A connection as command functions see it.

/**
 * CLIENT REPLY: `off` sends nothing; `skip` drops the reply of the next command, which is
 * `skipping` while it runs. `reply-mode.ts` makes the steps.
 */
export type ReplyMode = 'on' | 'off' | 'skip' | 'skipping';

/** State of one connection; owned by its front. */
export interface Session {
  /** Unique in the process's life, ascending. */
  readonly id: number;
  /** Peer and own address as `ip:port`, or the unix socket's path with `:0`. */
  readonly address: string;
  readonly localAddress: string;
  readonly createdAtMs: number;
  name: string;
  libName: string;
  libVersion: string;
  /** SELECT and RESET change this and the context's `db` together. */
  db: number;
  /** Protocol version, 2 or 3. HELLO and RESET change this and the writer's `resp3` together. */
  resp: 2 | 3;
  authenticated: boolean;
  user: string;
  noEvict: boolean;
  noTouch: boolean;
  replyMode: ReplyMode;
  /** The reply being made is a push: CLIENT REPLY does not hold it back. */
  replyIsPush: boolean;
  /** True while it listens to anything. */
  readonly isListening: boolean;
  /** Close once the replies written so far are sent. */
  closeAfterReply: boolean;
  /** MULTI: commands are queued. */
  readonly isQueueing: boolean;
  /** The commands that it has queued are being executed. */
  readonly isExecuting: boolean;
  beginQueue(): void;
  forgetWatched(): void;
  /** Forgets what is queued and what is watched. */
  forgetTransaction(): void;
}

/** What CLIENT LIST shows of one connection; plain data, crosses threads. */
export interface ClientFacts {
  id: number;
  address: string;
  localAddress: string;
  fileDescriptor: number;
  name: string;
  ageSeconds: number;
  idleSeconds: number;
  flags: string;
  db: number;
  channels: number;
  patterns: number;
  shardChannels: number;
  inputBytes: number;
  outputBytes: number;
  lastCommand: string;
  /** Commands queued by MULTI, -1: there is none. */
  queued: number;
  user: string;
  libName: string;
  libVersion: string;
  /** The client that is told what this one caches no more, 0: itself, -1: none. */
  redirect: number;
  resp: 2 | 3;
  totalInputBytes: number;
  totalOutputBytes: number;
}

/** Which connections CLIENT KILL and LIST mean; every given condition must hold. */
export interface ClientFilter {
  ids?: number[];
  address?: string;
  localAddress?: string;
  user?: string;
  type?: 'normal' | 'master' | 'replica' | 'pubsub';
  /** Only connections at least this many seconds old. */
  maxAgeSeconds?: number;
  /** This connection is left out. */
  exceptId?: number;
}
