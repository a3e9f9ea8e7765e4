// How the two ends of a connection are spelt.

import type { Socket } from 'node:net';

/** Returns `ip:port` of both ends; of a unix socket, given its path, `path:0`. */
export function addressesOf(
  { remoteAddress, remotePort, localAddress, localPort }: Socket,
  unixPath: string,
): { address: string; localAddress: string } {
  const unix = `${unixPath}:0`;
  return {
    address: remoteAddress === undefined ? unix : join(remoteAddress, remotePort),
    localAddress: localAddress === undefined ? unix : join(localAddress, localPort),
  };
}

function join(address: string, port: number | undefined): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
