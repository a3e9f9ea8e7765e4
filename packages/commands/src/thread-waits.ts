// What waits on a thread, or is held for who waits: how many there are at the moment, published to
// shared memory behind the thread's counters a few times a second. When nobody does anything all of
// them are 0; what stays above was left behind.

/** In order of their slots. */
export const WAIT_FIELDS = [
  /** Of fronts: connections that execute nothing at the moment, whatever they wait for. */
  'connections',
  /** Of fronts: connections in MULTI, or with watched keys. */
  'transactions',
  /** Of fronts: runs that are with a worker. */
  'hops',
  /** Of fronts: long replies that wait until their client has read some. */
  'pausedReplies',
  /** Of workers: runs that wait for a value, for the disk or for room. */
  'runs',
  /** Of workers: long commands that are executed in slices. */
  'slicedRuns',
  /** Of workers: large values that must not change while somebody reads them. */
  'heldValues',
  /** Of workers: values borrowed from other workers. */
  'borrowedValues',
] as const;
export type WaitField = (typeof WAIT_FIELDS)[number];

/** One thread's numbers. Only the owning thread writes; a reader may see what was a second ago. */
export class ThreadWaits {
  readonly #slots: Float64Array;

  /** @param memory the thread's block of counters; the numbers are the last of it */
  constructor(memory: SharedArrayBuffer) {
    const bytes = WAIT_FIELDS.length * Float64Array.BYTES_PER_ELEMENT;
    this.#slots = new Float64Array(memory, memory.byteLength - bytes, WAIT_FIELDS.length);
  }

  get(field: WaitField): number {
    return this.#slots[WAIT_FIELDS.indexOf(field)]!;
  }

  /** Publishes some of the numbers. */
  tell(numbers: Partial<Record<WaitField, number>>): void {
    for (const [i, field] of WAIT_FIELDS.entries()) {
      const value = numbers[field];
      if (value !== undefined) this.#slots[i] = value;
    }
  }
}
