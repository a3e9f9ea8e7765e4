// forgekv healthcheck: whether a server answers, for containers, which have no redis-cli. Loads
// next to nothing, since it is asked every few seconds: the configuration only when it is to be
// read.

import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, isIP, isIPv6, type NetConnectOpts, type Socket } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { parseArgs } from 'node:util';

const EXIT_ALIVE = 0;
const EXIT_DEAD = 1;
const EXIT_USAGE = 2;
/** For all of it, in milliseconds. */
const PATIENCE_MS = 3000;
const MOST_REPLY_CHARS = 200;
const DEFAULT_PORT = 6379;
const HIGHEST_PORT = 65535;

const USAGE = `Usage: forgekv healthcheck [--port N] [--host H] [--unixsocket PATH]
                           [--http-port N] [--config FILE]
                           [--tls [--tls-ca-cert FILE] [--insecure]]

Exit code 0 when a server answers PING (or /livez, with --http-port), 1 when none does within 3
seconds. It needs no password: a server that asks for one is alive, and so is one that is loading or
busy with a script. The default is port 6379, or FORGEKV_PORT, of 127.0.0.1; --config takes what is
not given from a redis.conf, tls-port too when that is the only one it has.

With --tls the certificate must be one for the host, signed by an authority that is known or in
--tls-ca-cert's file; --insecure takes any. So does --config, unless --tls-ca-cert is given: it asks
this machine, and tells nothing that is secret. It shows the server's own certificate where the
server asks for one.
`;

/** Alive, though it executes nothing for us at the moment. */
const ALIVE = /^(?:\+PONG|-NOAUTH|-NOPERM|-LOADING|-BUSY)\b/;

interface PingTarget {
  readonly kind: 'ping';
  readonly at: NetConnectOpts;
  readonly name: string;
  /** For a server that speaks TLS there. */
  readonly tls?: ConnectionOptions;
}

/** Whom to ask, and how. */
export type Target =
  | PingTarget
  | { readonly kind: 'http'; readonly host: string; readonly port: number; readonly name: string };

/** What cannot be understood of a command line or configuration. */
class UsageError extends Error {}

/**
 * Runs the command; one line on standard error says what is wrong.
 * @param args what follows `healthcheck`
 * @returns the exit code: 0 alive, 1 not, 2 the command line or the configuration is no good
 */
export async function healthcheck(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return EXIT_ALIVE;
  }
  try {
    const target = await targetOf(args);
    const problem = await (target.kind === 'ping' ? ping(target) : livez(target));
    if (problem === '') return EXIT_ALIVE;
    process.stderr.write(`forgekv: ${target.name}: ${problem}\n`);
    return EXIT_DEAD;
  } catch (error) {
    const { code = '', message, name } = error as NodeJS.ErrnoException;
    const isUsage = error instanceof UsageError || name === 'ConfigError';
    if (!isUsage && !code.startsWith('ERR_PARSE_ARGS')) throw error;
    process.stderr.write(`forgekv: ${message}\n`);
    return EXIT_USAGE;
  }
}

/** @throws UsageError, or the errors of parseArgs and of the configuration */
async function targetOf(args: readonly string[]): Promise<Target> {
  const values = valuesOf(args);
  const file = values.config === undefined ? null : await read(values.config);
  const host = values.host ?? file?.host ?? '127.0.0.1';
  const tls = values.tls ? tlsOf(values, host) : undefined;
  if (values['http-port'] !== undefined) return httpTarget(host, portOf(values['http-port']));
  if (values.unixsocket !== undefined) return socketTarget(values.unixsocket);
  if (values.port !== undefined) return portTarget(host, portOf(values.port), tls);
  if (file === null) return portTarget(host, portOf(process.env.FORGEKV_PORT ?? DEFAULT_PORT), tls);
  if (file.port !== 0 && tls === undefined) return portTarget(host, file.port);
  if (file.socketPath !== '' && tls === undefined) return socketTarget(file.socketPath);
  if (file.tlsPort !== 0) {
    const identity = file.identity();
    return portTarget(host, file.tlsPort, { ...(tls ?? tlsOf(values, host)), ...identity });
  }
  if (tls !== undefined) throw new UsageError(`${values.config} has no tls-port`);
  if (file.httpPort !== 0) return httpTarget(values.host ?? file.httpHost, file.httpPort);
  throw new UsageError(`${values.config} says neither port, unixsocket, tls-port nor http-port`);
}

function valuesOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ port: text, host: text, unixsocket: text, 'http-port': text, config: text },
      ...{ tls: flag, 'tls-ca-cert': text, insecure: flag },
    },
  });
  const { tls, insecure, config, port } = values;
  const isAboutTls = insecure || values['tls-ca-cert'] !== undefined;
  if (isAboutTls && !tls && (config === undefined || port !== undefined)) {
    throw new UsageError('--tls-ca-cert and --insecure are about --tls');
  }
  if (tls && (values.unixsocket ?? values['http-port']) !== undefined) {
    throw new UsageError('--tls is about a port of Redis');
  }
  return values;
}

