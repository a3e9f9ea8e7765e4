// Reads from an engine, except while it is being opened again: until everything retained has been
// written once more, it may show a state older than one that was acknowledged.

import type { FencedWriter } from './fenced-writer.ts';
import type { EnginePage, EngineReader, FileCheck, StoreEngine } from './store-engine.ts';
import { StoreError } from './store-errors.ts';

export class GatedReader implements EngineReader {
  readonly #engine: StoreEngine;
  readonly #writer: FencedWriter;

  constructor(engine: StoreEngine, writer: FencedWriter) {
    this.#engine = engine;
    this.#writer = writer;
  }

  getSync(key: Uint8Array): Buffer | undefined {
    this.#assertReadable();
    return this.#engine.getSync(key);
  }

  listKeysSync(from: Uint8Array, before: Uint8Array): Buffer[] {
    this.#assertReadable();
    return this.#engine.listKeysSync(from, before);
  }

  scanPage(
    from: Uint8Array,
    before: Uint8Array,
    maxEntries: number,
    maxBytes: number,
  ): Promise<EnginePage> {
    return this.#within(() => this.#engine.scanPage(from, before, maxEntries, maxBytes));
  }

  verifyFile(after: string): Promise<FileCheck | null> {
    return this.#within(() => this.#engine.verifyFile(after));
  }

  /** What was read while a reopening began is not given out. */
  async #within<T>(read: () => Promise<T>): Promise<T> {
    this.#assertReadable();
    const { epoch } = this.#writer;
    const result = await read();
    if (epoch !== this.#writer.epoch) throw reopened();
    return result;
  }

  #assertReadable(): void {
    if (!this.#writer.isReadable) throw reopened();
  }
}

function reopened(): StoreError {
  return new StoreError('CLOSED', 'the store is closed, or being opened again after an error');
}
