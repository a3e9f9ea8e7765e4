/** Tries hostile inputs on a server, each on a connection of its own, and says what went wrong. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostileCase } from './hostile-case.ts';
import { type Endpoint, openSocket } from './open-socket.ts';
import { quoteBytes } from './reply.ts';

export interface HostileFailure {
  readonly name: string;
  readonly difference: string;
}

export interface HostileServers {
  /** A server without password. */
  readonly open: Endpoint;
  /** A server with `requirepass secret`; cases that need one are left out when absent. */
  readonly withPassword?: Endpoint;
}

const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 5000;
/** How long "nothing happens" is watched. */
const SILENCE_MS = 150;
const AT_ONCE = 16;
const PROBE = Buffer.from('*2\r\n$4\r\nPING\r\n$5\r\nprobe\r\n');
const PROBE_REPLY = '$5\r\nprobe\r\n';
/** A client that has not logged in is refused, which is an answer too. */
const NOT_LOGGED_IN = '-NOAUTH Authentication required.\r\n';

/** Runs the cases, 16 at a time; the failures, in order, none being the hoped-for outcome. */
export async function runHostileCases(
  servers: HostileServers,
  cases: readonly HostileCase[],
): Promise<HostileFailure[]> {
  const failures: HostileFailure[] = [];
  for (let at = 0; at < cases.length; at += AT_ONCE) {
    const outcomes = cases.slice(at, at + AT_ONCE).map(async (one) => {
      const endpoint = one.needsPassword ? servers.withPassword : servers.open;
      if (endpoint === undefined) return;
      const difference = await tryHostileCase(endpoint, one);
      if (difference !== undefined) failures.push({ name: one.name, difference });
    });
    await Promise.all(outcomes);
  }
  return failures;
}

/** Runs one case; what differs from what Redis does, in words, or undefined. */
export async function tryHostileCase(
  endpoint: Endpoint,
  one: HostileCase,
): Promise<string | undefined> {
  const connection = await RawConnection.open(endpoint);
  try {
    await connection.send(one.send, one.pieceBytes);
    if (one.aftermath === 'closes') return await expectClose(connection, one);
    if (!(await connection.waitFor(one.expect.length))) {
      return differ('reply', one.expect, connection);
    }
    if (one.aftermath === 'waits') return await expectWait(connection, one);
    return await expectAnswer(connection, one.expect);
  } finally {
    connection.destroy();
  }
}

function differ(what: string, expected: Buffer, connection: RawConnection): string {
  const state = connection.isClosed ? 'closed' : 'open';
  const got = quoteBytes(connection.received, 200);
  return `${what}: expected ${quoteBytes(expected, 200)}, got ${got}, connection ${state}`;
}

async function expectClose(
  connection: RawConnection,
  one: HostileCase,
): Promise<string | undefined> {
  await connection.waitFor(Infinity);
  if (!connection.isClosed) return differ('should close', one.expect, connection);
  if (connection.received.equals(one.expect)) return undefined;
  const wasCutOff = one.mayReset && one.expect.subarray(0, connection.received.length);
  if (wasCutOff && connection.received.equals(wasCutOff)) return undefined;
  return differ('reply before closing', one.expect, connection);
}

async function expectWait(
  connection: RawConnection,
  one: HostileCase,
): Promise<string | undefined> {
  await sleep(SILENCE_MS);
  if (connection.isClosed || !connection.received.equals(one.expect)) {
    return differ('should wait', one.expect, connection);
  }
  if (one.rest === undefined) return undefined;
  await connection.send(one.rest);
  return expectAnswer(connection, Buffer.concat([one.expect, one.expectAfterRest ?? one.expect]));
}

/** The expected bytes, and then the answer to a probe and nothing else. */
async function expectAnswer(
  connection: RawConnection,
  expected: Buffer,
): Promise<string | undefined> {
  if (!(await connection.waitFor(expected.length))) return differ('reply', expected, connection);
  await connection.send(PROBE);
  await connection.waitFor(expected.length + 1);
  const isRefused = connection.received[expected.length] === 0x2d;
  const reply = isRefused ? NOT_LOGGED_IN : PROBE_REPLY;
  await connection.waitFor(expected.length + reply.length);
  const { received } = connection;
  if (!received.subarray(0, expected.length).equals(expected)) {
    return differ('reply', expected, connection);
  }
  if (received.subarray(expected.length).toString('latin1') === reply) return undefined;
  return differ('probe afterwards', expected, connection);
}

/** A socket whose received bytes pile up, with no idea of the protocol. */
class RawConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // A reset is one way of closing; `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open(endpoint: Endpoint): Promise<RawConnection> {
    return new RawConnection(await openSocket(endpoint, CONNECT_TIMEOUT_MS));
  }

  get received(): Buffer {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async send(bytes: Buffer, pieceBytes = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isClosed; at += pieceBytes) {
      this.#socket.write(bytes.subarray(at, at + pieceBytes));
      // Without a pause the kernel would join the pieces.
      if (pieceBytes < bytes.length) await sleep(1);
    }
  }

  /** True once that many bytes are there; false when closed before or the deadline passed. */
  async waitFor(byteCount: number): Promise<boolean> {
    const deadline = Date.now() + REPLY_TIMEOUT_MS;
    while (this.#received.length < byteCount && !this.#isClosed) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) break;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, leftMs);
        this.#wake = resolve;
      });
      clearTimeout(timer);
    }
    return this.#received.length >= byteCount;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