/** Whom to trust. The name in a certificate says nothing of an address like 127.0.0.1. */
function tlsOf(values: ReturnType<typeof valuesOf>, host: string): ConnectionOptions {
  const { config, insecure, 'tls-ca-cert': file } = values;
  const isOurs = config !== undefined && (values.host === undefined || isLoopback(host));
  const name = isIP(host) === 0 ? { servername: host } : {};
  if (insecure || (isOurs && file === undefined)) return { ...name, rejectUnauthorized: false };
  return {
    ...name,
    ...(file !== undefined && { ca: readCertificate(file) }),
    ...(isOurs && isLoopback(host) && { checkServerIdentity: () => undefined }),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** @throws UsageError */
function readCertificate(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What a configuration says of where the server can be asked. */
async function read(path: string): Promise<{
  host: string;
  port: number;
  tlsPort: number;
  /** The certificate to show, where the server asks for one; Redis: to others it shows its own. */
  identity: () => ConnectionOptions;
  socketPath: string;
  httpHost: string;
  httpPort: number;
}> {
  const { Config } = await import('@forgekv/config');
  const { config } = Config.load({ file: path });
  return {
    host: own(config.list('bind')),
    port: config.integer('port'),
    tlsPort: config.integer('tls-port'),
    identity: () => {
      if (config.word('tls-auth-clients') !== 'yes') return {};
      const place = (name: string): string => resolvePath(config.text('dir'), name);
      return {
        cert: readCertificate(place(config.text('tls-cert-file'))),
        key: readCertificate(place(config.text('tls-key-file'))),
        passphrase: config.text('tls-key-file-pass'),
      };
    },
    socketPath: config.text('unixsocket'),
    httpHost: own(config.list('http-bind')),
    httpPort: config.integer('http-port'),
  };
}

/** An address to reach this machine at, by those it listens on. */
function own(addresses: readonly string[]): string {
  const first = (addresses[0] ?? '*').replace(/^-/, '');
  if (first === '*' || first === '0.0.0.0') return '127.0.0.1';
  return first === '::*' || first === '::' ? '::1' : first;
}

function portOf(text: string | number): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= HIGHEST_PORT) return port;
  throw new UsageError(`${text} is not a port`);
}

function at(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function portTarget(host: string, port: number, tls?: ConnectionOptions): Target {
  return { kind: 'ping', at: { host, port }, name: at(host, port), ...(tls && { tls }) };
}

function socketTarget(path: string): Target {
  return { kind: 'ping', at: { path }, name: path };
}

function httpTarget(host: string, port: number): Target {
  return { kind: 'http', host, port, name: `http://${at(host, port)}/livez` };
}

/** @throws UsageError when a certificate or key is none */
async function open({ at: where, tls }: PingTarget): Promise<Socket> {
  if (tls === undefined) return connect(where);
  const { connect: connectTls, createSecureContext } = await import('node:tls');
  try {
    return connectTls({ ...where, ...tls, secureContext: createSecureContext(tls) });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Resolves to '' or what is wrong. */
async function ping(target: PingTarget): Promise<string> {
  const socket = await open(target);
  return new Promise((resolve) => {
    // Sent when there is a connection, and TLS has been agreed on.
    socket.write('*1\r\n$4\r\nPING\r\n');
    let reply = '';
    const end = (problem: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    const timer = setTimeout(() => end(`no answer in ${PATIENCE_MS} ms`), PATIENCE_MS);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      reply += text;
      if (!reply.includes('\r\n') && reply.length < MOST_REPLY_CHARS) return;
      end(ALIVE.test(reply) ? '' : `unexpected answer ${JSON.stringify(first(reply))}`);
    });
    socket.on('error', (error) => end(error.message));
    socket.on('end', () => end('the connection was closed'));
  });
}

function first(reply: string): string {
  return reply.split('\r\n', 1)[0]!.slice(0, MOST_REPLY_CHARS);
}

/** Resolves to '' or what is wrong. */
function livez({ host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/livez', agent: false }, (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (text: string) => {
        if (body.length < MOST_REPLY_CHARS) body += text;
      });
      response.on('end', () => {
        clearTimeout(timer);
        const { statusCode } = response;
        resolve(
          statusCode === 200 ? '' : `${statusCode} ${body.slice(0, MOST_REPLY_CHARS).trim()}`,
        );
      });
    });
    const late = new Error(`no answer in ${PATIENCE_MS} ms`);
    const timer = setTimeout(() => request.destroy(late), PATIENCE_MS);
    request.on('error', (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
  });
}
