// Replay: all logs of a directory as one sequence of effects, in the order of lsns within each
// shard and in the order of each log. Knows nothing of keys and values; its caller applies.
//
// Two passes. The first scans every life and lists the lsns of each shard. The second takes from
// any log the effect at its head, if no other log has an effect of that shard with a lower lsn
// that is not applied yet.
//
// It never gets stuck. The effects were executed in some order in time. Each log has its effects
// in that order, for one thread wrote it, and each shard's lsns were given in that order, under
// the shard's lock. Of all effects not applied yet, take the one executed first: nothing is before
// it in its log, so it is at the head, and none of its shard has a lower lsn, so it may be applied.
// Taking effects away (lost ends of logs, groups that are not whole, other shards, effects below
// the floor) leaves such an order of the rest. Only damage within whole frames could break it.

import { invariant } from '@forgekv/base';
import { causalCut, causalEnds } from './causal-ends.ts';
import { EffectCursor, type WalEffect } from './effect-cursor.ts';
import { LifeScan, type WalCut } from './life-scan.ts';
import type { LifeEnd } from './recovered-ends.ts';
import type { WalDirectory, WalLife } from './wal-directory.ts';
import { WalDamageError } from './wal-errors.ts';
import { SHARDS } from './wal-layout.ts';

/** Bytes the first pass reads per step and effect asked for. */
const SCAN_BYTES_PER_EFFECT = 128;

export interface ReplayOptions {
  /** Which shards to replay; others are passed over. Default all. */
  readonly shards?: (shard: number) => boolean;
  /** 64 lsns: effects up to them are passed over. Default none. */
  readonly floor?: Float64Array;
  /** Goes on behind damage with what is intact. Default false. */
  readonly recover?: boolean;
  /**
   * Called for each effect; the object is used again. When it answers false, the effect cannot be
   * applied yet: the step ends, and the next one begins with the same effect.
   */
  readonly apply: (effect: WalEffect) => unknown;
  /** Called after each step with bytes read and an estimate of all there are to read. */
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
}

export interface ReplayResult {
  readonly applied: number;
  /** Effects of the wanted shards that the floor covers. */
  readonly skipped: number;
  /** Atomic groups of all shards that were not whole. */
  readonly droppedGroups: number;
  /** Ends of logs that were never durable, or build on such, and are not followed. */
  readonly cuts: readonly WalCut[];
  /** Lives that end for what they build on, those decided earlier too. */
  readonly ends: readonly LifeEnd[];
  /** Damage that recovery passed over. */
  readonly damages: readonly WalCut[];
  /** Largest lsn per shard in any whole frame, of all shards, replayed or not. */
  readonly maxLsn: Float64Array;
}

export class WalReplay {
  readonly #directory: WalDirectory;
  readonly #options: Required<Omit<ReplayOptions, 'progress'>>;
  readonly #progress: ((bytesDone: number, bytesTotal: number) => void) | undefined;
  #scans: LifeScan[];
  /** Those that are not done. */
  #toScan: LifeScan[];
  /** Lives that this replay lets end earlier: where, and what that takes away. */
  readonly #ends = new Map<WalLife, number>();
  readonly #causalCuts: WalCut[] = [];
  #cursors: EffectCursor[] = [];
  /** Cursors that stand at an effect not applied yet. */
  #waiting: boolean[] = [];
  /** Per shard the lowest lsn that no log has applied yet. */
  readonly #lowest = new Float64Array(SHARDS);
  #isMerging = false;
  #turn = 0;
  #applied = 0;
  #skipped = 0;
  #bytesDone = 0;
  #bytesTotal = 0;

  constructor(directory: WalDirectory, options: ReplayOptions) {
    const { apply, progress } = options;
    const shards = options.shards ?? ((): boolean => true);
    const floor = options.floor ?? new Float64Array(SHARDS);
    invariant(floor.length === SHARDS, 'a floor has an lsn per shard');
    const recover = options.recover ?? false;
    this.#directory = directory;
    this.#options = { shards, floor, recover, apply };
    this.#progress = progress;
    this.#scans = directory.lives.map((life) => new LifeScan(directory, life, this.#options));
    this.#toScan = [...this.#scans];
    for (const { segments } of directory.lives) {
      for (const { sizeBytes } of segments) this.#bytesTotal += 2 * sizeBytes;
    }
  }

  /**
   * Goes on for about so many effects, so that the caller can do something else in between.
   * @returns true when everything is applied
   * @throws WalDamageError, and what the file system or `apply` throw; then call `close`
   */
  step(maxEffects: number): boolean {
    const isDone = this.#isMerging ? this.#merge(maxEffects) : this.#scan(maxEffects);
    if (isDone) this.#bytesDone = this.#bytesTotal;
    this.#progress?.(this.#bytesDone, this.#bytesTotal);
    return isDone;
  }

