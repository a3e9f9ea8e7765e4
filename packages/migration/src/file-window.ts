// A file that is read from its beginning to its end, item by item, by parsers that need an item as
// a whole: the window grows until it holds one.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MigrationError } from './migration-error.ts';

const CHUNK_BYTES = 1024 * 1024;
/** The longest item: a value of more than 512 MB cannot be restored, whatever it is. */
const MOST_ITEM_BYTES = 640 * 1024 * 1024;

export class FileWindow {
  readonly path: string;
  /** Of the whole file. */
  readonly size: number;
  readonly #file: number;
  #bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #start = 0;
  #end = 0;
  /** Offset in the file of the window's end. */
  #read = 0;

  /** @throws Error of `fs` when the file cannot be opened */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Offset in the file of the next item. */
  get position(): number {
    return this.#read - (this.#end - this.#start);
  }

  /** True when all was consumed. */
  get isAtEnd(): boolean {
    return this.#start === this.#end && !this.#fill();
  }

  /** The bytes of the window are `bytes[start..start + length)`; good until more is read. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get start(): number {
    return this.#start;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /**
   * Reads more behind the window.
   * @returns false at the end of the file
   * @throws MigrationError when the item would be too long
   */
  more(): boolean {
    if (this.length >= MOST_ITEM_BYTES) {
      throw new MigrationError(
        `${this.path}: what begins at offset ${this.position} is damaged, or longer than ` +
          `${MOST_ITEM_BYTES} bytes`,
      );
    }
    return this.#fill();
  }

  /** Drops the first `count` bytes of the window. */
  consume(count: number): void {
    this.#start += count;
  }

  #fill(): boolean {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    if (this.#bytes.length - this.#end < CHUNK_BYTES / 2) this.#makeRoom();
    const room = this.#bytes.length - this.#end;
    const count = readSync(this.#file, this.#bytes, this.#end, room, this.#read);
    this.#end += count;
    this.#read += count;
    return count > 0;
  }

  #makeRoom(): void {
    const { length } = this;
    const isLong = length > this.#bytes.length / 2;
    const target = isLong ? Buffer.allocUnsafeSlow(this.#bytes.length * 2) : this.#bytes;
    this.#bytes.copy(target, 0, this.#start, this.#end);
    this.#bytes = target;
    this.#start = 0;
    this.#end = length;
  }
}
