/**
 * Starts the two servers tests need: the real Redis, where installed, and ForgeKV from this
 * workspace's build. How a process is started, awaited and ended is in `child-server.ts`.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ChildServer } from './child-server.ts';
import type { TlsClient } from './open-socket.ts';
import { SERVER_ENTRY } from './server-entry.ts';

/** A running server; every method is safe to call from `t.teardown`. */
export type ServerHandle = Pick<
  ChildServer,
  'port' | 'pid' | 'dir' | 'log' | 'stop' | 'kill9' | 'restart'
> & {
  /** What clients of `port` need to know when it speaks TLS. */
  readonly tls?: TlsClient | undefined;
};

export interface StartRedisOptions {
  /** More options, `--name value` style; they come last and win. */
  readonly args?: readonly string[];
  /** A directory to use and keep; a temporary one is made and removed otherwise. */
  readonly dir?: string;
  /**
   * Only TLS is spoken, on `port`, and this is what a client needs to know; the certificate and
   * key of the server are among `args`.
   */
  readonly tls?: TlsClient;
  /** A configuration file. */
  readonly file?: string;
}

export interface StartForgeKvOptions extends StartRedisOptions {
  readonly fronts?: number;
  readonly workers?: number;
  /** Options of `node` itself, for example `--max-old-space-size=256`. */
  readonly execArgv?: readonly string[];
  /** The program to run; the build of packages/cli when absent. */
  readonly entry?: string;
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

/** Every thread makes a segment of its log ahead, and one of 64 MB takes a test's time. */
const SMALL_SEGMENTS = ['--wal-segment-mb', '1'];

/** Where `redis-server` is, or undefined when it is not installed (REDIS_SERVER overrides PATH). */
export function redisServerPath(): string | undefined {
  const named = process.env.REDIS_SERVER;
  const dirs = (process.env.PATH ?? '').split(delimiter);
  const candidates = named ? [named] : dirs.map((dir) => join(dir, 'redis-server'));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return existsSync(path);
    } catch {
      return false;
    }
  });
}

/**
 * For `test(name, { skip: skipWithoutRedis() }, ...)`: false when Redis is there, otherwise the
 * reason, which is also printed loudly, since a skipped oracle proves nothing.
 */
export function skipWithoutRedis(): string | false {
  if (redisServerPath() !== undefined) return false;
  const reason = 'redis-server is not installed, nothing was compared with real Redis';
  process.stderr.write(`\n*** SKIP: ${reason} ***\n\n`);
  return reason;
}

/** Real Redis without persistence, on loopback. @throws Error when not installed or not ready. */
export async function startRedis(options: StartRedisOptions = {}): Promise<ServerHandle> {
  const program = redisServerPath();
  if (program === undefined) throw new Error('redis-server is not installed');
  return ChildServer.start({
    name: 'redis',
    program,
    dir: options.dir,
    tls: options.tls,
    startTimeoutMs: 10_000,
    stopTimeoutMs: 5000,
    args: (port, dir) => [
      ...(options.file === undefined ? [] : [options.file]),
      ...portArgs(port, options),
      ...['--bind', '127.0.0.1', '--dir', dir],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
      ...(options.args ?? []),
    ],
  });
}

/** ForgeKV as a child process of this Node. @throws Error with the server's log when not ready. */
export async function startForgeKv(options: StartForgeKvOptions = {}): Promise<ServerHandle> {
  const entry = options.entry ?? SERVER_ENTRY;
  if (!existsSync(entry)) throw new Error(`${entry} is not built: run tsc -b`);
  const threads = (name: string, count: number | undefined) =>
    count === undefined ? [] : [name, String(count)];
  return ChildServer.start({
    name: 'forgekv',
    program: process.execPath,
    dir: options.dir,
    tls: options.tls,
    startTimeoutMs: options.startTimeoutMs ?? 20_000,
    stopTimeoutMs: options.stopTimeoutMs ?? 15_000,
    args: (port, dir) => [
      ...(options.execArgv ?? []),
      entry,
      ...(options.file === undefined ? [] : [options.file]),
      ...[...portArgs(port, options), '--dir', dir],
      ...threads('--front-threads', options.fronts),
      ...threads('--shard-threads', options.workers),
      ...SMALL_SEGMENTS,
      ...(options.args ?? []),
    ],
  });
}

function portArgs(port: number, { tls }: StartRedisOptions): readonly string[] {
  if (tls === undefined) return ['--port', String(port)];
  return ['--port', '0', '--tls-port', String(port)];
}
