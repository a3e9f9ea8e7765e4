// What a connection has queued since MULTI: the commands as RESP, and what EXEC wants to know of
// them all. Executes nothing.

import type { AclUser, Request } from '@forgekv/commands';
import { encodeCommand } from './encode-command.ts';

const FIRST_BYTES = 512;
/** Larger ones are not kept for the next transaction. */
const KEPT_BYTES = 4096;
/** Up to so many bytes a loop copies faster than the call that does it. */
const LOOP_BYTES = 128;
/** Names and keys are read in words, perhaps behind the end. */
const SPARE_BYTES = 8;

export class CommandQueue {
  /** The commands, one behind the other, in the first `length` bytes. */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  view = new DataView(this.bytes.buffer);
  length = 0;
  /** Of each command. */
  readonly ids: number[] = [];
  /** Where each ends in `bytes`. */
  readonly ends: number[] = [];
  /** The flags of all commands together. */
  flags = 0;
  /** Arguments of all commands together, and bytes of the longest. */
  args = 0;
  longestArg = 0;
  /** A front may execute all of them itself, as far as their names tell. */
  isInPlace = true;
  /** Shard of the first key that a command has, -1: none has one. */
  homeShard = -1;
  /** There are commands that only a worker can execute, or a front on keys. */
  hasKeyed = false;
  /** Whose permissions the commands were checked for, null: he may do everything. */
  checkedFor: AclUser | null = null;
  /** They have to be checked again. */
  isToBeChecked = false;
  /** Errors, by index, of commands that are not executed. */
  refusals: Map<number, string> | null = null;
  /** A command was refused: EXEC will be. */
  isFailed = false;

  get count(): number {
    return this.ids.length;
  }

  /** Adds the command in a request (copied). */
  add(id: number, request: Request): void {
    const { argc } = request;
    const isInline = request.start < 0;
    const source = isInline ? encodeCommand(request) : request.bytes;
    const from = isInline ? 0 : request.start;
    const to = isInline ? source.length : request.end;
    this.#grow(this.length + to - from);
    const { bytes } = this;
    if (to - from > LOOP_BYTES) source.copy(bytes, this.length, from, to);
    else for (let at = from, into = this.length; at < to; ) bytes[into++] = source[at++]!;
    this.length += to - from;
    this.ids.push(id);
    this.ends.push(this.length);
    this.args += argc;
    for (let i = 0; i < argc; i++) this.longestArg = Math.max(this.longestArg, request.length(i));
  }

  /** Makes it as new for the next transaction; false: it is too large to be kept. */
  reset(): boolean {
    if (this.bytes.length > KEPT_BYTES) return false;
    this.length = 0;
    this.ids.length = 0;
    this.ends.length = 0;
    this.flags = 0;
    this.args = 0;
    this.longestArg = 0;
    this.isInPlace = true;
    this.homeShard = -1;
    this.hasKeyed = false;
    this.isFailed = false;
    this.checkedFor = null;
    this.isToBeChecked = false;
    this.refusals = null;
    return true;
  }

  /** Where a command begins in `bytes`. */
  startOf(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  #grow(bytes: number): void {
    const wanted = bytes + SPARE_BYTES;
    if (wanted <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}
