// Commands as an append-only file of Redis has them, in the format of requests, with lines of
// comments in between. What precedes them, an RDB file, is read by somebody else.

import type { FileWindow } from './file-window.ts';
import { MigrationError } from './migration-error.ts';

const ARRAY = 0x2a;
const BULK = 0x24;
const COMMENT = 0x23;
const CR = 0x0d;
const LF = 0x0a;
/** Longest line that is not an argument: a number, or a comment. */
const MOST_LINE_BYTES = 4096;
const MOST_ARGUMENTS = 1024 * 1024;
const MOST_ARGUMENT_BYTES = 512 * 1024 * 1024;

/** What `#read` needs more of the file for. */
const INCOMPLETE = Symbol('incomplete');

export class CommandFile {
  readonly #window: FileWindow;
  #at = 0;

  constructor(window: FileWindow) {
    this.#window = window;
  }

  /**
   * Returns the next command, whose arguments are copies; null at the end.
   * @throws MigrationError where the file is damaged
   */
  next(): Buffer[] | null {
    const window = this.#window;
    for (;;) {
      if (window.isAtEnd) return null;
      this.#at = window.start;
      const command = this.#command();
      if (command === INCOMPLETE) {
        if (!window.more()) return null;
        continue;
      }
      window.consume(this.#at - window.start);
      if (command.length > 0) return command;
    }
  }

  /** Bytes of a command that the file ends in the middle of: as a crash leaves it. */
  get unfinishedBytes(): number {
    return this.#window.length;
  }

  /** An empty one stands for a comment. */
  #command(): Buffer[] | typeof INCOMPLETE {
    const first = this.#window.bytes[this.#window.start];
    if (first === COMMENT) return this.#line() === INCOMPLETE ? INCOMPLETE : [];
    if (first !== ARRAY) throw this.#damaged();
    const count = this.#number(ARRAY, MOST_ARGUMENTS);
    if (count === INCOMPLETE) return INCOMPLETE;
    const command: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const length = this.#number(BULK, MOST_ARGUMENT_BYTES);
      if (length === INCOMPLETE || this.#left < length + 2) return INCOMPLETE;
      const end = this.#at + length;
      const { bytes } = this.#window;
      if (bytes[end] !== CR || bytes[end + 1] !== LF) throw this.#damaged();
      command.push(Buffer.from(bytes.subarray(this.#at, end)));
      this.#at = end + 2;
    }
    return command;
  }

  get #left(): number {
    return this.#window.start + this.#window.length - this.#at;
  }

  #number(mark: number, most: number): number | typeof INCOMPLETE {
    const line = this.#line();
    if (line === INCOMPLETE) return INCOMPLETE;
    const digits = line.slice(1);
    if (line.charCodeAt(0) !== mark || !/^\d{1,10}$/.test(digits)) throw this.#damaged();
    const number = Number(digits);
    if (number > most) throw this.#damaged();
    return number;
  }

  #line(): string | typeof INCOMPLETE {
    const { bytes } = this.#window;
    const end = bytes.subarray(0, this.#at + this.#left).indexOf('\r\n', this.#at, 'latin1');
    if (end < 0) {
      if (this.#left > MOST_LINE_BYTES) throw this.#damaged();
      return INCOMPLETE;
    }
    const line = bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #damaged(): MigrationError {
    const { path, position } = this.#window;
    return new MigrationError(
      `${path}: no command where one should be, in what begins at offset ${position}`,
    );
  }
}
