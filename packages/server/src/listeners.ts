// Makes the fronts listen: on the same port each where the system spreads connections
// (SO_REUSEPORT), else all on the first front's descriptor.

import { unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Config } from '@forgekv/config';
import { type FrontHandle, ListenError, type ListenOrder } from '@forgekv/front';

/** `net.Server.listen` knows reusePort from 22.12 on (and in 23.1). */
export function canSharePort(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return process.platform === 'linux' && (major > 22 || (major === 22 && minor >= 12));
}

/** Where the server can be reached. */
export interface Reachable {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly socketPath: string;
}

/** Errors that mean: this machine does not have that address. */
const NO_SUCH_ADDRESS = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ENOTFOUND'];

/**
 * Makes every front listen on the configured addresses.
 * @throws ListenError when an address that is not optional cannot be used
 */
export async function listenAll(
  fronts: readonly FrontHandle[],
  config: Config,
): Promise<Reachable> {
  const port = config.integer('port');
  const backlog = config.integer('tcp-backlog');
  const addresses = port === 0 ? [] : await usable(config.list('bind'), port);
  const socketPath = config.text('unixsocket');
  const shared = canSharePort();
  const [first, ...others] = fronts;
  const tcp = addresses.map((host): ListenOrder => ({ host, port, backlog, shared }));
  const unix: ListenOrder[] = [];
  if (socketPath !== '') {
    removeStaleSocket(socketPath);
    unix.push({ path: socketPath, mode: config.integer('unixsocketperm'), backlog });
  }
  if (tcp.length + unix.length === 0) {
    throw new ListenError('nothing to listen on: port is 0 and unixsocket is not set', 'NONE');
  }
  const descriptors = await first!.listen([...tcp, ...unix]);
  const byDescriptor = descriptors.map((descriptor): ListenOrder => ({ descriptor, backlog }));
  const orders = shared ? [...tcp, ...byDescriptor.slice(tcp.length)] : byDescriptor;
  await Promise.all(others.map((front) => front.listen(orders)));
  return { addresses, port, socketPath };
}

/**
 * Returns the addresses that can be bound. Each is bound exclusively for a moment: with
 * SO_REUSEPORT a second server on the same port would otherwise start without complaint.
 */
async function usable(bind: readonly string[], port: number): Promise<string[]> {
  const found: string[] = [];
  for (const entry of bind) {
    const optional = entry.startsWith('-');
    const named = optional ? entry.slice(1) : entry;
    const host = named === '*' ? '0.0.0.0' : named === '::*' ? '::' : named;
    try {
      await probe(host, port);
      found.push(host);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (!(optional && NO_SUCH_ADDRESS.includes(code))) {
        throw new ListenError(`cannot listen on ${host} port ${port}: ${message}`, code);
      }
    }
  }
  return found;
}

function probe(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':') }, () =>
      server.close(() => resolve()),
    );
  });
}

/** Redis: a socket file left behind by an earlier run is replaced without asking. */
function removeStaleSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
