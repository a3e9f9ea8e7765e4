// What commands ask about scripts and functions wherever these are executed; implemented by fronts.

/** What became of a wish to kill what runs. */
export type KillAnswer = 'killed' | 'not busy' | 'unkillable' | 'script' | 'function';

/** What INFO shows of scripts and functions. */
export interface ScriptFigures {
  readonly scripts: number;
  readonly scriptBytes: number;
  readonly libraries: number;
  readonly functions: number;
  readonly libraryBytes: number;
}

/** A function that has been running for longer than busy-reply-threshold. */
export interface BusyFunction {
  readonly name: string;
  /** The command that called it. */
  readonly words: readonly Buffer[];
  readonly startedAtMs: number;
}

export interface ScriptServices {
  /** Ends every script, or function, that is busy and has changed nothing. */
  kill(what: 'script' | 'function'): KillAnswer;
  busyFunction(): BusyFunction | null;
  figures(): ScriptFigures;
}
