/**
 * A strict RESP2/RESP3 reply decoder, written from the protocol text and sharing nothing with the
 * server's own codec, so that a bug there cannot hide here. It reads replies, not requests.
 */
import type { RawReply, Reply, ReplyEntry } from './reply.ts';

/** The server sent something that is not a well-formed reply of the protocol version in use. */
export class ReplyFormatError extends Error {
  override readonly name = 'ReplyFormatError';
  /** The bytes from the start of the malformed reply, cut at 200. */
  readonly bytes: Buffer;

  constructor(message: string, bytes: Buffer) {
    const shown = bytes.subarray(0, 200);
    super(`${message} in ${JSON.stringify(shown.toString('latin1'))}`);
    this.bytes = shown;
  }
}

const MAX_DEPTH = 64;
const MAX_LINE_BYTES = 1 << 20;
const MAX_BULK_BYTES = 512 * 1024 * 1024;
const MAX_ELEMENTS = 1 << 24;
const EMPTY = Buffer.alloc(0);
const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

const CR = 13;
const LF = 10;
const INTEGER = /^(0|-?[1-9]\d*)$/;
const LENGTH = /^(0|[1-9]\d{0,9})$/;
const DOUBLE = /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|-?inf|-?nan)$/;
const RESP3_MARKERS = '_,#!=(%~>|';

/**
 * Bytes in (`push`), replies out (`next`). A reply that is not complete yet leaves no trace: it is
 * read again from its first byte when more bytes are there.
 */
export class RespDecoder {
  /** 2 or 3: in version 2 every RESP3 type is a format error. */
  version: 2 | 3;
  #buffer: Buffer = EMPTY;
  #at = 0;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** No reply can be complete before the buffer holds this many bytes. */
  #neededBytes = 1;

  constructor(version: 2 | 3 = 2) {
    this.version = version;
  }

  /** Adds bytes as they came from the socket; the decoder keeps the buffer, it does not copy it. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }

  /** How many received bytes belong to no complete reply yet. */
  get pendingBytes(): number {
    return this.#buffer.length - this.#at + this.#chunkBytes;
  }

