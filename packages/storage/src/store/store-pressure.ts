// How hard a store is pressed, as one number, so that whoever flushes slows down before LevelDB
// does: at 8 files on level 0 it delays every write by a millisecond, at 12 it stops them.

/** Level-0 files that are ordinary, and where flushing should have stopped. */
const CALM_FILES = 4;
const FULL_FILES = 11;
/** Smoothed time of a commit that is ordinary, and at which flushing should have stopped. */
const CALM_MS = 40;
const FULL_MS = 1000;
/** Weight of the newest commit. */
const WEIGHT = 0.3;
/** After this long without a commit half of the smoothed time is forgotten. */
const HALF_LIFE_MS = 1000;

export class StorePressure {
  #levelZeroFiles = 0;
  #smoothMs = 0;
  #lastAtMs = 0;

  /** Takes in one commit. */
  note(tookMs: number, nowMs: number): void {
    this.#smoothMs = this.#decayed(nowMs) * (1 - WEIGHT) + tookMs * WEIGHT;
    this.#lastAtMs = nowMs;
  }

  /** Returns 0 (flush as fast as you like) to 1 (stop for now), without steps in between. */
  value(nowMs: number): number {
    const files = ramp(this.#levelZeroFiles, CALM_FILES, FULL_FILES);
    return Math.max(files, ramp(this.#decayed(nowMs), CALM_MS, FULL_MS));
  }

  /** Takes in how many table files are on level 0. */
  noteFiles(levelZeroFiles: number): void {
    this.#levelZeroFiles = levelZeroFiles;
  }

  #decayed(nowMs: number): number {
    return this.#smoothMs * 0.5 ** (Math.max(0, nowMs - this.#lastAtMs) / HALF_LIFE_MS);
  }
}

function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
