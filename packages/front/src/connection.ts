// One client connection: what commands see of it (Session) and what the front keeps about it.

import type { Socket } from 'node:net';
import type { AclUser, ReplyMode, Session, WatchedKey } from '@forgekv/commands';
import type { RequestLimits } from '@forgekv/protocol';
import { MONITORED } from '@forgekv/rings';
import type { KeyWaiting } from './blocked-clients.ts';
import { CommandQueue } from './command-queue.ts';
import type { LeftoverPart } from './hop-client.ts';
import type { MessagePart } from './message-form.ts';
import { PendingInput } from './pending-input.ts';
import type { RunningBlock } from './running-block.ts';
import type { ClientTracking } from './tracking/client-tracking.ts';

export interface ConnectionFacts {
  id: number;
  socket: Socket;
  address: string;
  localAddress: string;
  fileDescriptor: number;
  nowMs: number;
}

/** Unread replies from which on a connection executes nothing. */
export const STALL_BYTES = 1024 * 1024;
/** The same for who has yet to log in; as many bytes may wait for being executed. */
export const STRANGER_BYTES = 64 * 1024;
const MOST_RUN_COMMANDS = 1024;
const LEAST_RUN_COMMANDS = 8;
/** Time a closing connection has to take its last replies, in milliseconds. */
const LINGER_MS = 5000;
/** Reads that fill the buffer before other connections have a turn: half a megabyte. */
const MOST_FULL_READS = 8;

/** Why a connection executes nothing at the moment. */
export const READY = 0;
/** A run of its commands is on a worker. */
export const AWAY = 1;
/** A command waits for another thread's answer. */
export const DEFERRED = 2;
/** CLIENT PAUSE holds its next command back. */
export const PAUSED = 3;
/** Its client reads too slowly. */
export const STALLED = 4;
/** It is closed, or closes after what was written. */
export const CLOSING = 5;

/** What a connection listens to, as the connection sees it. */
export interface Listening {
  /** Channels, patterns and shard channels. */
  readonly size: number;
  /** Those of one kind: CHANNEL, PATTERN or SHARD_CHANNEL. */
  count(kind: number): number;
  /** Ends all of it at once. */
  end(): void;
}

/** A command that is timed to its answer. */
export interface DeferredCommand {
  readonly id: number;
  /** Null: it is not to be shown. */
  readonly sealed: Buffer | null;
  /** On the monotonic clock. */
  readonly beganMs: number;
}

export class Connection implements Session {
  readonly id: number;
  readonly socket: Socket;
  readonly address: string;
  readonly localAddress: string;
  readonly fileDescriptor: number;
  readonly createdAtMs: number;
  name = '';
  libName = '';
  libVersion = '';
  db = 0;
  resp: 2 | 3 = 2;
  user = 'default';
  /** What the user may do, null: everything. Changed with `user` and `userNumber`. */
  permissions: AclUser | null = null;
  /** Of a user who may not do everything, for workers; 0: he may. */
  userNumber = 0;
  /** It need not log in again, whatever becomes of the default user. */
  isLoggedIn = false;
  noEvict = false;
  noTouch = false;
  replyMode: ReplyMode = 'on';
  replyIsPush = false;
  closeAfterReply = false;
  /** READY, AWAY, ... */
  state: number = READY;
  /** The command, in RESP, that it waits with on a worker; null: it does not. */
  sentCommand: Buffer | null = null;
  /** The command that waits for other threads, for the slow log; null: none does. */
  deferred: DeferredCommand | null = null;
  /** Where its last run was sent, -1: nowhere. */
  worker = -1;
  readonly pending = new PendingInput();
  readonly limits: RequestLimits = { maxBulkBytes: 0, authenticated: false };
  /** The client has closed its side; what it sent is still executed and answered. */
  peerEnded = false;
  /** Commands that come before the pending input: a worker sent them back, or a pause did. */
  leftover: Buffer | null = null;
  /** Bytes of `leftover` that have come. */
  #leftoverBytes = 0;
  /** With more unread than this it executes nothing. */
  stallBytes = STRANGER_BYTES;
  /** Most commands that go to a worker in one run: few after a run that came back in part. */
  runCommands = MOST_RUN_COMMANDS;
  /** The worker that waits with the rest of a long reply, -1: none does. */
  pausedBy = -1;
  /** Since when more than the soft limit of its class waits for the client, 0 = it does not. */
  overSoftLimitSinceMs = 0;
  /** What it listens to; null: it never did. */
  listening: Listening | null = null;
  /** The messages for it that end what was written to it in this tick, -1 = there are none. */
  messagesAt = -1;
  /** The first part of a reply has been written: messages wait for its end. */
  isMidReply = false;
  /** Messages that wait for the end of a reply. */
  readonly heldMessages: MessagePart[] = [];
  heldMessageBytes = 0;
  /** What its client caches; null: it never said so. */
  tracking: ClientTracking | null = null;
  /** It was told of keys that have changed: none of that may get lost. */
  getsInvalidations = false;
  /** True once nothing more may be written to the socket. */
  ended = false;
  reading = true;
  /** Reads in a row that filled the buffer, and whether it is left alone for them. */
  #fullReads = 0;
  #isResting = false;
  lastActiveMs: number;
  /** Id of the command last begun, -1 = none. */
  lastCommand = -1;
  inputBytes = 0;
  outputBytes = 0;
  /** What was queued since MULTI. */
  queue: CommandQueue | null = null;
  /** Of the transaction before, for the next one. */
  #spareQueue: CommandQueue | null = null;
  watched: WatchedKey[] = [];
  /** While it waits for keys. */
  waiting: KeyWaiting | null = null;
  /** The transaction of which replies are to come. */
  block: RunningBlock | null = null;

