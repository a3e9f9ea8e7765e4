// Slows down whoever guesses passwords: after a few failures from an address each further one
// is answered later. Right passwords are never delayed, and nobody is locked out.

/** Failures of one address that cost nothing: typing errors, reconnecting pools. */
const FREE_FAILURES = 4;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;
/** An address without a failure for this long starts anew. */
const FORGET_MS = 60_000;
/** Addresses remembered at most; the oldest are forgotten first. */
const MOST_ADDRESSES = 10_000;

interface Record {
  failures: number;
  lastMs: number;
}

export class LoginThrottle {
  readonly #records = new Map<string, Record>();

  /**
   * Notes a failed login.
   * @param address the peer without its port
   * @returns how long its answer is to be held back, in milliseconds
   */
  failed(address: string, nowMs: number): number {
    const known = this.#records.get(address);
    const fresh = known === undefined || nowMs - known.lastMs > FORGET_MS;
    const failures = fresh ? 1 : known.failures + 1;
    // Deleted first, so that the map's order is the order of last failures.
    this.#records.delete(address);
    this.#records.set(address, { failures, lastMs: nowMs });
    if (this.#records.size > MOST_ADDRESSES) {
      const oldest = this.#records.keys().next().value;
      if (oldest !== undefined) this.#records.delete(oldest);
    }
    if (failures <= FREE_FAILURES) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (failures - FREE_FAILURES - 1), LONGEST_DELAY_MS);
  }
}
