// Samples what only makes sense over time: operations and bytes per second, peak memory.

import {
  type DurabilityFigures,
  type ProcessFigures,
  type SaveFigures,
  type StatField,
  StatsReader,
} from '@forgekv/commands';

const EVERY_MS = 1000;

export class FigureSampler {
  readonly #stats: StatsReader;
  readonly #publish: (figures: ProcessFigures) => void;
  readonly #hotBytes: () => number;
  readonly #durability: () => DurabilityFigures;
  readonly #saves: () => SaveFigures;
  #sampled: ProcessFigures | null = null;
  #last = { atMs: 0, commands: 0, inputBytes: 0, outputBytes: 0 };
  #peakMemoryBytes = 0;
  #startupMemoryBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    blocks: readonly SharedArrayBuffer[],
    hotBytes: () => number,
    durability: () => DurabilityFigures,
    saves: () => SaveFigures,
    publish: (figures: ProcessFigures) => void,
  ) {
    this.#stats = new StatsReader(blocks);
    this.#hotBytes = hotBytes;
    this.#durability = durability;
    this.#saves = saves;
    this.#publish = publish;
  }

  start(): void {
    this.sample();
    this.#timer = setInterval(() => this.sample(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Total of a counter over all threads. */
  total(field: StatField): number {
    return this.#stats.get(field);
  }

  /** Publishes what backups are like now, and the rest as it was last sampled. */
  tellSaves(): void {
    if (this.#sampled !== null) this.#publish({ ...this.#sampled, saves: this.#saves() });
  }

  /** Measures and publishes now; otherwise once a second. */
  sample(): void {
    const now = {
      atMs: Date.now(),
      commands: this.#stats.get('commands'),
      inputBytes: this.#stats.get('inputBytes'),
      outputBytes: this.#stats.get('outputBytes'),
    };
    const seconds = Math.max(0.001, (now.atMs - this.#last.atMs) / 1000);
    const first = this.#last.atMs === 0;
    const rate = (after: number, before: number): number =>
      first ? 0 : (after - before) / seconds;
    const { heapUsed } = process.memoryUsage();
    const heapBytes = heapUsed + this.#stats.get('heapBytes');
    const largeValueBytes = this.#stats.get('largeBytes');
    const memoryBytes = heapBytes + largeValueBytes + this.#hotBytes();
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes);
    if (first) this.#startupMemoryBytes = memoryBytes;
    this.#sampled = {
      opsPerSecond: Math.round(rate(now.commands, this.#last.commands)),
      inputKbps: rate(now.inputBytes, this.#last.inputBytes) / 1024,
      outputKbps: rate(now.outputBytes, this.#last.outputBytes) / 1024,
      peakMemoryBytes: this.#peakMemoryBytes,
      startupMemoryBytes: this.#startupMemoryBytes,
      heapBytes,
      largeValueBytes,
      durability: this.#durability(),
      saves: this.#saves(),
    };
    this.#last = now;
    this.#publish(this.#sampled);
  }
}
