// What the commands of channels ask of the thread they run on.

import type { Session } from './session.ts';

/**
 * What can be listened to: a channel, the channels that fit a pattern, a channel of SSUBSCRIBE;
 * the commands that are executed, which have no name.
 */
export type ListenKind = 'channel' | 'pattern' | 'shard-channel' | 'monitored';

/** The channels of the whole server. */
export interface ChannelFigures {
  /** Names of a kind that somebody listens to. */
  names(kind: ListenKind): number;
  /** Connections that listen to one name. */
  listeners(kind: ListenKind, name: Uint8Array): number;
  /** Calls back with every name of a kind that somebody listens to. */
  eachName(kind: ListenKind, visit: (name: Buffer) => void): void;
}

/** What connections listen to; implemented by their front. */
export interface ChannelServices {
  readonly figures: ChannelFigures;
  /**
   * Lets a connection listen; from now on every message published anywhere is for it.
   * @returns '' or an error text
   */
  subscribe(session: Session, kind: ListenKind, name: Buffer): string;
  /**
   * From now on messages to these names are not for the connection. Those that were before may
   * still be on their way.
   * @returns null, or what resolves when they have come; then `forget` each of the names
   */
  leave(session: Session, kind: ListenKind, names: readonly Buffer[]): Promise<void> | null;
  /** Ends what `leave` began; of a name the connection does not listen to, nothing. */
  forget(session: Session, kind: ListenKind, name: Buffer): void;
  /** Ends all there is at once. */
  leaveAll(session: Session): void;
  /** What a connection listens to, in the order it began to. */
  namesOf(session: Session, kind: ListenKind): Buffer[];
  /** The count in a confirmation: shard channels, or channels and patterns together. */
  countOf(session: Session, kind: ListenKind): number;
}

/** Sends messages; every thread that executes commands has one. */
export interface Publisher {
  /**
   * Sends a message to all who listen, when the log of this tick is handed over. The bytes are
   * copied if they are needed later. Not while a reply is half written: on a front the connection
   * that is served may be one of those who listen, and its messages come before the reply.
   * @param isSharded to those who listen by SSUBSCRIBE
   * @returns subscriptions that it is for, on all fronts
   */
  publish(channel: Uint8Array, message: Uint8Array, isSharded: boolean): number;
  /**
   * The same for an event of a command that has written its reply, with the locks of its shards
   * held. Whoever has sent the command and listens himself gets the message behind the reply. The
   * bytes stay as they are.
   */
  publishEvent(channel: Buffer, message: Buffer): void;
  /** Somebody wants to know of the commands that are executed. */
  readonly isMonitored: boolean;
  /**
   * The same for a command that was executed, for whoever monitors: see monitor-line.ts. Locks may
   * be held.
   */
  publishCommand(record: Buffer): void;
}

/** For threads and tests without listeners. */
export const NO_PUBLISHER: Publisher = {
  publish: () => 0,
  publishEvent: () => {},
  isMonitored: false,
  publishCommand: () => {},
};
