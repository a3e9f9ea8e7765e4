// Writes many values over a few connections, pipelined, and counts what was acknowledged. Keys are
// named as redis-benchmark names them, so that it can read them. Not a client.

import { connect, type Socket } from 'node:net';

const CONNECTIONS = 4;
const COMMANDS_PER_WRITE = 64;
const OK_BYTES = 5;
const KEY_BYTES = 16;
/** Values are pieces of this many random letters: nothing a store could make smaller by much. */
const LETTERS = 4 << 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export interface LoadedRecords {
  readonly records: number;
  readonly seconds: number;
}

/** Sets records 0 to `records` - 1 or, with `stop`, goes round until it answers true. */
export class RecordLoader {
  readonly #port: number;
  readonly #records: number;
  readonly #valueBytes: number;
  readonly #letters: Buffer;
  #next = 0;
  #written = 0;

  constructor(port: number, records: number, valueBytes: number) {
    this.#port = port;
    this.#records = records;
    this.#valueBytes = valueBytes;
    this.#letters = randomLetters(LETTERS + valueBytes);
  }

  /** @throws Error when a SET is refused or a connection ends */
  async load(stop: (() => boolean) | null = null): Promise<LoadedRecords> {
    const startedAtMs = performance.now();
    this.#next = 0;
    this.#written = 0;
    const connections = Array.from({ length: CONNECTIONS }, () => this.#run(stop));
    await Promise.all(connections);
    return { records: this.#written, seconds: (performance.now() - startedAtMs) / 1000 };
  }

  #run(stop: (() => boolean) | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1');
      socket.setNoDelay(true);
      let expected = 0;
      const goOn = (): void => {
        const count = this.#writeSome(socket, stop);
        expected += count * OK_BYTES;
        if (count === 0) {
          socket.destroy();
          resolve();
        }
      };
      socket.on('connect', goOn);
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('-')) {
          socket.destroy();
          reject(new Error(`SET: ${chunk.toString('latin1', 0, 200).trim()}`));
          return;
        }
        expected -= chunk.length;
        if (expected === 0) goOn();
      });
      socket.on('error', reject);
    });
  }

  #writeSome(socket: Socket, stop: (() => boolean) | null): number {
    const parts: Buffer[] = [];
    const head = `*3\r\n$3\r\nSET\r\n$${KEY_BYTES}\r\nkey:`;
    for (let i = 0; i < COMMANDS_PER_WRITE; i++) {
      if (stop === null ? this.#next >= this.#records : stop()) break;
      const index = this.#next % this.#records;
      this.#next++;
      const key = String(index).padStart(12, '0');
      const at = Math.floor(Math.random() * LETTERS);
      parts.push(
        Buffer.from(`${head}${key}\r\n$${this.#valueBytes}\r\n`),
        this.#letters.subarray(at, at + this.#valueBytes),
        CRLF,
      );
    }
    const count = parts.length / 3;
    if (count > 0) socket.write(Buffer.concat(parts));
    this.#written += count;
    return count;
  }
}

const CRLF = Buffer.from('\r\n');

function randomLetters(length: number): Buffer {
  const letters = Buffer.alloc(length);
  for (let i = 0; i < length; i++) {
    letters[i] = ALPHABET.charCodeAt(Math.floor(Math.random() * ALPHABET.length));
  }
  return letters;
}
