// Writes RESP2 and RESP3 replies into one growing buffer. Knows no sockets: whoever owns the
// writer takes the bytes from `buffer[0..position)` at the end of the tick.

import { doubleText } from './double-text.ts';

const INITIAL_BYTES = 256 * 1024;
/** Above this a buffer that grew for a large reply is dropped again by `reset`. */
const KEEP_BYTES = 4 * 1024 * 1024;
/** Copies up to this many bytes go word by word: a native call costs more than that. */
const WORD_COPY_BYTES = 96;

const CR_LF = 0x0a0d;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const STAR = 42;
const PERCENT = 37;
const TILDE = 126;
const GREATER = 62;
const COMMA = 44;

/** Builds replies in order; every method writes one complete element or one header. */
export class ReplyWriter {
  /** The bytes written so far are `buffer[0..position)`. Replaced when it grows. */
  buffer: Buffer;
  position = 0;
  /** Protocol of the connection being answered: true = RESP3. */
  resp3 = false;
  /** Number of error replies written since the owner last cleared it. */
  errorCount = 0;
  /** Text of the last error reply. */
  lastError = '';
  /** Where the replies of the client that is being answered begin. */
  floor = 0;
  /** Most bytes of replies for one client at a time. */
  mostBytes = Infinity;
  /** Replies for one client exceeded `mostBytes`: they were dropped, and it must be closed. */
  overflowed = false;
  #view: DataView;

