// The server behind the front of these tests, made up: fields set by tests are what it answers,
// and it remembers what it was asked for. Also sessions and what is known of them.

import type { CommandTable } from '@forgekv/catalog';
import type { ReplyWriter } from '@forgekv/protocol';
import { attachDiagnostics, createDiagnosticsMemory } from '@forgekv/rings';
import {
  type ChannelFigures,
  type ChannelServices,
  type ClientFacts,
  type ClientFilter,
  type KillAnswer,
  type ListenKind,
  NO_DURABILITY_FIGURES,
  NO_SAVE_FIGURES,
  type Outcome,
  type PauseMode,
  type ProcessFigures,
  type SaveAnswer,
  type ScriptFigures,
  type ScriptServices,
  type ServerFacts,
  type ServerServices,
  type Session,
  type ShutdownOptions,
  type StatsReader,
  WAITING,
} from '../../src/index.ts';
import { FakeTracking } from './fake-tracking.ts';
import { FakeUsers } from './fake-users.ts';

export const FRONTS = 2;
export const WORKERS = 1;
export const MIB = 1024 * 1024;

/** 2026-01-02 03:04:05.678 UTC. */
export const NOW_MS = 1767323045678;

export function newSession(id: number, authenticated: boolean): Session {
  return {
    id,
    address: `127.0.0.1:${50000 + id}`,
    localAddress: '127.0.0.1:6379',
    createdAtMs: NOW_MS - 5000,
    name: '',
    libName: '',
    libVersion: '',
    db: 0,
    resp: 2,
    authenticated,
    user: 'default',
    noEvict: false,
    noTouch: false,
    replyMode: 'on',
    replyIsPush: false,
    isListening: false,
    closeAfterReply: false,
    isQueueing: false,
    isExecuting: false,
    beginQueue: () => {},
    forgetWatched: () => {},
    forgetTransaction: () => {},
  };
}

export function factsOf(session: Session, changes: Partial<ClientFacts> = {}): ClientFacts {
  const { id, address, localAddress, name, db, user, libName, libVersion, resp } = session;
  const bytes = { inputBytes: 0, outputBytes: 0, totalInputBytes: 0, totalOutputBytes: 0 };
  return {
    ...{ id, address, localAddress, name, db, user, libName, libVersion, resp, ...bytes },
    ...{ channels: 0, patterns: 0, shardChannels: 0, redirect: -1 },
    queued: -1,
    ...{ fileDescriptor: 9, ageSeconds: 5, idleSeconds: 1, flags: 'N', lastCommand: 'client|list' },
    ...changes,
  };
}

/** Channels of one front with all listeners. */
export class FakeChannels implements ChannelServices {
  /** What each kind of name is listened to by, as latin-1. */
  readonly listeners = new Map<string, Set<number>>();
  /** Set by tests: `leave` has to wait for this. */
  drained: Promise<void> | null = null;
  problem = '';
  readonly figures: ChannelFigures = {
    names: (kind) => this.#of(kind).length,
    listeners: (kind, name) => this.listeners.get(`${kind}:${latin1(name)}`)?.size ?? 0,
    eachName: (kind, visit) => {
      for (const key of this.#of(kind)) visit(Buffer.from(key, 'latin1'));
    },
  };

  #of(kind: ListenKind, id?: number): string[] {
    return [...this.listeners]
      .filter(([key, ids]) => key.startsWith(`${kind}:`) && (id === undefined || ids.has(id)))
      .map(([key]) => key.slice(kind.length + 1));
  }

  subscribe(session: Session, kind: ListenKind, name: Buffer): string {
    const key = `${kind}:${latin1(name)}`;
    const ids = this.listeners.get(key) ?? new Set();
    if (this.problem === '') this.listeners.set(key, ids.add(session.id));
    return this.problem;
  }

  leave(): Promise<void> | null {
    return this.drained;
  }

  forget(session: Session, kind: ListenKind, name: Buffer): void {
    const key = `${kind}:${latin1(name)}`;
    const ids = this.listeners.get(key);
    if (ids?.delete(session.id) && ids.size === 0) this.listeners.delete(key);
  }

  leaveAll(session: Session): void {
    for (const kind of ['channel', 'pattern', 'shard-channel'] as const) {
      for (const name of this.namesOf(session, kind)) this.forget(session, kind, name);
    }
  }

  namesOf(session: Session, kind: ListenKind): Buffer[] {
    return this.#of(kind, session.id).map((name) => Buffer.from(name, 'latin1'));
  }

  countOf(session: Session, kind: ListenKind): number {
    if (kind === 'shard-channel') return this.#of(kind, session.id).length;
    return this.#of('channel', session.id).length + this.#of('pattern', session.id).length;
  }
}

function latin1(name: Uint8Array): string {
  return Buffer.from(name).toString('latin1');
}

/** Nothing runs. */
class FakeScripts implements ScriptServices {
  kill(): KillAnswer {
    return 'not busy';
  }

  busyFunction(): null {
    return null;
  }

  figures(): ScriptFigures {
    return { scripts: 0, scriptBytes: 0, libraries: 0, functions: 0, libraryBytes: 0 };
  }
}

