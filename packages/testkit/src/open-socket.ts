/** Connects to where a server listens: TCP, a unix socket, or TLS over TCP. */
import { createConnection, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** What a client knows of TLS: whom it trusts, what it shows. */
export type TlsClient = Pick<
  ConnectionOptions,
  | ('ca' | 'cert' | 'key' | 'session' | 'servername' | 'rejectUnauthorized')
  | ('minVersion' | 'maxVersion' | 'ciphers' | 'secureOptions')
>;

/** Where a server listens: a TCP port (host 127.0.0.1 unless given) or a unix socket path. */
export interface Endpoint {
  readonly port?: number;
  readonly host?: string;
  readonly path?: string;
  /** TLS is spoken on that port. */
  readonly tls?: TlsClient | undefined;
}

/** Begins to connect; what is written meanwhile is sent afterwards. */
export function dial(endpoint: Endpoint): Socket {
  const { path, tls, port = 6379, host = '127.0.0.1' } = endpoint;
  const where = path ? { path } : { port, host };
  return tls === undefined ? createConnection(where) : connectTls({ ...where, ...tls });
}

/**
 * Connects; with TLS the handshake is done, too.
 * @param timeoutMs most time for that
 * @throws Error when it fails or takes too long
 */
export async function openSocket(endpoint: Endpoint, timeoutMs: number): Promise<Socket> {
  const { tls } = endpoint;
  const socket = dial(endpoint);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('connect timed out')), timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const hangUp = () => fail(new Error('closed before it was connected'));
    socket.once('error', fail);
    socket.once('close', hangUp);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.off('close', hangUp);
      resolve();
    });
  });
  return socket;
}
