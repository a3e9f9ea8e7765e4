// Starts the servers to compare on free ports with empty directories, and stops them by pid.
// A server that hangs or whose parent dies does not survive the benchmark.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { getPriority } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findOnPath,
  processCpuMicros,
  processRssBytes,
  tiedToParent,
} from 'redis-benchmark-wrapper';
import { ask, askInfo } from './resp-probe.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** How to start one server; the port and the directory come later. */
export interface ServerSpec {
  readonly name: string;
  readonly kind: 'redis' | 'forgekv';
  readonly program: string;
  readonly args: readonly string[];
}

export interface RunningServer {
  readonly name: string;
  readonly port: number;
  /** The process that does the work, as INFO tells; a start script may be another one. */
  readonly pid: number;
  readonly version: string;
  readonly commandLine: string;
  readonly niceness: number;
  stop(): Promise<void>;
}

const live = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of live) child.kill('SIGKILL');
});

/** The redis-servers to compare with; none when redis-server is not installed. */
export function redisSpecs(withAof: boolean, withControl: boolean): ServerSpec[] {
  const program = findOnPath('redis-server');
  if (program === undefined) return [];
  const plain = ['--save', '', '--appendonly', 'no'];
  // No rewrite of the AOF: it would come at moments of its own and fall on whoever is measured.
  const aof = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'];
  aof.push('--auto-aof-rewrite-percentage', '0');
  const redis = { kind: 'redis', program } as const;
  return [
    { ...redis, name: 'redis', args: plain },
    ...(withControl ? [{ ...redis, name: 'redis-again', args: plain }] : []),
    ...(withAof ? [{ ...redis, name: 'redis-aof', args: aof }] : []),
  ];
}

/** A ForgeKV. @param program the full path of its start script */
export function forgekvSpec(program: string, name: string, args: readonly string[]): ServerSpec {
  return { name, kind: 'forgekv', program, args };
}

/**
 * Starts a server and waits until it answers PING.
 * @param directory its data goes into a new subdirectory of this one
 * @throws Error with the end of the server's output when it does not come up
 */
export async function startServer(spec: ServerSpec, directory: string): Promise<RunningServer> {
  if (!existsSync(spec.program)) throw new Error(`${spec.name}: no ${spec.program}`);
  const port = await freePort();
  const dataDirectory = join(directory, spec.name);
  mkdirSync(dataDirectory, { recursive: true });
  const logFile = join(directory, `${spec.name}.log`);
  const own = [spec.program, '--port', `${port}`, '--dir', dataDirectory, ...spec.args];
  const [command, ...args] = tiedToParent(own);
  const log = openSync(logFile, 'w');
  const child = spawn(command!, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  live.add(child);
  child.on('exit', () => live.delete(child));
  child.on('error', () => live.delete(child));
  try {
    await waitForPong(child, port);
    const info = await askInfo(port).catch(() => new Map<string, string>());
    const pid = Number(info.get('process_id')) || child.pid!;
    return {
      name: spec.name,
      port,
      pid,
      version: versionOf(spec, info),
      // Not where it lies on this machine.
      commandLine: [basename(spec.program), ...spec.args.map((word) => word || "''")].join(' '),
      niceness: getPriority(pid),
      stop: () => stop(child, pid),
    };
  } catch (error) {
    await stop(child, child.pid);
    const output = readFileSync(logFile, 'latin1').trim().slice(-1000);
    throw new Error(`${spec.name}: ${(error as Error).message}\n${output}`, { cause: error });
  }
}

/** What servers use while nobody talks to them. */
export interface IdleFigures {
  readonly rssBytes: number | undefined;
  /** Parts of one core, 0.01 being one percent. */
  readonly cpuCores: number | undefined;
}

/** Watches all servers for the same stretch of time, in milliseconds. */
export async function measureIdle(
  servers: readonly RunningServer[],
  watchMs: number,
): Promise<ReadonlyMap<string, IdleFigures>> {
  await sleep(watchMs / 2); // starting up is not idling
  const startedAtMs = performance.now();
  const before = servers.map(({ pid }) => processCpuMicros(pid));
  await sleep(watchMs);
  const elapsedMicros = (performance.now() - startedAtMs) * 1000;
  return new Map(
    servers.map(({ name, pid }, index) => {
      const [first, last] = [before[index], processCpuMicros(pid)];
      const known = first !== undefined && last !== undefined;
      const cpuCores = known ? (last - first) / elapsedMicros : undefined;
      return [name, { rssBytes: processRssBytes(pid), cpuCores }];
    }),
  );
}

async function waitForPong(child: ChildProcess, port: number): Promise<void> {
  let gone: string | undefined;
  child.on('error', (error) => {
    gone = `could not be started: ${error.message}`;
  });
  child.on('exit', (code, signal) => {
    gone ??= `ended while starting: ${code ?? signal}`;
  });
  const giveUpAtMs = performance.now() + START_TIMEOUT_MS;
  let last = '';
  while (performance.now() < giveUpAtMs) {
    if (gone !== undefined) throw new Error(gone);
    try {
      last = await ask(port, 'PING');
      if (last === 'PONG') return;
    } catch (error) {
      last = (error as Error).message; // not listening yet, or still loading
    }
    await sleep(POLL_MS);
  }
  throw new Error(`no PONG after ${START_TIMEOUT_MS / 1000} s: ${last}`);
}

// The worker behind a start script is stopped too, in case the script does not pass signals on.
async function stop(child: ChildProcess, pid: number | undefined): Promise<void> {
  const pids = new Set([child.pid, pid].filter((each) => each !== undefined));
  const isGone = (): boolean =>
    (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) &&
    [...pids].every((each) => !isAlive(each));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const each of pids) if (isAlive(each)) process.kill(each, signal);
    const giveUpAtMs = performance.now() + STOP_TIMEOUT_MS;
    while (!isGone() && performance.now() < giveUpAtMs) await sleep(POLL_MS);
    if (isGone()) return;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function versionOf(spec: ServerSpec, info: ReadonlyMap<string, string>): string {
  const redis = info.get('redis_version') ?? 'unknown';
  if (spec.kind === 'redis') return redis;
  const own = info.get('forgekv_version');
  return own === undefined ? `says redis ${redis}` : `${own} (speaks redis ${redis})`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
