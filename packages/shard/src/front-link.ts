// A worker's ends of the two rings between it and one front.

import type { Doorbell } from '@forgekv/rings';
import { ReplySender } from './reply-sender.ts';
import { RunIntake } from './run-intake.ts';
import type { ShardModules } from './shard-modules.ts';

export interface FrontLink {
  readonly intake: RunIntake;
  readonly replies: ReplySender;
  readonly doorbell: Doorbell;
}

/** @param settle returns when replies may be seen, or were made lost */
export function linkFronts(modules: ShardModules, settle: () => void): FrontLink[] {
  return modules.fronts.map((front) => ({
    intake: new RunIntake(front.requests),
    replies: new ReplySender(front.replies, front.doorbell, modules.doorbell, settle),
    doorbell: front.doorbell,
  }));
}
