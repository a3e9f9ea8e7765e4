// The gates of shards: how a worker closes those of a transaction, or of a script, waits for those
// that others have closed, and asks for more than it began with. Runs nothing behind them.
//
// Why nobody waits for ever:
//
// 1. Who *acquires* has not begun to run. It closes gates in ascending order of shards, so those
//    who acquire never wait for each other in a circle.
// 2. Who *runs* has all the gates it will need and waits for nobody but for answers of its peers,
//    which everybody gives while he waits. So it ends. The exception is:
// 3. A script that has changed something already and then calls for a key that it did not declare
//    *extends*: it keeps what it has and asks for more. Only one at a time may, the *extender*, and
//    it stays that until it ends. It says which gate it wants, and whoever holds that gate
//      a. acquires: it opens all gates that it has, waits until the extender has got this one, and
//         begins again;
//      b. runs: it ends by itself, unless
//      c. it waits to become the extender itself: then the two wait for each other, and neither can
//         undo what it has done. The one that is not the extender gives up: its command fails.
//    So the extender gets its gates. The next one becomes it when this one has ended, and until
//    then holds up nobody for good: whoever wants its gates acquires, or is the extender (c).
//
// Scripts and functions that may write begin with all gates closed, and keep them, unless they can
// be seen to call for no other keys than they declare (script-keys.ts); who has not written begins
// again, with all. So none gets here whose text was read rightly, and c. needs two that were not,
// at once, each having changed a shard that the other wants. It is what is left to do then.
//
// 4. A script may go on for as long as it likes. Nobody sleeps for one that has gone on for some
//    milliseconds: `GateTaken` is thrown, with everything open and nothing done, and the run is put
//    aside, or answered BUSY.

import type { HotTable } from '@forgekv/keyspace';
import type { ScriptControl } from '@forgekv/rings';
import type { Peers } from './peers.ts';

/** Looks at a gate before a worker goes to sleep for it: most are open again in microseconds. */
const SPINS = 200;
const NOTHING: readonly number[] = [];

/** A script that goes on for long holds a gate that is needed; nothing has happened. */
export class GateTaken extends Error {
  override name = 'GateTaken';
  readonly shard: number;
  /** The worker that executes the script. */
  readonly holder: number;

  constructor(shard: number, holder: number) {
    super(`worker ${holder} holds the gate of shard ${shard}`);
    this.shard = shard;
    this.holder = holder;
  }
}

export interface GatesModules {
  readonly table: HotTable;
  readonly peers: Peers;
  readonly control: ScriptControl;
  /** Of this worker; its gates carry the number + 1. */
  readonly index: number;
}

export class Gates {
  readonly #m: GatesModules;
  readonly #id: number;
  #isExtender = false;

  constructor(modules: GatesModules) {
    this.#m = modules;
    this.#id = modules.index + 1;
  }

  /** Closes one gate. @throws GateTaken */
  closeOne(shard: number): void {
    while (!this.#tryClose(shard)) this.#await(shard, NOTHING, 0);
  }

  /** Closes the gates of shards, in ascending order. @throws GateTaken */
  close(ascending: readonly number[]): void {
    while (!this.#closeAll(ascending));
  }

  /** False: they were given back, since somebody who cannot wait wants one of them. */
  #closeAll(ascending: readonly number[]): boolean {
    for (let i = 0; i < ascending.length; i++) {
      const shard = ascending[i]!;
      while (!this.#tryClose(shard)) {
        if (this.#await(shard, ascending, i)) continue;
        this.open(ascending, i);
        this.#awaitExtender(ascending, i);
        return false;
      }
    }
    return true;
  }

  #tryClose(shard: number): boolean {
    const { table } = this.#m;
    table.locks.lock(shard);
    const isFree = table.gateOf(shard) === 0;
    if (isFree) table.setGate(shard, this.#id);
    table.locks.unlock(shard);
    return isFree;
  }

  /** Opens the first `count` of the gates, and wakes those who wait for any. */
  open(shards: Iterable<number>, count = Infinity): void {
    let left = count;
    for (const shard of shards) {
      if (left-- <= 0) break;
      this.#open(shard);
    }
    this.#wake();
  }

  openOne(shard: number): void {
    this.#open(shard);
    this.#wake();
  }

  #open(shard: number): void {
    const { table } = this.#m;
    table.locks.lock(shard);
    table.setGate(shard, 0);
    table.locks.unlock(shard);
  }

  /** Who waits has counted itself before it looked at the gate for the last time. */
  #wake(): void {
    if (this.#m.control.hasGateWaiters) this.#m.peers.wakeAll();
  }

  /** Waits until no other worker holds the shard's gate. No lock is held. @throws GateTaken */
  await(shard: number): void {
    this.#await(shard, NOTHING, 0);
  }

  /**
   * The same with the first `held` of some gates closed.
   * @returns false: one of these is wanted by who cannot wait
   */
  #await(shard: number, gates: readonly number[], held: number): boolean {
    const { table, control, peers, index } = this.#m;
    for (let spin = 0; spin < SPINS; spin++) {
      const gate = table.gateOf(shard);
      if (gate === 0) return true;
      if (control.isLong(gate - 1)) break;
    }
    control.countGateWaiter(1);
    try {
      for (;;) {
        const gate = table.gateOf(shard);
        if (gate === 0) return true;
        const holder = gate - 1;
        if (control.isLong(holder)) {
          this.open(gates, held);
          throw new GateTaken(shard, holder);
        }
        if (held > 0 && control.isExtending(index)) {
          const wanted = gates.indexOf(control.wanted);
          if (wanted >= 0 && wanted < held) return false;
        }
        peers.wait();
      }
    } finally {
      control.countGateWaiter(-1);
    }
  }

  /** Waits, with nothing closed, until the extender has what it wants. */
  #awaitExtender(gates: readonly number[], held: number): void {
    const { control, peers, index } = this.#m;
    const wanted = new Set(gates.slice(0, held));
    while (control.isExtending(index) && wanted.has(control.wanted)) peers.wait();
  }

  /**
   * Closes more gates for a script that has changed something.
   * @param has says which gates it has
   * @param tick called while it waits
   * @returns false: it cannot have them
   */
  extend(more: readonly number[], has: (shard: number) => boolean, tick: () => void): boolean {
    const { control, peers, index } = this.#m;
    while (!this.#isExtender) {
      if (control.beginExtension(index)) {
        this.#isExtender = true;
      } else {
        if (has(control.wanted)) return false;
        tick();
        peers.wait();
      }
    }
    control.countGateWaiter(1);
    for (const shard of more) {
      control.setWanted(shard);
      peers.wakeAll();
      while (!this.#tryClose(shard)) {
        tick();
        peers.wait();
      }
    }
    control.setWanted(-1);
    control.countGateWaiter(-1);
    peers.wakeAll();
    return true;
  }

  /** A script has ended and opened its gates. */
  ended(): void {
    if (!this.#isExtender) return;
    this.#isExtender = false;
    this.#m.control.endExtension();
    this.#m.peers.wakeAll();
  }
}