/** Fields may be set by tests; `calls` is what was asked for, in order. */
export class FakeServices implements ServerServices {
  readonly diagnostics = attachDiagnostics(createDiagnosticsMemory(1));
  readonly facts: ServerFacts = {
    version: '0.1.0',
    runId: 'a1b2c3d4e5'.repeat(4),
    startedAtMs: NOW_MS - 90_061_000,
    pid: 4242,
    fronts: FRONTS,
    workers: WORKERS,
    configFile: '/etc/forgekv.conf',
    executable: '/usr/bin/forgekv',
  };
  readonly commands: CommandTable;
  readonly stats: StatsReader;
  readonly calls: unknown[][] = [];
  readonly channels = new FakeChannels();
  readonly tracking = new FakeTracking();
  readonly scripts = new FakeScripts();
  readonly users: FakeUsers;
  figures: ProcessFigures = {
    ...{ opsPerSecond: 12.4, inputKbps: 1.5, outputKbps: 2.25 },
    ...{ peakMemoryBytes: 0, startupMemoryBytes: MIB, heapBytes: 3 * MIB, largeValueBytes: MIB },
    durability: NO_DURABILITY_FIGURES,
    saves: NO_SAVE_FIGURES,
  };
  loading = false;
  connected: ClientFacts[] = [];
  killed = 0;
  setConfigError: string | null = null;
  shutdownError: string | null = null;
  saveAnswer: SaveAnswer = { isError: false, text: 'OK' };
  shutdownRuns = false;
  /** The reply to be written when the promise settles. */
  pending: Promise<(reply: ReplyWriter) => void> | null = null;

  constructor(commands: CommandTable, stats: StatsReader, password: string | undefined) {
    this.commands = commands;
    this.stats = stats;
    this.users = new FakeUsers(commands, password, this.calls);
  }

  process(): ProcessFigures {
    return this.figures;
  }

  connectionCount(): number {
    return 3;
  }

  later<T>(_: Session, answer: Promise<T>, write: (reply: ReplyWriter, value: T) => void): Outcome {
    this.pending = answer.then(
      (value) => (reply) => write(reply, value),
      (error: Error) => (reply) => reply.error(error.message),
    );
    return WAITING;
  }

  clients(filter: ClientFilter): Promise<ClientFacts[]> {
    this.calls.push(['clients', filter]);
    return Promise.resolve(this.connected);
  }

  factsOf(session: Session): ClientFacts {
    return factsOf(session, { lastCommand: 'client|info' });
  }

  kill(filter: ClientFilter, caller: Session): Promise<number> {
    this.calls.push(['kill', filter, caller.id]);
    return Promise.resolve(this.killed);
  }

  unblock(id: number, isError: boolean): Promise<number> {
    this.calls.push(['unblock', id, isError]);
    return Promise.resolve(id === 5 ? 1 : 0);
  }

  pause(mode: PauseMode, untilMs: number): void {
    this.calls.push(['pause', mode, untilMs]);
  }

  unpause(): void {
    this.calls.push(['unpause']);
  }

  exec(): Outcome {
    this.calls.push(['exec']);
    return 0;
  }

  setConfig(
    pairs: readonly (readonly [string, string])[],
    caller: Session,
  ): Promise<string | null> {
    this.calls.push(['setConfig', pairs, caller.id]);
    return Promise.resolve(this.setConfigError);
  }

  collectGarbage(): Promise<void> {
    this.calls.push(['collectGarbage']);
    return Promise.resolve();
  }

  sleep(ms: number): Promise<void> {
    this.calls.push(['sleep', ms]);
    return Promise.resolve();
  }

  syncWrites(timeoutMs: number): Promise<boolean> {
    this.calls.push(['syncWrites', timeoutMs]);
    return Promise.resolve(true);
  }

  setActiveExpire(isOn: boolean): void {
    this.calls.push(['setActiveExpire', isOn]);
  }

  replicationId(): string {
    return '5'.repeat(40);
  }

  changeReplicationId(): void {
    this.calls.push(['changeReplicationId']);
  }

  log(message: string): void {
    this.calls.push(['log', message]);
  }

  rewriteConfig(): Promise<string | null> {
    this.calls.push(['rewriteConfig']);
    return Promise.resolve(this.setConfigError);
  }

  resetStats(): Promise<void> {
    this.calls.push(['resetStats']);
    return Promise.resolve();
  }

  save(): Promise<SaveAnswer> {
    this.calls.push(['save']);
    return Promise.resolve(this.saveAnswer);
  }

  backgroundSave(isScheduled: boolean): Promise<SaveAnswer> {
    this.calls.push(['backgroundSave', isScheduled]);
    return Promise.resolve(this.saveAnswer);
  }

  rewriteLog(): Promise<SaveAnswer> {
    this.calls.push(['rewriteLog']);
    return Promise.resolve(this.saveAnswer);
  }

  shutdown(options: ShutdownOptions): Promise<string | null> {
    this.calls.push(['shutdown', options]);
    return Promise.resolve(this.shutdownError);
  }

  abortShutdown(): boolean {
    this.calls.push(['abortShutdown']);
    return this.shutdownRuns;
  }
}
