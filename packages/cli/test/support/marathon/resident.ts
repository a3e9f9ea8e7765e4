// What the clients of a marathon have in common: each keeps account of what it has asked for and
// what was answered, and judges by that what it finds when the server is back.

import type { ServerHandle } from '@forgekv/testkit';

/** A client with keys of its own. */
export interface Resident {
  readonly name: string;
  /** A few commands and their judgement. Rejects when the server goes meanwhile. */
  work(): Promise<void>;
  /** What the server has, against the account; called when it is back, and in the end. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Makes a resident for a server; the index keeps it from others of its kind. */
export type MakeResident = (server: ServerHandle, index: number) => Promise<Resident>;

/** The server has not what it must have: no restart is an excuse. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

export function must(holds: boolean, why: () => string): void {
  if (!holds) throw new Lost(why());
}

/** How often something was asked for, and how often that was answered. */
export class Tally {
  acked = 0;
  tried = 0;

  /** Counts as tried at once, as answered when it is. */
  async of<T>(work: () => Promise<T>, times = 1): Promise<T> {
    this.tried += times;
    const result = await work();
    this.acked += times;
    return result;
  }

  /** What was found has to be between the two, and is what counts from now on. */
  settle(found: number, what: string): void {
    must(found >= this.acked && found <= this.tried, () => {
      return `${what} is ${found}: ${this.acked} answered, ${this.tried} asked for`;
    });
    this.acked = found;
    this.tried = found;
  }
}
