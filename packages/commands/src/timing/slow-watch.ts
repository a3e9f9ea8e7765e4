// What one thread asks of the time a command took: whether it belongs in the slow log or is a
// spike for the latency monitor. One comparison for commands that are neither.

import { type CommandTable, FLAG_FAST, FLAG_SKIP_SLOWLOG } from '@forgekv/catalog';
import type { Config } from '@forgekv/config';
import { type LatencyLog, sealSlowCommand, timeSealed } from '@forgekv/rings';
import type { Request } from '../request.ts';
import { secretArguments } from './secret-arguments.ts';

/** As in Redis: arguments of an entry, and bytes of each. */
const MOST_ARGS = 32;
const MOST_ARG_BYTES = 128;
const SECRET = Buffer.from('(redacted)');
/** Below this threshold each command of a batch is timed by itself. */
const EXACT_BELOW_US = 1000;

export class SlowWatch {
  readonly #table: CommandTable;
  readonly #latency: LatencyLog;
  #slowerThanUs = Number.POSITIVE_INFINITY;
  #spikeUs = Number.POSITIVE_INFINITY;
  /** Commands that took at least so long are to be told of. */
  leastUs = Number.POSITIVE_INFINITY;
  /** Each command is to be timed by itself. */
  isExact = false;
  /** Of `slowlog-max-len`. */
  mostEntries = 0;

  constructor(table: CommandTable, latency: LatencyLog) {
    this.#table = table;
    this.#latency = latency;
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(config: Config): void {
    const slowerThanUs = config.integer('slowlog-log-slower-than');
    const spikeMs = config.integer('latency-monitor-threshold');
    this.#latency.setThreshold(spikeMs);
    this.mostEntries = config.integer('slowlog-max-len');
    this.#slowerThanUs = slowerThanUs < 0 ? Number.POSITIVE_INFINITY : slowerThanUs;
    this.#spikeUs = spikeMs === 0 ? Number.POSITIVE_INFINITY : spikeMs * 1000;
    this.leastUs = Math.min(this.#slowerThanUs, this.#spikeUs);
    this.isExact = this.#slowerThanUs < EXACT_BELOW_US;
  }

  /**
   * Takes the time of the command in the request.
   * @returns what is to be appended to the slow log, or null
   */
  took(request: Request, id: number, microseconds: number): Buffer | null {
    return this.#isSlow(id, microseconds) ? this.seal(request, id, microseconds) : null;
  }

  /** The same for one that was sealed before its time was known. True: it is to be appended. */
  tookSealed(sealed: Buffer, id: number, microseconds: number): boolean {
    timeSealed(sealed, microseconds);
    return this.#isSlow(id, microseconds);
  }

  /** Tells the latency monitor of it; true: it belongs in the slow log. */
  #isSlow(id: number, microseconds: number): boolean {
    if (microseconds >= this.#spikeUs) {
      const isFast = (this.#table.flagBits[id]! & FLAG_FAST) !== 0;
      this.#latency.add(isFast ? 'fast-command' : 'command', microseconds);
    }
    return microseconds >= this.#slowerThanUs;
  }

  /** A few quick commands of a batch took so long together, nobody knows which of them. */
  stalled(microseconds: number): void {
    if (microseconds >= this.#spikeUs) this.#latency.add('command-batch', microseconds);
  }

  /** The command in the request as the slow log shows it; null: it is not to be shown. */
  seal(request: Request, id: number, microseconds: number): Buffer | null {
    if ((this.#table.flagBits[id]! & FLAG_SKIP_SLOWLOG) !== 0) return null;
    const shown = shownArguments(request, this.#table.names[id]!);
    return sealSlowCommand(Math.floor(Date.now() / 1000), microseconds, shown);
  }
}

function shownArguments(request: Request, name: string): Uint8Array[] {
  const { argc } = request;
  const isSecret = secretArguments(request, name);
  const shown: Uint8Array[] = [];
  const most = argc > MOST_ARGS ? MOST_ARGS - 1 : argc;
  for (let i = 0; i < most; i++) {
    if (isSecret(i)) {
      shown.push(SECRET);
      continue;
    }
    const bytes = request.slice(i);
    const rest = bytes.length - MOST_ARG_BYTES;
    if (rest <= 0) shown.push(bytes);
    else shown.push(cutArgument(bytes, rest));
  }
  if (most < argc) shown.push(Buffer.from(`... (${argc - most} more arguments)`));
  return shown;
}

function cutArgument(bytes: Buffer, rest: number): Buffer {
  return Buffer.concat([
    bytes.subarray(0, MOST_ARG_BYTES),
    Buffer.from(`... (${rest} more bytes)`),
  ]);
}
