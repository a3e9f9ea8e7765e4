// Thread entry of a front: puts the parts together, listens, and serves the main thread's
// messages. The logic is in front.ts.

import { chmodSync } from 'node:fs';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@forgekv/base';
import { createRegistry, EffectLog, OwnNames, StatsReader, ThreadStats } from '@forgekv/commands';
import { Config } from '@forgekv/config';
import { attachArena, HotTable } from '@forgekv/keyspace';
import {
  attachDiagnostics,
  attachScripts,
  ChannelTable,
  Doorbell,
  HotKeySketch,
  ProcessControl,
  TrackingFilter,
} from '@forgekv/rings';
import { collectGarbage } from './collect-garbage.ts';
import { Front } from './front.ts';
import type {
  FromFront,
  FrontAnswer,
  FrontInit,
  FrontQuery,
  ListenOrder,
  MainRequest,
  ToFront,
} from './front-messages.ts';
import { FrontScripts } from './front-scripts.ts';
import { descriptorOf } from './socket-intake.ts';

/** Time clients have to read what was written to them when the server stops. */
const CLOSE_MS = 2000;

invariant(parentPort !== null, 'a front runs as a thread');
const port = parentPort;
const init = workerData as FrontInit;
const config = Config.fromTransfer(init.config);
const stats = new StatsReader(init.stats);
const waiting = new Map<number, (value: unknown) => void>();
/** Listening servers whose descriptor is this thread's own, and so this thread's to close. */
const servers: Server[] = [];
let lastRequest = 0;

function say(message: FromFront): void {
  port.postMessage(message);
}

function ask(request: MainRequest): Promise<unknown> {
  const id = ++lastRequest;
  say({ type: 'request', id, request });
  return new Promise((resolve) => waiting.set(id, resolve));
}

const table = new HotTable(attachArena(init.arena), init.threadId);
const registry = createRegistry(config.renamedCommands());
const ownNames = new OwnNames(registry.table);
const front = new Front({
  index: init.index,
  threads: init.channelShape.threads,
  channelTable: new ChannelTable(init.channels, init.channelShape, init.index, table.hasher),
  frontLinks: init.frontLinks.map((link) => ({
    ...link,
    // A front's doorbell has the front's index.
    doorbell: new Doorbell(init.doorbells, link.front),
  })),
  trackingFilter: new TrackingFilter(init.tracking, init.index),
  table,
  log: new EffectLog(table, init.wal, ownNames),
  registry,
  config,
  control: new ProcessControl(init.control),
  scripts: new FrontScripts(attachScripts(init.scripts)),
  diagnostics: attachDiagnostics(init.diagnostics),
  hotKeys: new HotKeySketch(init.diagnostics.hotKeys[init.index]!),
  threadStats: new ThreadStats(init.stats[init.statsIndex]!),
  stats,
  links: init.links.map((link) => ({
    requests: link.requests,
    replies: link.replies,
    doorbell: new Doorbell(init.doorbells, link.doorbell),
  })),
  doorbell: new Doorbell(init.doorbells, init.doorbell),
  workerOf: init.workerOf,
  facts: init.facts,
  initialUsers: init.users,
  ask,
  say: (message) => say({ type: 'log', message }),
});

function listenOptions(order: ListenOrder): ListenOptions & { fd?: number } {
  const { backlog } = order;
  if ('path' in order) return { path: order.path, backlog };
  if ('descriptor' in order) return { fd: order.descriptor, backlog };
  const { host, port, shared } = order;
  // Else `::` takes the port of 0.0.0.0 as well, which then cannot be listened on beside it.
  return { host, port, backlog, reusePort: shared, ipv6Only: host.includes(':') };
}

function listen(order: ListenOrder): Promise<number> {
  const isTls = 'isTls' in order && order.isTls;
  const { reception } = front;
  // The handshake reads by itself, and ends where the peer ends; see TlsIntake. Other sockets are
  // read once they are adopted.
  const server = createServer({ pauseOnConnect: !isTls, allowHalfOpen: !isTls });
  server.on('connection', (socket: Socket) => {
    if (isTls) reception.acceptTls(socket, descriptorOf(socket));
    else reception.accept(socket, descriptorOf(socket));
  });
  // A descriptor lent by another front is closed by that front: closed twice, its number might
  // by then belong to a file. Closing it there ends the listening here as well.
  if (!('descriptor' in order)) servers.push(server);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(order), () => {
      server.off('error', reject);
      server.on('error', (error) => say({ type: 'log', message: `listening: ${error.message}` }));
      if ('path' in order && order.mode !== 0) chmodSync(order.path, order.mode);
      resolve(descriptorOf(server));
    });
  });
}

/**
 * Resolves when the event loop has polled, and so has handed new descriptors to epoll. libuv
 * aborts the process when one is closed before that (EBADF), as happens when the server gives up
 * its start and the lender of the descriptor ends first.
 */
function polled(): Promise<void> {
  // The first callback may still belong to the turn that is going on.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

async function listenAll(orders: readonly ListenOrder[]): Promise<void> {
  try {
    const descriptors: number[] = [];
    for (const order of orders) descriptors.push(await listen(order));
    await polled();
    say({ type: 'listening', descriptors });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    await polled();
    say({ type: 'listen-failed', message, code: code ?? '' });
  }
}

function answer(query: FrontQuery): FrontAnswer {
  switch (query.op) {
    case 'clients':
      return front.clients.list(query.filter);
    case 'kill':
      return front.clients.kill(query.filter);
    case 'unblock':
      return front.blocked.unblock(query.id, query.isError) ? 1 : 0;
    case 'unpause':
      front.releasePaused();
      return null;
    case 'quiet':
      return front.stop.isQuiet() ? 1 : 0;
    case 'denials':
      return front.users.permits.book.take();
    case 'info':
      return front.services.infoLines();
    case 'top-clients':
      return front.clients.top(query.most);
    case 'collect-garbage':
      collectGarbage();
      return null;
    case 'reset-stats':
      stats.reset();
      return null;
  }
}

function drain(): void {
  for (const server of servers) server.close();
  const poll = (): void => {
    if (front.drain()) say({ type: 'drained' });
    else setTimeout(poll, 5);
  };
  poll();
}

/** Ends every connection; waits for clients that read, but not for ever. */
function close(): void {
  front.stop.close();
  const deadlineMs = Date.now() + CLOSE_MS;
  const poll = (): void => {
    if (front.stop.isClosed || Date.now() > deadlineMs) say({ type: 'closed' });
    else setTimeout(poll, 5);
  };
  poll();
}

port.on('message', (message: ToFront) => {
  switch (message.type) {
    case 'listen':
      void listenAll(message.orders);
      break;
    case 'configure':
      config.adopt(message.config);
      front.configure();
      say({ type: 'configured', id: message.id });
      break;
    case 'secure':
      front.reception.tls.use(message.material);
      say({ type: 'configured', id: message.id });
      break;
    case 'users':
      front.users.adopt(message.change);
      say({ type: 'configured', id: message.id });
      break;
    case 'query':
      say({ type: 'answered', id: message.id, value: answer(message.query) });
      break;
    case 'answer':
      waiting.get(message.id)?.(message.value);
      waiting.delete(message.id);
      break;
    case 'figures':
      front.services.sampled(message.figures);
      break;
    case 'drain':
      drain();
      break;
    case 'close':
      close();
      break;
  }
});

await front.intake.probe();
front.start();
say({ type: 'ready' });
