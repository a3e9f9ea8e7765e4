// A client that asks for much and reads when it likes.

import type { Socket } from 'node:net';
import { dial, type Endpoint } from '@forgekv/testkit';
import type { Test } from 'tap';
import { until } from './until.ts';

/** A socket that counts what it reads; it reads nothing before `resume`. */
export class SlowReader {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** The last bytes read. */
  tail = Buffer.alloc(0);
  bytes = 0;

  constructor(t: Test, { port, tls }: Endpoint, request: Uint8Array) {
    this.socket = dial({ ...(port && { port }), tls });
    t.teardown(() => this.socket.destroy());
    this.socket.pause();
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.tail = Buffer.concat([this.tail, chunk]).subarray(-100);
    });
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.write(request);
  }

  /** Reads until so many bytes are there, or the connection ends. */
  async readAll(bytes: number): Promise<void> {
    this.socket.resume();
    await until(() => this.bytes >= bytes, 15_000);
  }
}
