// Finds the commands in the bytes a client sent, as offsets: nothing is copied or allocated.
// Knows RESP arrays and inline commands; knows nothing of what the commands mean.

import { splitInline } from './inline.ts';

/** Words per command in `RequestParser.commands`. */
export const COMMAND_WORDS = 4;
/** Index of the command's first argument in `args` (in arguments). */
export const COMMAND_FIRST_ARG = 0;
/** Number of arguments, the command's name included; at least 1. */
export const COMMAND_ARGC = 1;
/** Offset of the command's first byte, or -1: inline, its bytes are not RESP. */
export const COMMAND_START = 2;
/** Offset behind the command's last byte. */
export const COMMAND_END = 3;

/** Commands found by one `parse` at most; the caller executes them and calls again. */
export const MAX_COMMANDS_PER_PARSE = 1024;
/** Longest inline command, `*N` or `$N` line, as in Redis. */
export const MAX_INLINE_BYTES = 64 * 1024;
/** Most arguments of a command before authentication. */
export const MAX_UNAUTHENTICATED_ARGS = 10;
/** Largest argument before authentication, in bytes. */
export const MAX_UNAUTHENTICATED_BULK_BYTES = 16384;

const INITIAL_ARGS = 8192;
const NO_ARGS = new Int32Array(0);
const MAX_MULTIBULK = 2147483647;
const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

/** Limits of one connection, checked while parsing. */
export interface RequestLimits {
  /** Largest argument, in bytes (`proto-max-bulk-len`). */
  maxBulkBytes: number;
  /** False before a required login: the small limits hold. */
  authenticated: boolean;
}

/**
 * How far an unfinished command has been parsed, so that a large one arriving in many pieces
 * is looked at once. Offsets are relative to the command's first byte. Resuming changes the
 * object: one that was handed to `parse` is only good for what that call leaves in `partial`.
 */
export interface PartialCommand {
  argc: number;
  scanned: number;
  /** The arguments found so far, two words each; spare room behind them. */
  args: Int32Array;
  argCount: number;
  bulkBytes: number;
}

/** Parses requests. One per thread; the result is valid until the next `parse`. */
export class RequestParser {
  /** The commands found, COMMAND_WORDS words each. */
  readonly commands = new Int32Array(MAX_COMMANDS_PER_PARSE * COMMAND_WORDS);
  /** Offset and length of each argument, two words each. */
  args = new Int32Array(INITIAL_ARGS * 2);
  /** Number of commands found by the last `parse`. */
  commandCount = 0;
  /** Text of a protocol error behind the last command found (without `-`), or ''. */
  error = '';
  /** State of the unfinished command at the end, when it is worth keeping. */
  partial: PartialCommand | null = null;

  #argCount = 0;
  // What #line leaves for #multibulk: the number read, and where the next line starts.
  #lineValue = 0;
  #lineEnd = 0;

  /**
   * Parses commands from `start`. Inline arguments in quotes are unescaped in place.
   * @returns offset of the first byte not consumed. When commands were found, call again from
   *   there; when none was, what is left is an unfinished command (or `error` is set).
   * @param resume the `partial` of the earlier call whose unfinished command is at `start`
   */
  parse(
    bytes: Buffer,
    start: number,
    end: number,
    limits: RequestLimits,
    resume: PartialCommand | null = null,
  ): number {
    this.commandCount = 0;
    this.#argCount = 0;
    this.error = '';
    this.partial = null;
    if (this.args.length > INITIAL_ARGS * 16) this.args = new Int32Array(INITIAL_ARGS * 2);
    let position = start;
    while (position < end && this.commandCount < MAX_COMMANDS_PER_PARSE) {
      if (bytes[position] !== STAR) {
        // Alone in its batch: its bytes may be rewritten, so it cannot be parsed again.
        if (this.commandCount > 0) return position;
        const next = this.#inline(bytes, position, end);
        if (next < 0) return position;
        position = next;
        if (this.commandCount > 0) return position;
        continue;
      }
      const next = this.#multibulk(bytes, position, end, limits, resume);
      resume = null;
      if (next < 0) return position;
      position = next;
    }
    return position;
  }

