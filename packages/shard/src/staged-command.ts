// A command whose large arguments are taken in part by part before it is executed: into the log,
// and into the memory of the value where one becomes a string as it is. Until then its run waits.

import { invariant } from '@forgekv/base';
import {
  allocateLarge,
  type EffectLog,
  type Request,
  type StagedArgument,
} from '@forgekv/commands';
import type { Awaited } from './peers.ts';

/** Arguments below this are written with their effect, however large the command. */
const LEAST_ARGUMENT_BYTES = 64 * 1024;
const MOST_ARGUMENTS = 2048;

function isLong(length: number, above: number): boolean {
  return length > Math.min(above, LEAST_ARGUMENT_BYTES);
}

/** True when a command has arguments that are taken in before, where those of `above` bytes are. */
export function isStageable(request: Request, above: number): boolean {
  for (let i = 1; i < request.argc; i++) if (isLong(request.length(i), above)) return true;
  return false;
}

export class StagedCommand implements Awaited {
  readonly arguments: readonly StagedArgument[];
  readonly #log: EffectLog;
  readonly #ended: (staged: StagedCommand) => void;
  /** The run, which begins with the command: where offsets of arguments refer to. */
  bytes: Buffer | null = null;
  isDone = false;
  #at = 0;

  /**
   * @param request whose arguments of more than `above` bytes are taken in
   * @param mayStore true: one that is longer than `valueAbove` becomes a large string
   */
  constructor(
    log: EffectLog,
    request: Request,
    above: number,
    mayStore: boolean,
    valueAbove: number,
    ended: (staged: StagedCommand) => void,
  ) {
    this.#log = log;
    this.#ended = ended;
    const staged: StagedArgument[] = [];
    for (let i = 1; i < request.argc && staged.length < MOST_ARGUMENTS; i++) {
      const length = request.length(i);
      if (!isLong(length, above)) continue;
      staged.push({
        offset: request.offset(i) - request.start,
        length,
        value: mayStore && length > valueAbove ? allocateLarge(length) : null,
        bytes: log.staging.begin(length),
      });
    }
    this.arguments = staged;
  }

  /** True when the request is this command, where its run is kept. */
  isOf(request: Request): boolean {
    return request.start === 0 && request.bytes === this.bytes;
  }

  /**
   * Takes in some bytes; false: the log is fenced, and the command has to do without.
   * @param mostBytes
   */
  step(mostBytes: number): boolean {
    const argument = this.arguments[this.#at];
    invariant(argument !== undefined && this.bytes !== null, 'there are bytes to be taken in');
    const { offset, length, value, bytes } = argument;
    const from = bytes.written;
    const count = Math.min(mostBytes, length - from);
    if (!this.#log.staging.write(bytes, this.bytes, offset + from, count)) return false;
    if (value !== null) this.bytes.copy(value, from, offset + from, offset + from + count);
    if (bytes.written === length) this.#at++;
    return true;
  }

  /** All bytes were taken in. */
  get isWhole(): boolean {
    return this.#at === this.arguments.length;
  }

  /** The command was executed, or its run is not kept any more. */
  end(): void {
    for (const { bytes } of this.arguments) this.#log.staging.end(bytes);
    this.#ended(this);
  }
}
