// The HTTP port: health for probes, metrics for Prometheus, a console for people. Read-only. What
// is shown is decided elsewhere; here are the routes, who may see what, and the bounds.
//
//   /livez /readyz    everybody
//   /metrics          everybody, or whoever knows the password (http-metrics-open)
//   / and /data/...   on loopback everybody, elsewhere whoever knows the password
//
// Everything is bounded: connections, bytes of a request's head, time for it, time for a reader.
// Requests have no body.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Answer, ConsoleFiles } from './console-files.ts';
import type { HttpGate } from './http-gate.ts';
import { exposition, type Metric } from './metric.ts';

/** What the port shows; asked anew for every request. */
export interface HttpSource {
  /** Names of threads that do not turn; empty = alive. */
  stuckThreads(): readonly string[];
  /** Why no traffic should come yet, or any more; '' = ready. */
  whyNotReady(): string;
  metrics(): Promise<readonly Metric[]>;
  /** What the console charts: samples with a number above `after`, as JSON. */
  history(after: number): unknown;
  /** What else the console shows, as JSON. */
  overview(): Promise<unknown>;
}

export interface HttpOptions {
  readonly port: number;
  /** Addresses, at least one. */
  readonly hosts: readonly string[];
  readonly gate: HttpGate;
  readonly files: ConsoleFiles;
  readonly source: HttpSource;
}

/** Connections to one address at a time; more are closed at once. */
const MOST_CONNECTIONS = 64;
const MOST_HEAD_BYTES = 8192;
/** Time for the head of a request, for a reader that reads nothing, and until the next request. */
const HEAD_MS = 5000;
const STALLED_MS = 10_000;
const IDLE_MS = 5000;
const CHECK_EVERY_MS = 1000;
/** Smaller ones are sent as they are. */
const ZIP_FROM_BYTES = 2048;

/** Nothing from elsewhere, nothing in line, in nobody's frame, sent nowhere. */
const SAFETY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const zip = promisify(gzip);

/**
 * Starts the port on every address; resolves when all listen.
 * @throws NodeJS.ErrnoException when an address cannot be used; then none is
 */
export async function startHttp(options: HttpOptions): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const host of options.hosts) servers.push(await listen(host, options));
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return servers;
}

async function listen(host: string, options: HttpOptions): Promise<Server> {
  const limits = {
    maxHeaderSize: MOST_HEAD_BYTES,
    headersTimeout: HEAD_MS,
    requestTimeout: HEAD_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer(limits, (request, response) => {
    // A source that fails is a bug, which ends the process as any other does.
    void respond(request, response, options);
  });
  server.maxConnections = MOST_CONNECTIONS;
  // Of silence in either direction: a client that does not read its answer loses it.
  server.timeout = STALLED_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host, ipv6Only: host.includes(':') }, resolve);
  });
  return server;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
): Promise<void> {
  // Nobody waits for a body: the connection ends, and with it whatever it goes on sending.
  if (hasBody(request)) response.shouldKeepAlive = false;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const answer = isRead && !hasBody(request) ? await route(request, options) : refusal(request);
  if (!response.destroyed) await send(request, response, answer);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function refusal({ method }: IncomingMessage): Answer {
  return method === 'GET' || method === 'HEAD'
    ? text(413, 'requests have no body\n')
    : { ...text(405, 'only GET and HEAD\n'), headers: { allow: 'GET, HEAD' } };
}

async function route(request: IncomingMessage, options: HttpOptions): Promise<Answer> {
  const { source, gate, files } = options;
  // Not with `new URL`, which throws at paths like `//`.
  const [path = '/', query = ''] = (request.url ?? '/').split(/[?#]/, 2);
  if (path === '/livez') {
    const stuck = source.stuckThreads();
    return stuck.length === 0 ? text(200, 'ok\n') : text(503, `stuck: ${stuck.join(' ')}\n`);
  }
  if (path === '/readyz') {
    const why = source.whyNotReady();
    return why === '' ? text(200, 'ok\n') : text(503, `${why}\n`);
  }
  if (path === '/metrics') {
    const refused = await gate.metrics(request);
    if (refused !== null) return refused;
    return text(200, exposition(await source.metrics()), 'text/plain; version=0.0.4');
  }
  const refused = await gate.console(request);
  if (refused !== null) return refused;
  if (path === '/data/history') {
    const after = Number(new URLSearchParams(query).get('after') ?? -1);
    return json(source.history(Number.isSafeInteger(after) ? after : -1));
  }
  if (path === '/data/overview') return json(await source.overview());
  return files.find(path) ?? text(404, 'not found\n');
}

function text(status: number, body: string, type = 'text/plain; charset=utf-8'): Answer {
  return { status, type, body: Buffer.from(body) };
}

function json(value: unknown): Answer {
  return { status: 200, type: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { status, type, etag } = answer;
  const head = {
    ...SAFETY,
    'content-type': type,
    // With an etag: asked again each time, sent again only when it is another.
    'cache-control': etag === undefined ? 'no-store' : 'no-cache',
    ...(etag !== undefined && { etag }),
    ...answer.headers,
  };
  if (etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, head).end();
    return;
  }
  const accepts = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const isZipped = accepts && answer.body.length >= ZIP_FROM_BYTES;
  const body = isZipped ? (answer.zipped ?? (await zip(answer.body))) : answer.body;
  response.writeHead(status, {
    ...head,
    vary: 'accept-encoding',
    ...(isZipped && { 'content-encoding': 'gzip' }),
    'content-length': body.length,
  });
  response.end(body);
}