  /** Parses one RESP array at `start`; returns the offset behind it, or -1: unfinished or error. */
  #multibulk(
    bytes: Buffer,
    start: number,
    end: number,
    limits: RequestLimits,
    resume: PartialCommand | null,
  ): number {
    const first = this.#argCount;
    let position: number;
    let argc: number;
    let bulkBytes = -1;
    let wanted = first;
    if (resume === null) {
      if (!this.#line(bytes, start + 1, end, 'too big mbulk count string')) return -1;
      argc = this.#lineValue;
      if (!(argc <= MAX_MULTIBULK)) return this.#fail('invalid multibulk length');
      if (argc > MAX_UNAUTHENTICATED_ARGS && !limits.authenticated) {
        return this.#fail('unauthenticated multibulk length');
      }
      position = this.#lineEnd;
      if (argc <= 0) return position;
      wanted += argc;
    } else {
      // Only the new arguments go to `args`: a piece costs what is in it.
      argc = resume.argc;
      position = start + resume.scanned;
      bulkBytes = resume.bulkBytes;
      wanted += argc - resume.argCount;
    }
    while (this.#argCount < wanted) {
      if (bulkBytes < 0) {
        if (position >= end) return this.#suspend(start, position, first, argc, -1, resume);
        const isBulk = bytes[position] === DOLLAR;
        // Redis: looks for the end of the line before it looks at the first byte.
        if (!this.#line(bytes, position + (isBulk ? 1 : 0), end, 'too big bulk count string')) {
          return this.error === '' ? this.#suspend(start, position, first, argc, -1, resume) : -1;
        }
        if (!isBulk) {
          return this.#fail(`expected '$', got '${String.fromCharCode(bytes[position]!)}'`);
        }
        bulkBytes = this.#lineValue;
        if (!(bulkBytes >= 0 && bulkBytes <= limits.maxBulkBytes)) {
          return this.#fail('invalid bulk length');
        }
        if (bulkBytes > MAX_UNAUTHENTICATED_BULK_BYTES && !limits.authenticated) {
          return this.#fail('unauthenticated bulk length');
        }
        position = this.#lineEnd;
      }
      if (end - position < bulkBytes + 2) {
        return this.#suspend(start, position, first, argc, bulkBytes, resume);
      }
      this.#addArg(position, bulkBytes);
      position += bulkBytes + 2;
      bulkBytes = -1;
    }
    if (resume !== null) this.#join(start, first, resume);
    this.#addCommand(first, argc, start, position);
    return position;
  }

  /**
   * Reads the digits of a length line from `position`. False: the line is not complete, or
   * too long (then `error` is set). A value that is not an integer reads as NaN.
   */
  #line(bytes: Buffer, position: number, end: number, tooLong: string): boolean {
    // One or two digits and CR: nearly every line there is.
    if (position + 4 <= end) {
      const tens = bytes[position]! - 48;
      if (bytes[position + 1] === CR && tens >>> 0 <= 9) {
        this.#lineValue = tens;
        this.#lineEnd = position + 3;
        return true;
      }
      const units = bytes[position + 1]! - 48;
      if (bytes[position + 2] === CR && (tens - 1) >>> 0 <= 8 && units >>> 0 <= 9) {
        this.#lineValue = tens * 10 + units;
        this.#lineEnd = position + 4;
        return true;
      }
    }
    let value = 0;
    let i = position;
    // The usual line: up to nine digits and CR LF.
    for (; i < end && i - position < 9; i++) {
      const digit = bytes[i]! - 48;
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
    }
    // A number starting with 0 takes the slow road, which refuses 01 as Redis does.
    const plain = i > position && (i === position + 1 || bytes[position] !== 48);
    if (i + 1 < end && bytes[i] === CR && plain) {
      this.#lineValue = value;
      this.#lineEnd = i + 2;
      return true;
    }
    return this.#slowLine(bytes, position, end, tooLong);
  }

  #slowLine(bytes: Buffer, position: number, end: number, tooLong: string): boolean {
    const limit = Math.min(end, position + MAX_INLINE_BYTES + 1);
    let i = position;
    while (i < limit && bytes[i] !== CR) i++;
    if (i >= limit && end - position >= MAX_INLINE_BYTES) {
      this.#fail(tooLong);
      return false;
    }
    if (i + 1 >= end) return false;
    const text = bytes.toString('latin1', position, Math.min(i, position + 24));
    const isInteger = i - position < 24 && /^(0|-?[1-9][0-9]*)$/.test(text);
    const value = isInteger ? Number(text) : NaN;
    this.#lineValue = Math.abs(value) <= 2 ** 63 ? value : NaN;
    this.#lineEnd = i + 2;
    return true;
  }

  #inline(bytes: Buffer, start: number, end: number): number {
    const newline = bytes.indexOf(LF, start);
    if (newline < 0 || newline >= end) {
      if (end - start > MAX_INLINE_BYTES) return this.#fail('too big inline request');
      return -1;
    }
    let stop = newline;
    if (stop > start && bytes[stop - 1] === CR) stop--;
    const first = this.#argCount;
    const argc = splitInline(bytes, start, stop, (offset, length) => this.#addArg(offset, length));
    if (argc < 0) {
      this.#argCount = first;
      return this.#fail('unbalanced quotes in request');
    }
    if (argc > 0) this.#addCommand(first, argc, -1, newline + 1);
    return newline + 1;
  }

  #addCommand(first: number, argc: number, start: number, end: number): void {
    const at = this.commandCount++ * COMMAND_WORDS;
    this.commands[at + COMMAND_FIRST_ARG] = first;
    this.commands[at + COMMAND_ARGC] = argc;
    this.commands[at + COMMAND_START] = start;
    this.commands[at + COMMAND_END] = end;
  }

  #addArg(offset: number, length: number): void {
    const at = this.#argCount * 2;
    if (at + 2 > this.args.length) this.#reserve(1);
    this.args[at] = offset;
    this.args[at + 1] = length;
    this.#argCount++;
  }

  /** Makes room for `count` more arguments; they stand for bytes that did arrive. */
  #reserve(count: number): void {
    const needed = (this.#argCount + count) * 2;
    if (needed <= this.args.length) return;
    const grown = new Int32Array(Math.max(needed, this.args.length * 2));
    grown.set(this.args);
    this.args = grown;
  }

  /** Puts the arguments of earlier pieces in front of those of the last one. */
  #join(start: number, first: number, earlier: PartialCommand): void {
    const known = earlier.argCount;
    this.#reserve(known);
    const { args } = this;
    args.copyWithin((first + known) * 2, first * 2, this.#argCount * 2);
    for (let i = 0; i < known; i++) {
      args[(first + i) * 2] = earlier.args[i * 2]! + start;
      args[(first + i) * 2 + 1] = earlier.args[i * 2 + 1]!;
    }
    this.#argCount += known;
  }

  #suspend(
    start: number,
    at: number,
    first: number,
    argc: number,
    bulkBytes: number,
    resume: PartialCommand | null,
  ): number {
    const partial = resume ?? { argc, scanned: 0, args: NO_ARGS, argCount: 0, bulkBytes };
    const added = this.#argCount - first;
    const needed = (partial.argCount + added) * 2;
    if (needed > partial.args.length) {
      const grown = new Int32Array(Math.max(needed, partial.args.length * 2));
      grown.set(partial.args);
      partial.args = grown;
    }
    let to = partial.argCount * 2;
    for (let i = first * 2; i < this.#argCount * 2; i += 2) {
      partial.args[to++] = this.args[i]! - start;
      partial.args[to++] = this.args[i + 1]!;
    }
    partial.argCount += added;
    partial.scanned = at - start;
    partial.bulkBytes = bulkBytes;
    this.partial = partial;
    this.#argCount = first;
    return -1;
  }

  #fail(text: string): number {
    this.error = `ERR Protocol error: ${text}`;
    return -1;
  }
}
