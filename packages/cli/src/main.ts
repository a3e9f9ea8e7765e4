#!/usr/bin/env node
// The forgekv binary: reads the command line and the configuration, starts the server, turns
// signals into an orderly stop. Or, with `check`, looks at a data directory; with `import`,
// `export` and `healthcheck`, is a client of a running server.

import { unlinkSync, writeFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { Config, ConfigError, type ConfLine, parseCliArgs } from '@forgekv/config';
import { commandNames, createLog, DataDirectoryError, Server, VERSION } from '@forgekv/server';
import { banner } from './banner.ts';
import { check } from './check.ts';
import { checkConfig, withoutEffect } from './check-config.ts';
import { healthcheck } from './healthcheck.ts';
import { HELP } from './help.ts';
import { passwordFromFile } from './password-file.ts';
import { Supervisor } from './supervisor.ts';

/** Exit code for a command line or configuration that cannot be used. */
const EXIT_USAGE = 2;
/** An orderly stop and its last checkpoint take less, in milliseconds. */
const MOST_STOP_MS = 60_000;

// Where fronts share one listening descriptor, libuv then lets the other threads accept too:
// 22/18 connections of 40 on two fronts instead of 37/3. Read by libuv at the first listen.
process.env.UV_TCP_SINGLE_ACCEPT ??= '1';
// LevelDB's work goes to libuv's pool, two at a time per store; others must not wait behind it.
// Read by libuv when the pool is first used.
process.env.UV_THREADPOOL_SIZE ??= '24';

function complain(error: unknown): never {
  if (error instanceof ConfigError || error instanceof DataDirectoryError) {
    process.stderr.write(`forgekv: ${error.message}\n`);
  } else {
    process.stderr.write(`forgekv: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  process.exit(EXIT_USAGE);
}

async function run(args: readonly string[]): Promise<void> {
  if (args[0] === 'check') {
    process.exitCode = await check(args.slice(1));
    return;
  }
  if (args[0] === 'healthcheck') {
    process.exitCode = await healthcheck(args.slice(1));
    return;
  }
  if (args[0] === 'check-config') {
    process.exitCode = checkConfig(args.slice(1));
    return;
  }
  if (args[0] === 'import' || args[0] === 'export') {
    // Not loaded by a server that starts.
    const { migrate } = await import('./migrate.ts');
    process.exitCode = await migrate(args);
    return;
  }
  const request = parseCliArgs(args);
  if (request.kind === 'version') {
    process.stdout.write(`forgekv ${VERSION} (node ${process.versions.node})\n`);
    return;
  }
  if (request.kind !== 'run') {
    process.stdout.write(HELP);
    return;
  }
  await serve(request.configFile, request.overrides, passwordFromFile(process.env));
}

async function serve(
  configFile: string | undefined,
  overrides: readonly ConfLine[],
  password: readonly ConfLine[],
): Promise<void> {
  const { config, warnings } = Config.load({
    ...(configFile === undefined ? {} : { file: configFile }),
    ...{ overrides: [...password, ...overrides], commands: commandNames() },
  });
  const log = createLog(config.text('logfile'), config.word('loglevel'));
  for (const line of withoutEffect(warnings)) log.warn(line);
  const pidFile = config.text('pidfile');
  const exit = (code: number): void => {
    removePidFile(pidFile);
    process.exit(code);
  };
  // Standard input is no file that could be written again.
  const isFile = configFile !== undefined && configFile !== '-';
  const server = new Server({
    ...{ config, log, exit },
    configFile: isFile ? resolvePath(configFile) : '',
    secretPassword: secretOf(password, config),
  });
  const supervisor = Supervisor.of(
    config.word('supervised'),
    process.env,
    { status: () => server.status, isAlive: () => server.stuckThreads === 0 },
    (message) => log.warn(message),
  );
  let stopping = false;
  const stop = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (stopping) {
      log.warn(`${signal} again: stopping at once`);
      exit(0);
    }
    stopping = true;
    log.info(`${signal} received: stopping`);
    supervisor?.stopping(MOST_STOP_MS);
    const flags = config.list(signal === 'SIGINT' ? 'shutdown-on-sigint' : 'shutdown-on-sigterm');
    void server.stop(!flags.includes('nosave')).then(() => {
      log.info('stopped');
      exit(0);
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => {});
  supervisor?.loading();
  const reachable = await server.start();
  if (pidFile !== '') writeFileSync(pidFile, `${process.pid}\n`);
  for (const line of banner(server, config, reachable)) log.info(line);
  supervisor?.ready();
}

/** The password of the file, when no option has set another. */
function secretOf([line]: readonly ConfLine[], config: Config): string {
  const password = line?.words[1] ?? '';
  return password === config.text('requirepass') ? password : '';
}

function removePidFile(path: string): void {
  if (path === '') return;
  try {
    unlinkSync(path);
  } catch (error) {
    // Somebody else removed it: that is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

run(process.argv.slice(2)).catch(complain);