  /**
   * The next complete reply, or undefined when more bytes are needed.
   * @throws ReplyFormatError; the decoder is unusable afterwards.
   */
  next(): RawReply | undefined {
    if (this.pendingBytes < this.#neededBytes) return undefined;
    this.#join();
    const start = this.#at;
    this.#neededBytes = 1;
    const reply = this.#value(0);
    if (reply === undefined) {
      this.#neededBytes = Math.max(this.#neededBytes - start, this.#buffer.length - start + 1);
      this.#at = start;
      return undefined;
    }
    return { reply, raw: this.#buffer.subarray(start, this.#at) };
  }

  #join(): void {
    if (this.#chunks.length === 0) return;
    const rest = this.#buffer.subarray(this.#at);
    const only = this.#chunks.length === 1 && rest.length === 0 ? this.#chunks[0] : undefined;
    this.#buffer = only ?? Buffer.concat([rest, ...this.#chunks]);
    this.#at = 0;
    this.#chunks = [];
    this.#chunkBytes = 0;
  }

  #fail(message: string): never {
    throw new ReplyFormatError(message, this.#buffer.subarray(this.#at));
  }

  /** A line without its CRLF; a lone CR or LF inside is malformed. */
  #line(): string | undefined {
    const buffer = this.#buffer;
    const end = buffer.indexOf(CR, this.#at);
    const limit = end === -1 ? buffer.length : end;
    if (limit - this.#at > MAX_LINE_BYTES) this.#fail('line too long');
    const line = buffer.toString('latin1', this.#at, limit);
    if (line.includes('\n')) this.#fail('LF without CR');
    if (end === -1 || end + 1 >= buffer.length) return undefined;
    if (buffer[end + 1] !== LF) this.#fail('CR without LF');
    this.#at = end + 2;
    return line;
  }

  #value(depth: number): Reply | undefined {
    if (depth > MAX_DEPTH) this.#fail('nested too deep');
    const start = this.#at;
    const line = this.#line();
    if (line === undefined) return undefined;
    const marker = line.charAt(0);
    const rest = line.slice(1);
    if (this.version === 2 && marker !== '' && RESP3_MARKERS.includes(marker)) {
      this.#at = start;
      this.#fail('RESP3 type on a RESP2 connection');
    }
    switch (marker) {
      case '+':
        return { kind: 'simple', text: rest };
      case '-':
        return { kind: 'error', text: rest };
      case ':':
        return { kind: 'integer', value: this.#integer(rest) };
      case '$': {
        if (rest === '-1') return { kind: 'null', form: '$-1' };
        const bytes = this.#bulk(rest);
        return bytes && { kind: 'bulk', bytes };
      }
      case '*':
        if (rest === '-1') return { kind: 'null', form: '*-1' };
        return this.#items('array', rest, depth);
      case '~':
        return this.#items('set', rest, depth);
      case '>':
        return this.#items('push', rest, depth);
      case '%': {
        const entries = this.#entries(rest, depth);
        return entries && { kind: 'map', entries };
      }
      case '|': {
        const entries = this.#entries(rest, depth);
        const reply = entries && this.#value(depth + 1);
        return reply && { kind: 'attribute', entries, reply };
      }
      default:
        return this.#scalar(marker, rest, start);
    }
  }

  /** The RESP3 types without elements. */
  #scalar(marker: string, rest: string, start: number): Reply | undefined {
    switch (marker) {
      case '_':
        if (rest !== '') this.#fail('bytes after _');
        return { kind: 'null', form: '_' };
      case '#':
        if (rest !== 't' && rest !== 'f') this.#fail('boolean is neither t nor f');
        return { kind: 'boolean', value: rest === 't' };
      case ',':
        if (!DOUBLE.test(rest)) this.#fail('bad double');
        return { kind: 'double', text: rest };
      case '(':
        if (!INTEGER.test(rest)) this.#fail('bad big number');
        return { kind: 'big-number', text: rest };
      case '!': {
        const bytes = this.#bulk(rest);
        return bytes && { kind: 'bulk-error', text: bytes.toString('latin1') };
      }
      case '=': {
        const bytes = this.#bulk(rest);
        if (bytes === undefined) return undefined;
        if (bytes.length < 4 || bytes[3] !== 58) this.#fail('verbatim without format');
        const format = bytes.toString('latin1', 0, 3);
        return { kind: 'verbatim', format, bytes: bytes.subarray(4) };
      }
      default:
        this.#at = start;
        return this.#fail('unknown reply type');
    }
  }

  #integer(text: string): bigint {
    if (!INTEGER.test(text)) this.#fail('bad integer');
    const value = BigInt(text);
    if (value < INT64_MIN || value > INT64_MAX) this.#fail('integer beyond 64 bits');
    return value;
  }

  #length(text: string, max: number): number {
    if (!LENGTH.test(text)) this.#fail('bad length');
    const length = Number(text);
    if (length > max) this.#fail('length over the limit');
    return length;
  }

  #bulk(lengthText: string): Buffer | undefined {
    const length = this.#length(lengthText, MAX_BULK_BYTES);
    const end = this.#at + length;
    if (end + 2 > this.#buffer.length) {
      this.#neededBytes = end + 2;
      return undefined;
    }
    if (this.#buffer[end] !== CR || this.#buffer[end + 1] !== LF) this.#fail('bulk without CRLF');
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end + 2;
    return bytes;
  }

  #items(kind: 'array' | 'set' | 'push', countText: string, depth: number): Reply | undefined {
    const count = this.#length(countText, MAX_ELEMENTS);
    const items: Reply[] = [];
    for (let index = 0; index < count; index++) {
      const item = this.#value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return { kind, items };
  }

  #entries(countText: string, depth: number): ReplyEntry[] | undefined {
    const count = this.#length(countText, MAX_ELEMENTS);
    const entries: ReplyEntry[] = [];
    for (let index = 0; index < count; index++) {
      const key = this.#value(depth + 1);
      const value = key && this.#value(depth + 1);
      if (key === undefined || value === undefined) return undefined;
      entries.push([key, value]);
    }
    return entries;
  }
}
