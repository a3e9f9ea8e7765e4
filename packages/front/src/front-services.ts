// What server commands ask of a front: answered here, or by all fronts through the main thread.

import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { setImmediate as endOfTurn, setTimeout as wait } from 'node:timers/promises';
import type { CommandTable } from '@forgekv/catalog';
import {
  type ChannelServices,
  type ClientFacts,
  type ClientFilter,
  type CommandContext,
  type CommandRegistry,
  type EffectLog,
  type InfoLine,
  infoLines,
  NO_DURABILITY_FIGURES,
  NO_SAVE_FIGURES,
  type Outcome,
  type PauseMode,
  type ProcessFigures,
  type SaveAnswer,
  type ServerFacts,
  type ServerServices,
  type Session,
  type ShutdownOptions,
  type StatsReader,
  type TrackingServices,
  WAITING,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { ReplyWriter } from '@forgekv/protocol';
import {
  type DiagnosticsShare,
  PAUSE_ALL,
  PAUSE_WRITES,
  type ProcessControl,
} from '@forgekv/rings';
import type { Connection } from './connection.ts';
import type { Front } from './front.ts';
import type { MainRequest } from './front-messages.ts';
import type { FrontScripts } from './front-scripts.ts';
import type { FrontUsers } from './front-users.ts';
import { isLocalPeer, isLoopback } from './peer-address.ts';
import type { TransactionRunner } from './transaction-runner.ts';

const DENIED =
  'DENIED Redis is running in protected mode because protected mode is enabled and no password ' +
  'is set for the default user. In this mode connections are only accepted from the loopback ' +
  'interface. Set a password (requirepass), or bind to addresses that only trusted clients ' +
  "reach and turn protected mode off (CONFIG SET protected-mode no, from the server's host).";

/** A timer takes no longer time. */
const MOST_TIMER_MS = 2 ** 31 - 1;

export interface FrontServicesModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly front: Front;
  readonly config: Config;
  readonly control: ProcessControl;
  readonly facts: ServerFacts;
  readonly stats: StatsReader;
  readonly log: Pick<EffectLog, 'isDirty'>;
  readonly channels: ChannelServices;
  readonly tracking: TrackingServices;
  readonly scripts: FrontScripts;
  readonly users: FrontUsers;
  readonly diagnostics: DiagnosticsShare;
  /** Writes a line to the server's log. */
  readonly say: (message: string) => void;
  /** Sends a request to the main thread. */
  readonly ask: (request: MainRequest) => Promise<unknown>;
}