  constructor(facts: ConnectionFacts) {
    this.id = facts.id;
    this.socket = facts.socket;
    this.address = facts.address;
    this.localAddress = facts.localAddress;
    this.fileDescriptor = facts.fileDescriptor;
    this.createdAtMs = facts.nowMs;
    this.lastActiveMs = facts.nowMs;
  }

  get isListening(): boolean {
    return this.listening !== null && this.listening.size > 0;
  }

  /** MONITOR: it gets what is executed, and may not ask for keys. */
  get isMonitor(): boolean {
    return this.listening !== null && this.listening.count(MONITORED) > 0;
  }

  get authenticated(): boolean {
    return this.limits.authenticated;
  }

  set authenticated(value: boolean) {
    this.limits.authenticated = value;
    this.stallBytes = value ? STALL_BYTES : STRANGER_BYTES;
  }

  /** Takes a part of the commands that a worker sends back. */
  takeLeftover({ bytes, offset, length, total }: LeftoverPart): void {
    if (this.leftover === null) {
      this.leftover = Buffer.allocUnsafeSlow(total);
      this.#leftoverBytes = 0;
    }
    this.leftover.set(bytes.subarray(offset, offset + length), this.#leftoverBytes);
    this.#leftoverBytes += length;
  }

  get isQueueing(): boolean {
    return this.queue !== null;
  }

  get isExecuting(): boolean {
    return this.isMidReply || this.block !== null;
  }

  beginQueue(): void {
    this.queue = this.#spareQueue ?? new CommandQueue();
    this.#spareQueue = null;
    this.queue.checkedFor = this.permissions;
  }

  /** Nobody uses the queue of a transaction any more. */
  queueIsDone(queue: CommandQueue): void {
    if (queue.reset()) this.#spareQueue = queue;
  }

  forgetWatched(): void {
    this.watched = [];
  }

  forgetTransaction(): void {
    this.queue = null;
    this.watched = [];
  }

  /** Adds keys that WATCH noted; one that is watched already stays as it was then. */
  watch(keys: readonly WatchedKey[]): void {
    for (const key of keys) {
      const isKnown = this.watched.some(
        (other) => other.db === key.db && other.key.equals(key.key),
      );
      if (!isKnown) this.watched.push(key);
    }
  }

  /** Sends what was written and closes. */
  end(): void {
    if (this.ended) return;
    this.#leave();
    this.socket.end();
    // What still comes in is dropped; unread, it would make the kernel reset the connection and
    // throw away the last replies.
    this.resumeReading();
    // A peer that never closes its side would keep the descriptor: half-open is not for us.
    setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
  }

  /** Closes at once; what was not handed to the socket yet is not sent. */
  drop(): void {
    this.#leave();
    this.socket.destroy();
  }

  #leave(): void {
    this.state = CLOSING;
    this.ended = true;
    this.listening?.end();
  }

  /**
   * A run has ended. What a worker sends back was carried there and back for nothing, so the
   * next run is short, and longer again as long as whole runs are executed.
   */
  runEnded(): void {
    this.sentCommand = null;
    this.runCommands =
      this.leftover === null
        ? Math.min(MOST_RUN_COMMANDS, this.runCommands * 2)
        : LEAST_RUN_COMMANDS;
  }

  /** Holds the client back: nothing is read until `resumeReading`. */
  pauseReading(): void {
    if (!this.reading) return;
    this.reading = false;
    this.socket.pause();
  }

  resumeReading(): void {
    if (this.reading) return;
    this.reading = true;
    if (!this.#isResting) this.socket.resume();
  }

  /**
   * Told of a read that filled the whole buffer. A socket is read until it is empty, which lasts
   * as long as the client sends as fast as it is read (megabytes a turn): others come first then.
   */
  filledBuffer(): void {
    if (++this.#fullReads < MOST_FULL_READS) return;
    this.#fullReads = 0;
    this.#isResting = true;
    this.socket.pause();
    setImmediate(() => {
      this.#isResting = false;
      if (this.reading) this.socket.resume();
    });
  }
}

/**
 * The addresses of a socket's two ends as CLIENT LIST shows them.
 * @param unix path of the unix socket the server listens on
 */
export function addressesOf(
  socket: Socket,
  unix: string,
): Pick<ConnectionFacts, 'address' | 'localAddress'> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    address: remoteAddress === undefined ? `${unix}:0` : join(remoteAddress, remotePort),
    localAddress: localAddress === undefined ? `${unix}:0` : join(localAddress, localPort),
  };
}

function join(address: string, port: number | undefined): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
