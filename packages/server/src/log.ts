// The log: pino; lines a person can read on a terminal, JSON where a program collects them.

import { type DestinationStream, type Logger, pino } from 'pino';

/** redis.conf's loglevel in pino's terms. */
const LEVELS: Readonly<Record<string, string>> = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
  nothing: 'silent',
};
const NAMES: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
};

/**
 * Returns the server's logger.
 * @param file `logfile` of the configuration, '' = standard output
 * @param level `loglevel` of the configuration
 */
export function createLog(file: string, level: string): Logger {
  const options = { level: LEVELS[level] ?? 'info', base: { pid: process.pid } };
  if (file === '' && process.stdout.isTTY) return pino(options, readable());
  return pino(options, pino.destination({ dest: file === '' ? 1 : file, sync: true, mkdir: true }));
}

/** Follows CONFIG SET loglevel. */
export function setLogLevel(log: Logger, level: string): void {
  log.level = LEVELS[level] ?? 'info';
}

function readable(): DestinationStream {
  return {
    write(line: string): void {
      const { time, level, msg, err } = JSON.parse(line) as {
        time: number;
        level: number;
        msg?: string;
        err?: { stack?: string };
      };
      const clock = new Date(time).toISOString().slice(11, 23);
      const stack = err?.stack === undefined ? '' : `\n${err.stack}`;
      process.stdout.write(`${clock} ${NAMES[level] ?? 'fatal'} ${msg ?? ''}${stack}\n`);
    },
  };
}
