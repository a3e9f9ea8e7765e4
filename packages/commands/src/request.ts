// The command being executed, as offsets into the bytes it arrived in.

import { parseInt64 } from '@forgekv/datatypes';

/** Arguments by index; 0 is the command's name. */
export class Request {
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Offset and length pairs, as RequestParser leaves them. */
  args: Int32Array = new Int32Array(0);
  /** Index of the command's name among the arguments in `args`. */
  first = 0;
  /** Number of arguments, the name included. */
  argc = 0;
  /** Where the command lies in `bytes` as RESP; start < 0: it came inline, so nowhere. */
  start = -1;
  end = -1;

  /** Points to the bytes of a batch; `view` covers the same bytes. */
  source(bytes: Buffer, view: DataView, args: Int32Array): void {
    this.bytes = bytes;
    this.view = view;
    this.args = args;
  }

  offset(index: number): number {
    return this.args[(this.first + index) * 2]!;
  }

  length(index: number): number {
    return this.args[(this.first + index) * 2 + 1]!;
  }

  /** Returns an argument as a signed 64-bit integer, or null when it is not one. */
  int64(index: number): bigint | null {
    return parseInt64(this.bytes, this.offset(index), this.length(index));
  }

  /** Returns an argument as latin-1 text: numbers, keywords, names. */
  text(index: number): string {
    const at = this.args[(this.first + index) * 2]!;
    return this.bytes.toString('latin1', at, at + this.args[(this.first + index) * 2 + 1]!);
  }

  /** Returns a copy of an argument's bytes. */
  copy(index: number): Buffer {
    return Buffer.from(this.slice(index));
  }

  /** Returns a view of an argument's bytes, valid while the command runs. */
  slice(index: number): Buffer {
    const at = this.offset(index);
    return this.bytes.subarray(at, at + this.length(index));
  }

  /** True when an argument is `word` (given in lower case), in any letter case. */
  is(index: number, word: string): boolean {
    const at = this.args[(this.first + index) * 2]!;
    if (this.args[(this.first + index) * 2 + 1] !== word.length) return false;
    for (let i = 0; i < word.length; i++) {
      let byte = this.bytes[at + i]!;
      if (byte >= 65 && byte <= 90) byte |= 32;
      if (byte !== word.charCodeAt(i)) return false;
    }
    return true;
  }
}