  constructor(bytes: number = INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.buffer.buffer, 0, bytes);
  }

  /** Forgets what was written and gives back a buffer that had become very large. */
  reset(): void {
    this.position = 0;
    this.floor = 0;
    if (this.buffer.length > KEEP_BYTES) {
      this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
      this.#view = new DataView(this.buffer.buffer, 0, INITIAL_BYTES);
    }
  }

  /** Makes room for `bytes` more; every writing method does so itself. */
  ensure(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    if (this.position + bytes - this.floor > this.mostBytes) {
      this.overflowed = true;
      this.position = this.floor;
    }
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const most = this.floor + this.mostBytes;
    const wanted = Math.min(this.buffer.length * 2, most);
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, wanted));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
    this.#view = new DataView(grown.buffer, 0, grown.length);
  }

  /** Writes `+OK`. */
  ok(): void {
    this.ensure(5);
    this.#view.setUint32(this.position, 0x0d4b4f2b, true);
    this.buffer[this.position + 4] = 10;
    this.position += 5;
  }

  /** Writes a simple string; `text` is one line of latin-1. */
  simple(text: string): void {
    this.#text(PLUS, text);
  }

  /** Writes an error: `text` starts with its code, as in `ERR syntax error`. */
  error(text: string): void {
    this.errorCount++;
    this.lastError = text;
    this.#text(MINUS, text.includes('\n') || text.includes('\r') ? oneLine(text) : text);
  }

  /** Writes an integer; exact for |value| <= 2^53. */
  integer(value: number): void {
    this.#header(COLON, value);
  }

  /** Writes a 64-bit integer exactly. */
  bigInteger(value: bigint): void {
    this.#text(COLON, value.toString());
  }

  /** Writes a boolean: `#t`/`#f`, or 1/0 in RESP2. */
  boolean(value: boolean): void {
    if (this.resp3) this.#text(35, value ? 't' : 'f');
    else this.integer(value ? 1 : 0);
  }

  /** Writes the null reply: `_`, or the null bulk string in RESP2. */
  null(): void {
    this.#raw(this.resp3 ? '_\r\n' : '$-1\r\n');
  }

  /** Writes the null array: `_`, or `*-1` in RESP2. */
  nullArray(): void {
    this.#raw(this.resp3 ? '_\r\n' : '*-1\r\n');
  }

  /** Writes the header of an array of `count` elements. */
  array(count: number): void {
    this.#header(STAR, count);
  }

  /** Writes the header of a map of `pairs` pairs; flat array in RESP2. */
  map(pairs: number): void {
    if (this.resp3) this.#header(PERCENT, pairs);
    else this.#header(STAR, pairs * 2);
  }

  /** Writes the header of a set; array in RESP2. */
  set(count: number): void {
    this.#header(this.resp3 ? TILDE : STAR, count);
  }

  /** Writes the header of a push message; array in RESP2. */
  push(count: number): void {
    this.#header(this.resp3 ? GREATER : STAR, count);
  }

  /** Writes a double: `,` in RESP3, else a bulk string with the same text. */
  double(value: number): void {
    const text = doubleText(value);
    if (this.resp3) this.#text(COMMA, text);
    else this.text(text);
  }

  /** Writes a verbatim text (`=`, format `txt`); bulk string in RESP2. */
  verbatim(text: string): void {
    if (!this.resp3) {
      this.utf8(text);
      return;
    }
    const bytes = Buffer.byteLength(text);
    this.#header(61, bytes + 4);
    this.ensure(bytes + 6);
    this.position += this.buffer.write('txt:', this.position, 'latin1');
    this.position += this.buffer.write(text, this.position, 'utf8');
    this.#crlf();
  }

  /** Writes a bulk string of latin-1 text: numbers, names, keywords. */
  text(text: string): void {
    const length = text.length;
    this.#header(DOLLAR, length);
    this.ensure(length + 2);
    if (length < 24) {
      for (let i = 0; i < length; i++) this.buffer[this.position + i] = text.charCodeAt(i);
    } else {
      this.buffer.write(text, this.position, 'latin1');
    }
    this.position += length;
    this.#crlf();
  }

  /** Writes a bulk string with the UTF-8 bytes of `text`. */
  utf8(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#header(DOLLAR, bytes);
    this.ensure(bytes + 2);
    this.position += this.buffer.write(text, this.position, 'utf8');
    this.#crlf();
  }

  /** Writes a bulk string: `length` bytes of `bytes` from `offset`. */
  bulk(bytes: Uint8Array, offset: number, length: number): void {
    this.#header(DOLLAR, length);
    this.ensure(length + 2);
    if (length <= WORD_COPY_BYTES) {
      const to = this.position;
      for (let i = 0; i < length; i++) this.buffer[to + i] = bytes[offset + i]!;
    } else {
      this.buffer.set(bytes.subarray(offset, offset + length), this.position);
    }
    this.position += length;
    this.#crlf();
  }

  /** Begins a bulk string; its bytes follow by other means, and then `bulkEnd` or CR LF. */
  bulkHead(length: number): void {
    this.#header(DOLLAR, length);
  }

  bulkEnd(): void {
    this.ensure(2);
    this.#crlf();
  }

  /**
   * Writes a bulk string whose bytes start at a word of `words` (shared memory).
   * @param bytes the same memory as bytes, for long values
   */
  bulkWords(words: Int32Array, bytes: Uint8Array, word: number, length: number): void {
    this.#header(DOLLAR, length);
    this.ensure(length + 8);
    if (length <= WORD_COPY_BYTES) {
      const view = this.#view;
      let to = this.position;
      const end = word + ((length + 3) >> 2);
      for (let i = word; i < end; i++, to += 4) view.setInt32(to, words[i]!, true);
    } else {
      this.buffer.set(bytes.subarray(word * 4, word * 4 + length), this.position);
    }
    this.position += length;
    this.#crlf();
  }

  /** Appends bytes that are RESP already. */
  encoded(bytes: Uint8Array, offset: number, length: number): void {
    this.ensure(length);
    this.buffer.set(bytes.subarray(offset, offset + length), this.position);
    this.position += length;
  }

  #raw(text: string): void {
    this.ensure(text.length);
    for (let i = 0; i < text.length; i++) this.buffer[this.position + i] = text.charCodeAt(i);
    this.position += text.length;
  }

  #text(kind: number, text: string): void {
    this.ensure(text.length + 3);
    this.buffer[this.position] = kind;
    this.position += 1 + this.buffer.write(text, this.position + 1, 'latin1');
    this.#crlf();
  }

  #crlf(): void {
    this.#view.setUint16(this.position, CR_LF, true);
    this.position += 2;
  }

  /** Writes a type byte, an integer and CR LF. */
  #header(kind: number, value: number): void {
    this.ensure(32);
    const buffer = this.buffer;
    let at = this.position;
    buffer[at++] = kind;
    if (value >= 0 && value < 10) {
      buffer[at++] = 48 + value;
    } else if (value >= 0 && value < 2147483647) {
      at = this.#digits(at, value | 0);
    } else {
      at += buffer.write(String(value), at, 'latin1');
    }
    this.#view.setUint16(at, CR_LF, true);
    this.position = at + 2;
  }

  #digits(at: number, value: number): number {
    let width = 1;
    for (let rest = (value / 10) | 0; rest > 0; rest = (rest / 10) | 0) width++;
    const buffer = this.buffer;
    for (let i = at + width - 1; i >= at; i--) {
      const quotient = (value / 10) | 0;
      buffer[i] = 48 + value - quotient * 10;
      value = quotient;
    }
    return at + width;
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
