// The server as a whole, on the main thread: starts the threads, watches them, answers what
// concerns all of them, stops in order.

import { randomBytes } from 'node:crypto';
import { resolve as resolvePath } from 'node:path';
import {
  type DurabilityFigures,
  type ServerFacts,
  type ShutdownOptions,
  StatsReader,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { FRONT_THREAD, FrontHandle, type FrontQuery, type MainRequest } from '@forgekv/front';
import { attachArena, Databases, HotTable, PAGE_BYTES } from '@forgekv/keyspace';
import {
  attachDiagnostics,
  attachScripts,
  type DiagnosticsShare,
  Doorbell,
  ProcessControl,
  type ScriptShare,
} from '@forgekv/rings';
import { type Recovery, SHARD_THREAD, ShardHandle } from '@forgekv/shard';
import { nodeFileSystem, type StoreDirectory, WalLogs } from '@forgekv/storage';
import type { Logger } from 'pino';
import { AclKeeper } from './acl-keeper.ts';
import { type BackupParts, makeBackup } from './backup.ts';
import { ConfigKeeper } from './config-keeper.ts';
import {
  openDataDirectory,
  openLogs,
  openStores,
  restoreFunctions,
  restoreNamespaces,
  unmapTables,
} from './data-directory.ts';
import { durabilityFigures, whyNotReady } from './durability.ts';
import { FigureSampler } from './figures.ts';
import { frontQuestions } from './http/front-questions.ts';
import { HttpPort } from './http/http-port.ts';
import { type ServerView, threadNames } from './http/server-view.ts';
import { listenAll, type Reachable } from './listeners.ts';
import { Liveness } from './liveness.ts';
import { LogKeeper } from './log-keeper.ts';
import { SaveKeeper } from './save-keeper.ts';
import { planThreads, type ThreadPlan } from './thread-plan.ts';
import { startThread } from './threads.ts';
import { TlsKeeper } from './tls-keeper.ts';
import { VERSION } from './version.ts';
import { type Wiring, wire } from './wiring.ts';

const PROGRESS_MS = 1000;
/** Time an orderly stop may take, in milliseconds. */
const STOP_MS = 10_000;
/** The same when nothing is to be saved and a script goes on that may not be interrupted. */
const BUSY_STOP_MS = 500;

export interface ServerOptions {
  readonly config: Config;
  readonly configFile: string;
  /** The value of `requirepass` when it is a secret of nobody but its own file; '' = it is not. */
  readonly secretPassword?: string;
  readonly log: Logger;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

export class Server {
  readonly plan: ThreadPlan;
  readonly facts: ServerFacts;
  readonly directory: string;
  readonly #o: ServerOptions;
  readonly #wiring: Wiring;
  readonly #users: AclKeeper;
  readonly #tls: TlsKeeper;
  readonly #config: ConfigKeeper;
  readonly #control: ProcessControl;
  /** The slow log and the latency monitor. */
  readonly diagnostics: DiagnosticsShare;
  readonly #scripts: ScriptShare;
  readonly #table: HotTable;
  readonly #liveness: Liveness;
  readonly #sampler: FigureSampler;
  readonly #keeper: LogKeeper;
  readonly #saves: SaveKeeper;
  readonly #stores: StoreDirectory;
  #fronts: FrontHandle[] = [];
  #workers: ShardHandle[] = [];
  #http: HttpPort | null = null;
  #ready = false;
  #stopping: Promise<void> | null = null;

  /** @throws DataDirectoryError, ArenaSizeError, AclError */
  constructor(options: ServerOptions) {
    const { config } = options;
    this.#o = options;
    this.plan = planThreads(config.integer('front-threads'), config.integer('shard-threads'));
    this.directory = resolvePath(config.text('dir'));
    const { hashSecret } = openDataDirectory(this.directory);
    // Takes the lock of the directory: first of all, so that two servers never meet in it.
    this.#stores = openStores(this.directory, config.integer('stores'));
    const transfer = openLogs(this.directory, this.plan.fronts + this.plan.workers, config);
    this.facts = {
      version: VERSION,
      runId: randomBytes(20).toString('hex'),
      startedAtMs: Date.now(),
      pid: process.pid,
      fronts: this.plan.fronts,
      workers: this.plan.workers,
      configFile: options.configFile,
      executable: process.argv[1] ?? '',
    };
    const wal = { transfer, directory: this.directory, stores: this.#stores.layout };
    const { secretPassword = '' } = options;
    this.#users = new AclKeeper({
      ...{ config, directory: this.directory, log: options.log, secretPassword },
      fronts: () => this.#fronts,
      workers: () => this.#workers,
    });
    this.#tls = new TlsKeeper({
      ...{ config, directory: this.directory, log: options.log },
      fronts: () => this.#fronts,
    });
    this.#config = new ConfigKeeper({
      ...{ config, configFile: options.configFile, directory: this.directory, log: options.log },
      ...{ users: this.#users, tls: this.#tls, secretPassword },
      threads: () => [...this.#fronts, ...this.#workers],
    });
    this.#wiring = wire(this.plan, config, hashSecret, this.facts, wal, this.#users.initial);
    const { arena } = this.#wiring.fronts[0]!;
    this.#table = new HotTable(attachArena(arena), 1 + this.plan.fronts + this.plan.workers);
    restoreNamespaces(this.directory, new Databases(this.#table));
    this.#scripts = attachScripts(this.#wiring.scripts);
    restoreFunctions(this.directory, this.#scripts.libraries);
    this.diagnostics = attachDiagnostics(this.#wiring.diagnostics);
    this.#control = new ProcessControl(this.#wiring.control);
    this.#control.loading = true;
    this.#table.cap.hold(true);
    this.#keeper = new LogKeeper(transfer, this.#wiring.effects, this.#wiring.durable, {
      mode: () => config.word('wal-sync-mode'),
      log: (message) => options.log.warn(message),
      checkpoint: () => this.#checkpoint(),
      synced: (microseconds) => this.diagnostics.latency.took('background-sync', microseconds),
    });
    this.#saves = this.#saveKeeper(new WalLogs(transfer, nodeFileSystem));
    this.#liveness = new Liveness(this.#wiring.stats);
    this.#sampler = new FigureSampler(
      this.#wiring.stats,
      () => this.#hotBytes,
      () => this.#durability,
      () => this.#saves.figures,
      (figures) => {
        for (const front of this.#fronts) front.tell({ type: 'figures', figures });
      },
    );
  }

  #saveKeeper(logs: WalLogs): SaveKeeper {
    const stats = new StatsReader(this.#wiring.stats);
    const parts: BackupParts = {
      directory: this.directory,
      logs,
      keeper: this.#keeper,
      control: this.#control,
      fronts: () => this.#fronts,
      workers: () => this.#workers,
      checkpoint: () => this.#checkpoint(),
      changes: () =>
        this.#wiring.stats.reduce((sum, _, i) => sum + stats.ofThread(i, 'changes'), 0),
    };
    return new SaveKeeper({
      backup: (goOn) => makeBackup(parts, goOn),
      checkpoint: async () => {
        const problem = await this.#checkpoint();
        if (problem === '') await this.#keeper.retire();
        return problem;
      },
      changed: () => this.#sampler.tellSaves(),
      log: (message) => this.#o.log.info(message),
    });
  }

  get #hotBytes(): number {
    const { pageCount } = this.#table.arena;
    return (pageCount - this.#table.pool.freePages) * PAGE_BYTES;
  }

  /**
   * Starts all threads and listens; HTTP first, so that probes see the start.
   * @throws ListenError, TlsError
   */
  async start(): Promise<Reachable> {
    const { config } = this.#o;
    // What is wrong with it is said before anything has been started for nothing.
    await this.#tls.start();
    this.#http = await HttpPort.open(this.#view());
    const onFailure = (error: Error): void => this.#failed(error);
    this.#fronts = this.#wiring.fronts.map((init) => {
      const data = init;
      const worker = startThread({
        name: `front-${init.index}`,
        entry: FRONT_THREAD,
        data,
        onFailure,
      });
      return new FrontHandle(worker, {
        log: (message) => this.#o.log.info(message),
        serve: (request) => this.#serve(request),
      });
    });
    // Fronts start meanwhile.
    await unmapTables(this.#stores.layout, this.#o.log);
    this.#workers = this.#wiring.workers.map(({ init, transfer }) => {
      const worker = startThread({
        name: `shard-${init.index}`,
        entry: SHARD_THREAD,
        data: init,
        transfer,
        onFailure,
      });
      const doorbell = new Doorbell(
        this.#wiring.doorbells,
        this.#wiring.workerDoorbell(init.index),
      );
      return new ShardHandle(worker, doorbell, {
        log: (message) => this.#o.log.warn(message),
        sync: () => this.#keeper.syncNow(),
      });
    });
    // Awaited in turn; one that fails before that must not end the process unheard.
    for (const { ready } of [...this.#fronts, ...this.#workers]) ready.catch(() => {});
    await Promise.all(this.#fronts.map((front) => front.ready));
    await this.#tls.handOut();
    const reachable = await listenAll(this.#fronts, config);
    this.#sampler.start();
    await this.#recovered();
    this.#liveness.start();
    await this.#keeper.start();
    this.#table.cap.hold(false);
    this.#control.loading = false;
    this.#ready = true;
    this.#sampler.sample();
    this.#http?.watch();
    return reachable;
  }

  /** Resolves when the workers have what earlier runs left in the logs. */
  async #recovered(): Promise<void> {
    const { log } = this.#o;
    const startedAtMs = performance.now();
    const progress = setInterval(() => log.info(this.status), PROGRESS_MS);
    try {
      await Promise.all(this.#workers.map((worker) => worker.ready));
    } finally {
      clearInterval(progress);
    }
    for (const worker of this.#workers) worker.recovered();
    const { keys, applied, holes } = this.recovery;
    const tookMs = performance.now() - startedAtMs;
    if (keys + applied > 0) {
      const what = `${keys} keys from the stores and ${applied} effects from the logs`;
      log.info(`recovered ${what} in ${tookMs.toFixed(0)} ms`);
    }
    if (holes > 0) log.warn(`${holes} effects were left out: what they build on was never synced`);
    for (const note of this.#workers.flatMap(({ notes }) => notes)) log.warn(note);
  }

  /** Takes everything that has changed to the stores; resolves to '' or what went wrong. */
  async #checkpoint(): Promise<string> {
    const problems = await Promise.all(this.#workers.map((worker) => worker.checkpoint()));
    return problems.find((problem) => problem !== '') ?? '';
  }

  /** How far all workers together are with the logs. */
  get recovery(): Recovery {
    const sum = (field: keyof Recovery): number =>
      this.#workers.reduce((total, { recovery }) => total + recovery[field], 0);
    return {
      applied: sum('applied'),
      passed: sum('passed'),
      holes: sum('holes'),
      keys: sum('keys'),
      bytesDone: sum('bytesDone'),
      bytesTotal: sum('bytesTotal'),
    };
  }

  /** What the server does, in a line. */
  get status(): string {
    if (this.#stopping !== null) return 'stopping';
    const { connections } = this.#control;
    if (this.#ready) return `ready, ${connections} connections`;
    const { keys, bytesDone, bytesTotal } = this.recovery;
    const percent = bytesTotal === 0 ? 0 : (bytesDone / bytesTotal) * 100;
    return `loading: ${keys} keys from the stores, ${percent.toFixed(0)} % of the logs`;
  }

  /** Threads that have not turned for a while. */
  get stuckThreads(): number {
    return this.#liveness.stuck().length;
  }

  get #durability(): DurabilityFigures {
    const loadingSinceMs = this.#control.loading ? this.facts.startedAtMs : 0;
    const { figures } = this.#keeper;
    return durabilityFigures(figures, this.recovery, this.plan.workers, loadingSinceMs);
  }

  /** A thread died: what it held is unknown, so the process goes with it. */
  #failed(error: Error): void {
    if (this.#stopping !== null && error.message.includes('exited with')) return;
    this.#o.log.fatal({ err: error }, 'a thread has failed; the server stops at once');
    this.#o.exit(1);
  }

  async #serve(request: MainRequest): Promise<unknown> {
    switch (request.op) {
      case 'all-fronts':
        return Promise.all(this.#fronts.map((front) => front.query(request.query as FrontQuery)));
      case 'set-config':
        return this.#config.set(request.pairs, request.isLocal);
      case 'sync-logs':
        return this.#keeper.syncNow();
      case 'rewrite-config':
        return this.#config.rewrite();
      case 'shutdown':
        return this.#shutdown(request.options);
      case 'abort-shutdown':
        return false;
      case 'save':
        return this.#saves.save();
      case 'background-save':
        return this.#saves.backgroundSave(request.isScheduled);
      case 'rewrite-log':
        return this.#saves.rewriteLog();
      default:
        return this.#users.serve(request);
    }
  }

  async #shutdown({ save }: ShutdownOptions): Promise<string | null> {
    this.#o.log.info('a client asked for shutdown');
    await this.stop(save !== 'nosave');
    this.#o.exit(0);
    return null;
  }

  /**
   * Stops accepting, lets running commands finish, ends connections and threads.
   * @param saves with a last checkpoint; without, the next start has more of the log to read
   */
  stop(saves = true): Promise<void> {
    this.#stopping ??= this.#stopInOrder(saves);
    return this.#stopping;
  }

  async #stopInOrder(saves: boolean): Promise<void> {
    this.#ready = false;
    this.#control.stop();
    const { control } = this.#scripts;
    control.stop();
    const mostMs = !saves && control.anyBusy ? BUSY_STOP_MS : STOP_MS;
    this.#liveness.stop();
    this.#tls.stop();
    this.#sampler.stop();
    this.#http?.close();
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, mostMs).unref());
    const orderly = async (): Promise<void> => {
      await this.#saves.stop();
      await Promise.all(this.#fronts.map((front) => front.drain()));
      await Promise.all(this.#fronts.map((front) => front.close()));
      await Promise.all(this.#workers.map((worker) => worker.stop(saves)));
      await this.#keeper.stop();
      this.#stores.close();
    };
    await Promise.race([orderly(), deadline]);
  }

  /** What the HTTP port sees. */
  #view(): ServerView {
    const server = this;
    const { config } = this.#o;
    const { stats, durable, fronts } = this.#wiring;
    return {
      ...{ facts: this.facts, config, table: this.#table, databases: new Databases(this.#table) },
      ...{ diagnostics: this.diagnostics, blocks: stats },
      ...{ stats: new StatsReader(stats), durable: new Float64Array(durable) },
      ...{ workerOf: fronts[0]!.workerOf, stores: this.#stores.layout },
      get connections() {
        return server.#control.connections;
      },
      stuckThreads: () => {
        const names = threadNames(this.facts);
        return this.#liveness.stuck().map((i) => names[i]!);
      },
      whyNotReady: () => whyNotReady(this.#ready, this.#durability),
      durability: () => this.#durability,
      ...frontQuestions(() => this.#fronts),
    };
  }
}
