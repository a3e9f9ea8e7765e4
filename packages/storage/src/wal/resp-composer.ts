// Composes the payload of an effect, a RESP command, piece by piece into a log: no temporary, no
// allocation. Begins and ends nothing; that is the writer's.

import { invariant } from '@forgekv/base';
import type { WalWriter } from './wal-writer.ts';

const CR = 13;
const LF = 10;
const ZERO_DIGIT = 48;
const MINUS = 45;
const ARRAY = 42;
const BULK = 36;
/** Digits of a safe integer, sign included. */
const MAX_DIGITS = 17;

/** Heads of small counts are written ready-made: each takes a place of HEAD_BYTES in a table. */
const READY_COUNTS = 256;
const HEAD_BYTES = 8;
const READY_ARRAYS = readyHeads('*');
const READY_BULKS = readyHeads('$');
/** Whole arguments, by their words. */
const READY_WORDS = new Map<string, Uint8Array>();

/** Writes into the effect that `writer` has begun. Throws what `WalWriter.write` throws. */
export class RespComposer {
  readonly #writer: WalWriter;
  readonly #digits = new Uint8Array(MAX_DIGITS);

  constructor(writer: WalWriter) {
    this.#writer = writer;
  }

  /** Begins a command of so many arguments, its name included: `*<count>`. */
  command(count: number): void {
    this.#head(READY_ARRAYS, ARRAY, count);
  }

  /** Writes one argument. */
  bulk(bytes: Uint8Array, offset: number, length: number): void {
    this.#head(READY_BULKS, BULK, length);
    this.#writer.write(bytes, offset, length);
    this.#crlf();
  }

  /** Begins an argument of so many bytes, which the log has elsewhere, and `bulkEnd` ends it. */
  bulkHead(length: number): void {
    this.#head(READY_BULKS, BULK, length);
  }

  bulkEnd(): void {
    this.#crlf();
  }

  /** Writes one argument given as text of characters below 256. */
  bulkText(text: string): void {
    this.#head(READY_BULKS, BULK, text.length);
    for (let i = 0; i < text.length; i++) this.#writer.writeByte(text.charCodeAt(i));
    this.#crlf();
  }

  /** The same for the name of a command or an option, of which there are not many. */
  bulkWord(word: string): void {
    const ready = READY_WORDS.get(word) ?? readyWord(word);
    this.#writer.write(ready, 0, ready.length);
  }

  /** Writes one argument that is a safe integer, in decimal. */
  bulkInteger(value: number): void {
    const at = this.#format(value);
    const length = MAX_DIGITS - at;
    this.#head(READY_BULKS, BULK, length);
    // The head had its own digits in the same place.
    this.#writer.write(this.#digits, this.#format(value), length);
    this.#crlf();
  }

  #head(ready: Uint8Array, marker: number, count: number): void {
    if (count < READY_COUNTS) {
      const at = count * HEAD_BYTES;
      this.#writer.write(ready, at, ready[at + HEAD_BYTES - 1]!);
      return;
    }
    this.#writer.writeByte(marker);
    const at = this.#format(count);
    this.#writer.write(this.#digits, at, MAX_DIGITS - at);
    this.#crlf();
  }

  #crlf(): void {
    this.#writer.writeByte(CR);
    this.#writer.writeByte(LF);
  }

  /** Leaves the digits at the end of the scratch bytes; returns where they begin. */
  #format(value: number): number {
    invariant(Number.isSafeInteger(value), 'an integer in the log is a safe one');
    let at = MAX_DIGITS;
    let rest = Math.abs(value);
    do {
      const tens = Math.floor(rest / 10);
      this.#digits[--at] = ZERO_DIGIT + (rest - tens * 10);
      rest = tens;
    } while (rest > 0);
    if (value < 0) this.#digits[--at] = MINUS;
    return at;
  }
}

/** Returns the heads of all counts below READY_COUNTS; the last byte of a place is the length. */
function readyHeads(marker: string): Uint8Array {
  const heads = Buffer.alloc(READY_COUNTS * HEAD_BYTES);
  for (let count = 0; count < READY_COUNTS; count++) {
    const length = heads.write(`${marker}${count}\r\n`, count * HEAD_BYTES, 'latin1');
    heads[(count + 1) * HEAD_BYTES - 1] = length;
  }
  return heads;
}

/** Returns the argument that a word is, and keeps it. */
function readyWord(word: string): Uint8Array {
  const bytes = Buffer.from(`$${word.length}\r\n${word}\r\n`, 'latin1');
  READY_WORDS.set(word, bytes);
  return bytes;
}
