// Where the logs of one run end together. Each log ends where its last whole group does; but what
// one log kept may build on what another lost: two logs are not handed over in one call, nor synced
// in one. Followed to its own end, such a log would give keys whose values before are missing, and
// groups (transactions, scripts) of which only a part can be applied. So a log tells, before an
// effect, how far it may build on others (need-notes.ts), and ends before the first frame that
// builds on what is not there. That may take away what another builds on: until all agree.
//
// What is left is a state that there was: a group is in it only with all that came before it on
// its keys, and on any key that was read for it. Nothing acknowledged goes: a reply waits until
// everything that its log builds on, up to there, is handed over (log-dependencies.ts), in the mode
// Always on the disk. With EverySecond a power cut takes what was not synced, and what builds on
// that.

import type { LifeScan, WalCut } from './life-scan.ts';
import { SEGMENT_HEADER_BYTES } from './wal-layout.ts';

const POSITION_UNIT = 8;

/**
 * Returns where scanned lives have to end earlier than they do: positions of frames.
 * @param scans of all lives that are there; those that an earlier recovery has looked at stay
 */
export function causalEnds(scans: readonly LifeScan[]): Map<LifeScan, number> {
  const cuts = new Map<LifeScan, number>();
  const runs = new Map<number, LifeScan[]>();
  for (const scan of scans) {
    if (scan.life.isExamined) continue;
    const { generation } = scan.life;
    runs.set(generation, [...(runs.get(generation) ?? []), scan]);
  }
  for (const run of runs.values()) cutRun(run, cuts);
  return cuts;
}

function cutRun(run: readonly LifeScan[], cuts: Map<LifeScan, number>): void {
  const ends = new Map(run.map((scan) => [scan.life.log, scan.groupsEnd]));
  for (let isStable = false; !isStable; ) {
    isStable = true;
    for (const scan of run) {
      const { log } = scan.life;
      const at = firstUnmet(scan, ends);
      if (at >= ends.get(log)!) continue;
      ends.set(log, at);
      cuts.set(scan, at);
      isStable = false;
    }
  }
}

/** Position of the first frame that builds on what is not there; Infinity: there is none. */
function firstUnmet({ needs }: LifeScan, ends: ReadonlyMap<number, number>): number {
  for (let i = 0; i < needs.length; i += 3) {
    const end = ends.get(needs[i + 1]!) ?? 0;
    // As entries note positions: an effect that ends within a unit is told of by the unit's end.
    if (needs[i + 2]! > Math.ceil(end / POSITION_UNIT) * POSITION_UNIT) return needs[i]!;
  }
  return Number.POSITIVE_INFINITY;
}

/** Describes an earlier end of a life. @param position of a frame of it */
export function causalCut({ life, groupsEnd }: LifeScan, position: number): WalCut {
  const { generation, log, segments } = life;
  const { path, start } = segments.findLast((each) => each.start <= position) ?? segments[0]!;
  return {
    ...{ file: path, offset: SEGMENT_HEADER_BYTES + Math.max(0, position - start) },
    ...{ generation, log, followingBytes: Math.max(0, groupsEnd - position), isCausal: true },
  };
}
