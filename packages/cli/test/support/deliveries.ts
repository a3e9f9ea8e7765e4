// What was pushed to queues and what came out of them, and whether that fits: every element exactly
// once, and each who takes from a queue with one pusher gets its elements in order.

export class Deliveries {
  readonly #pushed = new Set<string>();
  readonly #received: { readonly queue: string; readonly who: number; readonly what: string }[] =
    [];

  readonly #isOrdered: (queue: string) => boolean;

  /** @param isOrdered true for queues with one pusher each */
  constructor(isOrdered: (queue: string) => boolean) {
    this.#isOrdered = isOrdered;
  }

  /** The element of a number, of which each is used once. */
  static element(queue: string, number: number): string {
    return `${queue}/${number}`;
  }

  pushed(element: string): void {
    this.#pushed.add(element);
  }

  /** @param queue where it came from, which need not be where it was pushed to */
  received(queue: string, who: number, what: string): void {
    this.#received.push({ queue, who, what });
  }

  /** How many have not come. */
  get missing(): number {
    return this.#pushed.size - this.#received.length;
  }

  /** @returns what is wrong, as text; nothing: all is well */
  problems(): string[] {
    const problems = this.doubled();
    const seen = new Set(this.#received.map(({ what }) => what));
    for (const what of this.#pushed) if (!seen.has(what)) problems.push(`${what} never came`);
    return [...problems, ...this.#disorder()];
  }

  /** What came more than once, or out of nowhere. */
  doubled(): string[] {
    const problems: string[] = [];
    const seen = new Set<string>();
    for (const { what } of this.#received) {
      if (seen.has(what)) problems.push(`${what} came again`);
      if (!this.#pushed.has(what)) problems.push(`${what} was never pushed`);
      seen.add(what);
    }
    return problems;
  }

  #disorder(): string[] {
    const problems: string[] = [];
    const last = new Map<string, number>();
    for (const { queue, who, what } of this.#received) {
      if (!this.#isOrdered(queue)) continue;
      const number = Number(what.slice(what.lastIndexOf('/') + 1));
      const before = last.get(`${who} ${queue}`) ?? -1;
      if (number < before) problems.push(`${what} came to ${who} behind ${before}`);
      last.set(`${who} ${queue}`, number);
    }
    return problems;
  }
}
