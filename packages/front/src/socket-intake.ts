// Accepts connections and reads them into one static buffer.
//
// Reading with `onread` and a buffer that all sockets of the thread share saves a Buffer per
// read (0.2 us per pipelined command). A server socket can only be given `onread` by making a
// second Socket around the accepted handle; `_handle` is not documented. So the step is tried
// once at start, on a socket pair of its own, and plain 'data' events serve where it fails.

import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';

/** Bytes read from a socket at once. */
export const READ_BUFFER_BYTES = 64 * 1024;

/** Called with the bytes read: `buffer[0..length)`, valid until the call returns. */
export type OnRead = (buffer: Buffer, length: number) => void;

interface HandleOwner {
  _handle: { fd?: number } | null;
}

/** Turns accepted sockets into sockets that call `onRead`. One per thread. */
export class SocketIntake {
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  #useOnread = false;

  /** The static buffer, or a socket's own when `onread` is not available. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** True when sockets read into the static buffer. */
  get usesOnread(): boolean {
    return this.#useOnread;
  }

  /** Finds out whether this Node.js supports the fast way. */
  async probe(): Promise<void> {
    this.#useOnread = await probeOnread();
  }

  /**
   * Begins to read an accepted socket; it was accepted with `pauseOnConnect`. Nothing is read
   * before the caller's turn of the event loop ends.
   */
  adopt(accepted: Socket, onRead: OnRead): Socket {
    if (!this.#useOnread) return listenTo(accepted, onRead);
    return rewrap(accepted, this.#buffer, (length, buffer) => onRead(buffer, length));
  }
}

/** Begins to read a socket the documented way: each read is a buffer of its own. */
export function listenTo(socket: Socket, onRead: OnRead): Socket {
  socket.on('data', (data: Buffer) => onRead(data, data.length));
  socket.resume();
  return socket;
}

/** Returns the descriptor of a listening server or a socket, -1 when it has none. */
export function descriptorOf(owner: Server | Socket): number {
  return (owner as unknown as HandleOwner)._handle?.fd ?? -1;
}

function rewrap(
  accepted: Socket,
  buffer: Buffer,
  callback: (length: number, buffer: Buffer) => void,
): Socket {
  const owner = accepted as unknown as HandleOwner;
  const handle = owner._handle;
  owner._handle = null;
  const options = {
    handle,
    // The front ends its side itself, when everything the client sent is answered.
    allowHalfOpen: true,
    onread: {
      buffer,
      callback: (length: number, bytes: Buffer): boolean => {
        callback(length, bytes);
        return true;
      },
    },
  };
  return new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
}

async function probeOnread(): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') return false;
    const client = connect(address.port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket];
    const buffer = Buffer.alloc(16);
    let socket: Socket | undefined;
    const read = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), 1000).unref();
      socket = rewrap(accepted, buffer, (length, bytes) => {
        resolve(bytes.buffer === buffer.buffer && bytes.toString('latin1', 0, length) === 'probe');
      });
      socket.on('error', () => resolve(false));
    });
    client.on('error', () => {});
    client.write('probe');
    const works = await read;
    client.destroy();
    socket?.destroy();
    return works;
  } catch {
    // Any surprise in the undocumented step means: use the documented one.
    return false;
  } finally {
    server.close();
  }
}