  #scan(maxEffects: number): boolean {
    const scan = this.#toScan[0];
    if (scan !== undefined) {
      const bytes = scan.step(maxEffects * SCAN_BYTES_PER_EFFECT);
      this.#bytesDone += bytes;
      if (bytes > 0) return false;
      scan.close();
      this.#toScan.shift();
      return false;
    }
    if (this.#endEarlier()) return false;
    this.#bytesTotal = 2 * this.#bytesDone;
    this.#isMerging = true;
    const { shards, floor } = this.#options;
    this.#cursors = this.#scans.map(
      (each) => new EffectCursor(this.#directory, each, shards, floor),
    );
    this.#waiting = this.#cursors.map(() => false);
    for (let shard = 0; shard < SHARDS; shard++) this.#findLowest(shard);
    return this.#cursors.length === 0;
  }

  /** True when lives have to be scanned again, since they end earlier. */
  #endEarlier(): boolean {
    const ends = causalEnds(this.#scans);
    this.#scans = this.#scans.map((scan) => {
      const end = ends.get(scan);
      if (end === undefined) return scan;
      this.#ends.set(scan.life, end);
      this.#causalCuts.push(causalCut(scan, end));
      const again = new LifeScan(this.#directory, scan.life, this.#options, end);
      this.#toScan.push(again);
      return again;
    });
    return ends.size > 0;
  }

  #findLowest(shard: number): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { lsns } of this.#scans) {
      const runs = lsns[shard];
      if (runs !== undefined && runs.current < lowest) lowest = runs.current;
    }
    this.#lowest[shard] = lowest;
  }

  #merge(maxEffects: number): boolean {
    let left = maxEffects;
    let idle = 0;
    while (this.#cursors.length > 0) {
      if (this.#turn >= this.#cursors.length) this.#turn = 0;
      const cursor = this.#cursors[this.#turn]!;
      const before = left;
      const readBefore = cursor.readBytes;
      left = this.#drain(cursor, left);
      this.#bytesDone += cursor.readBytes - readBefore;
      if (left <= 0) return false;
      if (!this.#waiting[this.#turn]) {
        this.#skipped += cursor.skipped;
        cursor.close();
        this.#cursors.splice(this.#turn, 1);
        this.#waiting.splice(this.#turn, 1);
        idle = 0;
        continue;
      }
      idle = left < before ? 0 : idle + 1;
      if (idle > this.#cursors.length) this.#stuck(cursor);
      this.#turn++;
    }
    return true;
  }

  /** Applies what it can of one log; returns how many effects are left to do in this step. */
  #drain(cursor: EffectCursor, left: number): number {
    const { effect } = cursor;
    const { apply } = this.#options;
    const lowest = this.#lowest;
    const turn = this.#turn;
    while (left > 0) {
      if (!this.#waiting[turn] && !cursor.next()) return left;
      this.#waiting[turn] = true;
      const { shard } = effect;
      if (effect.lsn > lowest[shard]!) return left;
      if (!effect.isLost && apply(effect) === false) return 0;
      this.#waiting[turn] = false;
      if (!effect.isLost) this.#applied++;
      left--;
      const runs = cursor.scan.lsns[shard]!;
      runs.advance();
      this.#findLowest(shard);
    }
    return left;
  }

  #stuck(cursor: EffectCursor): never {
    const { shard, lsn } = cursor.effect;
    const file = cursor.scan.life.segments[0]!.path;
    throw new WalDamageError(file, 0, 0, `no order of shard ${shard} leads to lsn ${lsn}`);
  }

  /** What was found; whole once `step` has returned true. */
  get result(): ReplayResult {
    const maxLsn = new Float64Array(SHARDS);
    for (const { segments } of this.#directory.lives) {
      for (const segment of segments) {
        for (let shard = 0; shard < SHARDS; shard++) {
          maxLsn[shard] = Math.max(maxLsn[shard]!, segment.maxLsn[shard]!);
        }
      }
    }
    return {
      applied: this.#applied,
      skipped: this.#skipped,
      droppedGroups: this.#scans.reduce((sum, scan) => sum + scan.droppedGroups, 0),
      cuts: [...this.#scans.flatMap(({ cuts }) => cuts), ...this.#causalCuts],
      ends: this.#lifeEnds,
      damages: this.#scans.flatMap(({ damages }) => damages),
      maxLsn,
    };
  }

  get #lifeEnds(): LifeEnd[] {
    return this.#directory.lives.flatMap((life) => {
      const position = this.#ends.get(life) ?? life.end;
      if (position === Number.POSITIVE_INFINITY) return [];
      return [{ generation: life.generation, log: life.log, position }];
    });
  }

  /** Closes the files, at the end or in the middle. */
  close(): void {
    for (const scan of this.#scans) scan.close();
    for (const cursor of this.#cursors) cursor.close();
  }
}

/** Replays a directory in one go; see WalReplay. */
export function replay(directory: WalDirectory, options: ReplayOptions): ReplayResult {
  const replaying = new WalReplay(directory, options);
  try {
    while (!replaying.step(65_536));
    return replaying.result;
  } finally {
    replaying.close();
  }
}
