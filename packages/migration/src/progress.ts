// How far something is: a bar on a terminal, a line now and then elsewhere.

const BAR_WIDTH = 30;
const REDRAW_MS = 100;
const LINE_MS = 10_000;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  readonly #out: ProgressOutput;
  readonly #label: string;
  readonly #unit: string;
  readonly #startedMs = performance.now();
  #nextMs = 0;
  #isShown = false;

  /** @param unit what is counted beside the parts */
  constructor(out: ProgressOutput, label: string, unit: string) {
    this.#out = out;
    this.#label = label;
    this.#unit = unit;
  }

  /** Shows how far it is, if it is time to. */
  at(done: number, total: number, count: number): void {
    const now = performance.now();
    if (now < this.#nextMs) return;
    if (this.#nextMs === 0) {
      this.#nextMs = now + REDRAW_MS;
      return;
    }
    this.#nextMs = now + (this.#out.isTTY ? REDRAW_MS : LINE_MS);
    const part = total > 0 ? Math.min(1, done / total) : 1;
    const percent = `${Math.floor(part * 100)} %`.padStart(5);
    const seconds = (now - this.#startedMs) / 1000;
    const left = part > 0 ? Math.ceil((seconds / part) * (1 - part)) : 0;
    const text = `${percent}  ${count.toLocaleString('en')} ${this.#unit}  ${left} s left`;
    if (!this.#out.isTTY) {
      this.#out.write(`${this.#label}${text}\n`);
      return;
    }
    const full = Math.round(part * BAR_WIDTH);
    const bar = '#'.repeat(full) + '.'.repeat(BAR_WIDTH - full);
    this.#out.write(`\r\x1b[K${this.#label} [${bar}]${text}`);
    this.#isShown = true;
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isShown) this.#out.write('\r\x1b[K');
  }
}
