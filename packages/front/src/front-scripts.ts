// What a front knows of scripts, all of which workers execute: whether a worker is busy with one,
// and how to end it.

import {
  BUSY_FUNCTION,
  BUSY_SCRIPT,
  type BusyFunction,
  type KillAnswer,
  type ScriptFigures,
  type ScriptServices,
} from '@forgekv/commands';
import { KIND_FUNCTION, KIND_SCRIPT, type ScriptShare } from '@forgekv/rings';

export class FrontScripts implements ScriptServices {
  readonly #share: ScriptShare;

  constructor(share: ScriptShare) {
    this.#share = share;
  }

  /** Why nothing can be sent to a worker, as an error reply; '': it takes runs. */
  refusalOf(worker: number): string {
    const { control } = this.#share;
    if (!control.isBusy(worker)) return '';
    return control.kindOf(worker) === KIND_FUNCTION ? BUSY_FUNCTION : BUSY_SCRIPT;
  }

  kill(what: 'script' | 'function'): KillAnswer {
    return this.#share.control.kill(what === 'script' ? KIND_SCRIPT : KIND_FUNCTION);
  }

  busyFunction(): BusyFunction | null {
    return this.#share.control.runningFunction();
  }

  figures(): ScriptFigures {
    const { cache, libraries } = this.#share;
    return {
      ...{ scripts: cache.count, scriptBytes: cache.usedBytes },
      ...{ libraries: libraries.libraries, functions: libraries.functions },
      libraryBytes: libraries.usedBytes,
    };
  }
}
