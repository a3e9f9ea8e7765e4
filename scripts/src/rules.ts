// All rules. The structural ones are part of the tests too; the others belong to `npm run lint`.

import { checkEngine, checkLayout, checkThreads } from './boundaries.ts';
import type { Rule } from './finding.ts';
import { checkLevels } from './levels.ts';
import { checkLockFile } from './lock-file.ts';
import {
  checkColumns,
  checkLength,
  checkMachine,
  checkOpening,
  checkSuppressed,
  checkSwitchedOff,
  checkUnfinished,
} from './text-rules.ts';

/** Who may know whom. */
export const structuralRules: readonly Rule[] = [
  checkLevels,
  checkThreads,
  checkEngine,
  checkLayout,
  checkLockFile,
];

export const allRules: readonly Rule[] = [
  ...structuralRules,
  checkLength,
  checkColumns,
  checkOpening,
  checkUnfinished,
  checkSuppressed,
  checkMachine,
  checkSwitchedOff,
];
