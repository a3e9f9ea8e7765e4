// Effects that are about no key: changes of the function libraries, which are one thing to the
// logs. They are logged under a shard as the writes to its keys are, so that they have an LSN and a
// place in the order of all that is done; their namespace says that they have no key there.

import { EFFECT_BLIND, type RespComposer, type WalWriter } from '@forgekv/storage';
import type { LogDependencies } from './log-dependencies.ts';
import type { NeedNotes } from './need-notes.ts';
import { composeArguments, type OwnNames } from './own-names.ts';
import type { Request } from './request.ts';

/** The shard of the function libraries: whoever owns it keeps their checkpoint. */
export const LIBRARY_SHARD = 0;
/** What databases have begins at 1. */
export const NO_NAMESPACE = 0;

export interface KeylessEffectsModules {
  readonly writer: WalWriter;
  readonly composer: RespComposer;
  readonly depends: LogDependencies;
  readonly needs: NeedNotes;
  /** Called behind each effect; returns where it ends, as `sees` takes it. */
  readonly appended: () => number;
  readonly ownNames: OwnNames;
  /** The thread's log. */
  readonly own: number;
}

export class KeylessEffects {
  readonly #m: KeylessEffectsModules;

  constructor(modules: KeylessEffectsModules) {
    this.#m = modules;
  }

  /** The number of the thread's own log. */
  get log(): number {
    return this.#m.own;
  }

  /**
   * The command in a request is an effect. The shard's lock is held, from before the LSN was taken.
   * @param previousLsn of the effect before it on the same thing, 0: there was none
   * @param isBlind it leads to the same whatever was before
   * @returns where it ends in the log, as `sees` takes it
   */
  append(
    shard: number,
    lsn: number,
    previousLsn: number,
    isBlind: boolean,
    request: Request,
  ): number {
    const { writer, composer, appended, ownNames, needs } = this.#m;
    const ownName = ownNames.of(request);
    needs.tell();
    writer.beginEffect(shard, lsn, previousLsn, NO_NAMESPACE, isBlind ? EFFECT_BLIND : 0);
    composer.command(request.argc);
    if (ownName !== '') composer.bulkWord(ownName);
    composeArguments(composer, request, ownName === '' ? 0 : 1);
    writer.endEffect();
    return appended();
  }

  /**
   * Notes that replies, and what this thread logs from now on, may show an effect.
   * @param log the one it is in, below 0: that of an earlier run
   */
  sees(log: number, position: number): void {
    if (log >= 0 && log !== this.#m.own) this.#m.depends.need(log, position);
  }
}
