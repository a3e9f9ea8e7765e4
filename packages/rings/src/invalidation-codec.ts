// What threads tell fronts about keys that have changed, as the body of a message. Knows neither
// who wants to hear of it nor why a key has changed.
//
//   body   records one after the other, each a byte that says what it is, then
//     CHANGED   client (double), length of the key (u32), key: a client, 0 = nobody, has changed it
//     FLUSHED   client (double): all keys may have changed
//     TO        client (double), its source (double), form (byte), front of the source (byte),
//               keys (u32), and each key with its length (u32): a push for a client of that front
//     NOBODY    source (double), client (double): there was no such client

import { invariant } from '@forgekv/base';

const CHANGED = 1;
const FLUSHED = 2;
const TO = 3;
const NOBODY = 4;
const BODY_BYTES = 256;

/** A push says which keys; or that it may be all of them, as null of RESP2 or of RESP3. */
export type PushForm = 0 | 2 | 3;

/** A push for a client that another one redirects to. */
export interface Redirected {
  readonly client: number;
  /** The client that redirects to it, and the index of its front. */
  readonly source: number;
  readonly front: number;
  readonly form: PushForm;
  readonly keys: readonly Buffer[];
}

/** What a body says, record by record; keys are views, valid while the body is. */
export interface InvalidationEvents {
  changed(key: Buffer, client: number): void;
  flushed(client: number): void;
  to(push: Redirected): void;
  nobody(source: number, client: number): void;
}

/** Writes a body. */
export class InvalidationWriter {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  changed(key: Uint8Array, client: number): void {
    const at = this.#begin(CHANGED, 12 + key.length);
    this.#bytes.writeDoubleLE(client, at);
    this.#key(key, at + 8);
  }

  flushed(client: number): void {
    const at = this.#begin(FLUSHED, 8);
    this.#bytes.writeDoubleLE(client, at);
  }

  to({ client, source, front, form, keys }: Redirected): void {
    const bytes = keys.reduce((sum, key) => sum + 4 + key.length, 0);
    let at = this.#begin(TO, 22 + bytes);
    this.#bytes.writeDoubleLE(client, at);
    this.#bytes.writeDoubleLE(source, at + 8);
    this.#bytes[at + 16] = form;
    this.#bytes[at + 17] = front;
    this.#bytes.writeUInt32LE(keys.length, at + 18);
    at += 22;
    for (const key of keys) at = this.#key(key, at);
  }

  nobody(source: number, client: number): void {
    const at = this.#begin(NOBODY, 16);
    this.#bytes.writeDoubleLE(source, at);
    this.#bytes.writeDoubleLE(client, at + 8);
  }

  /** Takes what was written; the next record begins another body. */
  take(): Buffer {
    const body = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    return body;
  }

  /** Begins a record with so many bytes behind its kind; returns where those go. */
  #begin(kind: number, bytes: number): number {
    const at = this.#length;
    this.#length += 1 + bytes;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(BODY_BYTES, this.#length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#bytes[at] = kind;
    return at + 1;
  }

  #key(key: Uint8Array, at: number): number {
    this.#bytes.writeUInt32LE(key.length, at);
    this.#bytes.set(key, at + 4);
    return at + 4 + key.length;
  }
}

/** Hands out what a body says. */
export function readInvalidations(body: Uint8Array, events: InvalidationEvents): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  let at = 0;
  const double = (): number => {
    at += 8;
    return bytes.readDoubleLE(at - 8);
  };
  const key = (): Buffer => {
    const from = at + 4;
    at = from + bytes.readUInt32LE(at);
    return bytes.subarray(from, at);
  };
  while (at < bytes.length) {
    const kind = bytes[at++];
    const client = double();
    if (kind === CHANGED) {
      events.changed(key(), client);
    } else if (kind === FLUSHED) {
      events.flushed(client);
    } else if (kind === NOBODY) {
      events.nobody(client, double());
    } else {
      invariant(kind === TO, 'a record is of a kind that is known');
      const source = double();
      const form = bytes[at]! as PushForm;
      const front = bytes[at + 1]!;
      const count = bytes.readUInt32LE(at + 2);
      at += 6;
      events.to({ client, source, front, form, keys: Array.from({ length: count }, key) });
    }
  }
}
