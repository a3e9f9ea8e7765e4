// The function libraries at start: the file has them as of some LSN, and what the logs say about
// them since is done to them again, by the names and codes alone. No code is run for that, so
// nothing that a library does while it is loaded, and no time it takes, can make a start fail.
//
// All libraries together are one thing, as a key is: each change names the LSN of the one before,
// and one whose change before is not there is a hole, as in replay.ts.

import type { Request } from '@forgekv/commands';
import { type LibraryStore, LOG_OF_EARLIER } from '@forgekv/rings';
import {
  dumpLibraries,
  FunctionEngine,
  parseLibraryHead,
  RESTORE_FLUSH,
  readLibraryCodes,
} from '@forgekv/scripting';
import type { WalEffect } from '@forgekv/storage';

const NO_SUCH_LIBRARY = 'there is no such library';

export class LibraryReplay {
  readonly #store: LibraryStore;
  readonly #say: (message: string) => void;
  /** The code of each library by its name, in the order of FUNCTION LIST; null: not asked for. */
  #codes: Map<string, Buffer> | null = null;
  #lsn: number;
  #isNew = false;

  /**
   * @param store has the libraries of the file
   * @param say writes a line to the server's log
   */
  constructor(store: LibraryStore, say: (message: string) => void) {
    this.#store = store;
    this.#say = say;
    this.#lsn = store.lsn;
  }

  /**
   * Applies a change of the libraries.
   * @param command its name in the catalog
   * @param request has its arguments
   * @returns what became of it: see ReplayCounts
   * @throws Error that says why it is none
   */
  apply(effect: WalEffect, command: string, request: Request): 'applied' | 'passed' | 'hole' {
    const { lsn, previousLsn, blind } = effect;
    if (lsn <= this.#lsn) return 'passed';
    if (!blind && previousLsn !== this.#lsn) return 'hole';
    this.#codes ??= addAll(new Map(), this.#store.read().payload);
    const codes = this.#codes;
    switch (command) {
      case 'function|load':
        add(codes, request.copy(request.argc - 1));
        break;
      case 'function|delete':
        if (!codes.delete(request.text(2))) throw new Error(NO_SUCH_LIBRARY);
        break;
      case 'function|flush':
        codes.clear();
        break;
      case 'function|restore':
        if (request.argc > 3 && request.is(3, 'flush')) codes.clear();
        addAll(codes, request.copy(2));
        break;
      default:
        throw new Error(`${command} changes no libraries`);
    }
    this.#lsn = lsn;
    this.#isNew = true;
    return 'applied';
  }

  /** Hands all threads what there is by now. While no client is served. */
  publish(): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    const libraries = [...this.#codes!].map(([name, code]) => ({ name, code, functions: [] }));
    const payload = dumpLibraries(libraries);
    // Their functions are counted for INFO; they are loaded for good when one is called.
    const engine = new FunctionEngine();
    const problem = engine.restore(payload, RESTORE_FLUSH, true);
    if (problem !== null) this.#say(`the function libraries cannot be loaded: ${problem}`);
    this.#store.publish({
      ...{ payload, libraries: libraries.length, functions: engine.libraries.functionCount },
      ...{ lsn: this.#lsn, log: LOG_OF_EARLIER, position: 0 },
    });
  }
}

/** Adds the libraries of a payload, which is empty when there never were any. */
function addAll(codes: Map<string, Buffer>, payload: Buffer): Map<string, Buffer> {
  const more = payload.length === 0 ? [] : readLibraryCodes(payload);
  if (typeof more === 'string') throw new Error(more);
  for (const code of more) add(codes, code);
  return codes;
}

/** In place of one of its name; the new one comes last, as when it was loaded. */
function add(codes: Map<string, Buffer>, code: Buffer): void {
  const head = parseLibraryHead(code);
  if (typeof head === 'string') throw new Error(head);
  codes.delete(head.name);
  codes.set(head.name, code);
}
