// Feeds the parser as a connection does: bytes come in pieces, what is unfinished is kept, and a
// piece may lie in a buffer with the leftovers of others behind it.

import { invariant } from '@forgekv/base';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  COMMAND_WORDS,
  type PartialCommand,
  type RequestLimits,
  RequestParser,
} from '../src/request-parser.ts';

export const OPEN_LIMITS: RequestLimits = { maxBulkBytes: 512 * 1024 * 1024, authenticated: true };
/** What lies behind the bytes that have arrived: everything a careless parser would take. */
const POISON = Buffer.from('\r\n$1\r\nx\r\n*1\r\n$4\r\nPING\r\n');

export interface Parsed {
  /** Arguments as latin-1. */
  readonly commands: string[][];
  readonly error: string;
  /** Bytes left over behind the last whole command. */
  readonly rest: number;
}

/** A connection's reading side. */
export class ParseStream {
  readonly commands: string[][] = [];
  error = '';
  readonly #parser = new RequestParser();
  readonly #limits: RequestLimits;
  #bytes = Buffer.alloc(64);
  #start = 0;
  #end = 0;
  #partial: PartialCommand | null = null;
  /** Argument lists made anew because a resumed command outgrew them. */
  regrown = 0;

  constructor(limits: RequestLimits = OPEN_LIMITS) {
    this.#limits = limits;
  }

  get rest(): number {
    return this.#end - this.#start;
  }

  add(piece: Uint8Array): void {
    if (this.error !== '') return;
    this.#append(piece);
    for (;;) {
      const earlier = this.#partial?.args;
      const next = this.#parse();
      if (this.#partial !== null && this.#partial.args !== earlier) this.regrown++;
      this.#start = next;
      if (this.#parser.commandCount === 0 || this.error !== '') return;
    }
  }

  #append(piece: Uint8Array): void {
    if (this.#end + piece.length + POISON.length > this.#bytes.length) {
      const grown = Buffer.alloc((this.rest + piece.length + POISON.length) * 2);
      // At an odd place, so that offsets of an unfinished command must be relative to hold.
      this.#bytes.copy(grown, 3, this.#start, this.#end);
      this.#end = 3 + this.rest;
      this.#start = 3;
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
    this.#bytes.set(POISON, this.#end);
  }

  #parse(): number {
    const parser = this.#parser;
    const resume = this.#partial;
    this.#partial = null;
    const next = parser.parse(this.#bytes, this.#start, this.#end, this.#limits, resume);
    invariant(next >= this.#start && next <= this.#end, `consumed ${next} of ${this.#end}`);
    this.#collect();
    this.error = parser.error;
    this.#partial = parser.partial;
    return next;
  }

  #collect(): void {
    const { commands, args, commandCount } = this.#parser;
    let end = this.#start;
    for (let i = 0; i < commandCount; i++) {
      const at = i * COMMAND_WORDS;
      const start = commands[at + COMMAND_START]!;
      invariant(start === -1 || start >= end, 'commands do not overlap');
      end = commands[at + COMMAND_END]!;
      invariant(end <= this.#end, 'a command ends within what has arrived');
      const first = commands[at + COMMAND_FIRST_ARG]!;
      const texts: string[] = [];
      for (let arg = first; arg < first + commands[at + COMMAND_ARGC]!; arg++) {
        const offset = args[arg * 2]!;
        const length = args[arg * 2 + 1]!;
        invariant(offset >= this.#start && offset + length <= end, 'an argument lies inside');
        texts.push(this.#bytes.toString('latin1', offset, offset + length));
      }
      this.commands.push(texts);
    }
  }
}

/** Parses bytes that arrive in pieces of `size` bytes; 0: all at once. */
export function parseInPieces(
  bytes: Uint8Array,
  size: number,
  limits: RequestLimits = OPEN_LIMITS,
): Parsed {
  const stream = new ParseStream(limits);
  if (size === 0) stream.add(bytes);
  else for (let at = 0; at < bytes.length; at += size) stream.add(bytes.subarray(at, at + size));
  return { commands: stream.commands, error: stream.error, rest: stream.rest };
}

/** A command in RESP. */
export function resp(...args: readonly string[]): string {
  return respOf(args);
}

/** The same for very many arguments. */
export function respOf(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}
