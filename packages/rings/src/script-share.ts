// The shared memory about scripts, in one piece: made once, attached to by every thread.

import { createLibraryMemory, LibraryStore } from './library-store.ts';
import { createScriptCacheMemory, ScriptCache } from './script-cache.ts';
import { createScriptControlMemory, ScriptControl } from './script-control.ts';

/** Crosses threads. */
export interface ScriptMemory {
  readonly control: SharedArrayBuffer;
  readonly cache: SharedArrayBuffer;
  readonly libraries: SharedArrayBuffer;
}

export interface ScriptShare {
  readonly control: ScriptControl;
  readonly cache: ScriptCache;
  readonly libraries: LibraryStore;
}

/** Untouched pages of it cost nothing. */
export function createScriptMemory(workers: number): ScriptMemory {
  return {
    control: createScriptControlMemory(workers),
    cache: createScriptCacheMemory(),
    libraries: createLibraryMemory(),
  };
}

export function attachScripts(memory: ScriptMemory): ScriptShare {
  return {
    control: new ScriptControl(memory.control),
    cache: new ScriptCache(memory.cache),
    libraries: new LibraryStore(memory.libraries),
  };
}
