// What the tests use of redlock 4, which comes without types.

declare module 'redlock' {
  import type { EventEmitter } from 'node:events';

  class Redlock extends EventEmitter {
    constructor(clients: readonly unknown[], options?: Redlock.Options);
    acquire(resource: string | readonly string[], ttlMs: number): Promise<Redlock.Lock>;
  }

  namespace Redlock {
    interface Options {
      /** -1 tries for ever. */
      readonly retryCount?: number;
      readonly retryDelay?: number;
      readonly retryJitter?: number;
    }

    interface Lock {
      readonly value: string;
      unlock(): Promise<void>;
      extend(ttlMs: number): Promise<Lock>;
    }
  }

  export = Redlock;
}
