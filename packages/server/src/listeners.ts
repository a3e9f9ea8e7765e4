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
  /** 0: plain TCP is not spoken. */
  readonly port: number;
  /** 0: TLS is not spoken. */
  readonly tlsPort: number;
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
  const shared = canSharePort();
  const tlsPort = config.integer('tls-port');
  const socketPath = config.text('unixsocket');
  const [first, ...others] = fronts;
  if (port === tlsPort && port !== 0) {
    throw new ListenError(`port and tls-port are both ${port}`, 'EADDRINUSE');
  }
  const where = { backlog, shared };
  const tcp = [
    ...(await usable(config, port)).map((host) => ({ ...where, host, port, isTls: false })),
    ...(await usable(config, tlsPort)).map((host) => ({
      ...{ ...where, host, port: tlsPort },
      isTls: true,
    })),
  ];
  const unix: ListenOrder[] = [];
  if (socketPath !== '') {
    removeStaleSocket(socketPath);
    unix.push({ path: socketPath, mode: config.integer('unixsocketperm'), backlog });
  }
  if (tcp.length + unix.length === 0) {
    const why = 'port and tls-port are 0 and unixsocket is not set';
    throw new ListenError(`nothing to listen on: ${why}`, 'NONE');
  }
  const descriptors = await first!.listen([...tcp, ...unix]);
  const byDescriptor = descriptors.map((descriptor, i): ListenOrder => {
    return { descriptor, backlog, isTls: tcp[i]?.isTls ?? false };
  });
  const orders = shared ? [...tcp, ...byDescriptor.slice(tcp.length)] : byDescriptor;
  await Promise.all(others.map((front) => front.listen(orders)));
  const addresses = [...new Set(tcp.map(({ host }) => host))];
  return { addresses, port, tlsPort, socketPath };
}

/**
 * Returns the addresses that can be bound, none for port 0. Each is bound exclusively for a
 * moment: with SO_REUSEPORT a second server on the same port would otherwise start without
 * complaint.
 */
async function usable(config: Config, port: number): Promise<string[]> {
  const found: string[] = [];
  for (const entry of port === 0 ? [] : config.list('bind')) {
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