export class FrontServices implements ServerServices {
  readonly facts: ServerFacts;
  readonly stats: StatsReader;
  readonly commands: CommandTable;
  readonly channels: ChannelServices;
  readonly tracking: TrackingServices;
  readonly scripts: FrontScripts;
  readonly users: FrontUsers;
  readonly diagnostics: DiagnosticsShare;
  readonly #m: FrontServicesModules;
  #figures: ProcessFigures = {
    opsPerSecond: 0,
    inputKbps: 0,
    outputKbps: 0,
    peakMemoryBytes: 0,
    startupMemoryBytes: 0,
    heapBytes: 0,
    largeValueBytes: 0,
    durability: NO_DURABILITY_FIGURES,
    saves: NO_SAVE_FIGURES,
  };
  transactions: TransactionRunner | null = null;

  constructor(modules: FrontServicesModules) {
    this.#m = modules;
    this.facts = modules.facts;
    this.stats = modules.stats;
    this.channels = modules.channels;
    this.tracking = modules.tracking;
    this.scripts = modules.scripts;
    this.users = modules.users;
    this.diagnostics = modules.diagnostics;
    this.commands = modules.registry.table;
  }

  /** Returns why a new connection is turned away (an error text), or null. */
  refusal(socket: Socket): string | null {
    if (!this.users.openToAll || !this.#m.config.boolean('protected-mode')) return null;
    const { remoteAddress } = socket;
    return remoteAddress === undefined || isLoopback(remoteAddress) ? null : DENIED;
  }

  process(): ProcessFigures {
    return this.#figures;
  }

  /** Takes the figures the main thread sampled. */
  sampled(figures: ProcessFigures): void {
    this.#figures = figures;
  }

  /** Every line of INFO; not while a command is executed. */
  infoLines(): InfoLine[] {
    const { context } = this.#m;
    context.nowMs = Date.now();
    return infoLines(context, this);
  }

  get loading(): boolean {
    return this.#m.control.loading;
  }

  connectionCount(): number {
    return this.#m.control.connections;
  }

  later<T>(
    session: Session,
    answer: Promise<T>,
    write: (reply: ReplyWriter, value: T) => void,
  ): Outcome {
    const connection = session as Connection;
    answer.then(
      (value) => this.#m.front.answer(connection, (reply) => write(reply, value)),
      (error: Error) =>
        this.#m.front.answer(connection, (reply) => reply.error(`ERR ${error.message}`)),
    );
    return WAITING;
  }

  async clients(filter: ClientFilter): Promise<ClientFacts[]> {
    const query = { op: 'clients', filter } as const;
    const lists = (await this.#m.ask({ op: 'all-fronts', query })) as ClientFacts[][];
    return lists.flat().sort((a, b) => a.id - b.id);
  }

  factsOf(session: Session): ClientFacts {
    return this.#m.front.clients.factsOf(session as Connection);
  }

  async kill(filter: ClientFilter): Promise<number> {
    const query = { op: 'kill', filter } as const;
    const counts = (await this.#m.ask({ op: 'all-fronts', query })) as number[];
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async unblock(id: number, isError: boolean): Promise<number> {
    const query = { op: 'unblock', id, isError } as const;
    const counts = (await this.#m.ask({ op: 'all-fronts', query })) as number[];
    return counts.reduce((sum, count) => sum + count, 0);
  }

  pause(mode: PauseMode, untilMs: number): void {
    this.#m.control.pause(mode === 'all' ? PAUSE_ALL : PAUSE_WRITES, untilMs, Date.now());
  }

  unpause(): void {
    this.#m.control.unpause();
    // The other fronts let their connections go on as soon as they hear of it.
    void this.#m.ask({ op: 'all-fronts', query: { op: 'unpause' } });
  }

  exec(session: Session): Outcome {
    return this.transactions!.exec(session as Connection);
  }

  async setConfig(
    pairs: readonly (readonly [string, string])[],
    caller: Session,
  ): Promise<string | null> {
    const isLocal = isLocalPeer(caller.address);
    return (await this.#m.ask({ op: 'set-config', pairs, isLocal })) as string | null;
  }

  async rewriteConfig(): Promise<string | null> {
    return (await this.#m.ask({ op: 'rewrite-config' })) as string | null;
  }

  async resetStats(): Promise<void> {
    await this.#m.ask({ op: 'all-fronts', query: { op: 'reset-stats' } });
  }

  async collectGarbage(): Promise<void> {
    await this.#m.ask({ op: 'all-fronts', query: { op: 'collect-garbage' } });
  }

  async save(): Promise<SaveAnswer> {
    return (await this.#m.ask({ op: 'save' })) as SaveAnswer;
  }

  async backgroundSave(isScheduled: boolean): Promise<SaveAnswer> {
    return (await this.#m.ask({ op: 'background-save', isScheduled })) as SaveAnswer;
  }

  async rewriteLog(): Promise<SaveAnswer> {
    return (await this.#m.ask({ op: 'rewrite-log' })) as SaveAnswer;
  }

  async shutdown(options: ShutdownOptions): Promise<string | null> {
    return (await this.#m.ask({ op: 'shutdown', options })) as string | null;
  }

  async sleep(ms: number): Promise<void> {
    this.#m.control.sleep(Date.now() + ms);
    await wait(ms);
  }

  /**
   * What the connection wrote on workers was handed to the kernel before its reply came; what this
   * front wrote is at the end of its tick, which is waited for.
   */
  async syncWrites(timeoutMs: number): Promise<boolean> {
    const synced = async (): Promise<boolean> => {
      while (this.#m.log.isDirty) await endOfTurn();
      return (await this.#m.ask({ op: 'sync-logs' })) === '';
    };
    if (timeoutMs === 0) return synced();
    const patience = wait(Math.min(timeoutMs, MOST_TIMER_MS), false, { ref: false });
    return Promise.race([synced(), patience]);
  }

  setActiveExpire(isOn: boolean): void {
    this.#m.control.expires = isOn;
  }

  /** One shared word says which: made of that, it is never half one id and half another. */
  replicationId(): string {
    const { control, facts } = this.#m;
    return createHash('sha1').update(`${facts.runId} ${control.histories}`).digest('hex');
  }

  changeReplicationId(): void {
    this.#m.control.beginHistory();
  }

  log(message: string): void {
    this.#m.say(message);
  }

  abortShutdown(): boolean {
    // Stopping takes milliseconds here: there is never a shutdown that waits.
    return false;
  }
}
