/** A proxy in front of a real server that rewrites requests: a server with a planted bug. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** Replaces `find` by `replacement` (of the same length) in what clients send; returns its port. */
export async function tamperWith(
  t: Test,
  port: number,
  find: string,
  replacement: string,
): Promise<number> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = createConnection({ port, host: '127.0.0.1' });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('data', (bytes: Buffer) => {
      for (let at = bytes.indexOf(find); at !== -1; at = bytes.indexOf(find, at)) {
        bytes.write(replacement, at, 'latin1');
      }
      server.write(bytes);
    });
    server.pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
