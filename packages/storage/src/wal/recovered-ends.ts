// What earlier recoveries have decided about the logs of runs before, as a file among them: which
// lives were looked at, and where some of them end although whole frames follow (causal-ends.ts).
// Those frames must never count again: what was written since does not build on them.

import { type FileSystem, readFully, writeFully } from '../file-system.ts';

const NAME = 'recovered.json';
const DRAFT = 'recovered.draft';
const FORMAT = 1;
const MOST_BYTES = 16 << 20;

/** A life is not followed from a position on. */
export interface LifeEnd {
  readonly generation: number;
  readonly log: number;
  readonly position: number;
}

export interface RecoveredFacts {
  /** Lives up to this generation were looked at; 0: none. */
  readonly generation: number;
  readonly ends: readonly LifeEnd[];
}

/** The file is not what this version writes. */
export class RecoveredFileError extends Error {
  override name = 'RecoveredFileError';
  readonly code = 'RECOVERED';
}

/**
 * Reads the file of a directory of logs; without one, nothing was decided.
 * @throws RecoveredFileError when it is damaged or of a newer format
 */
export function readRecovered(files: FileSystem, directory: string): RecoveredFacts {
  const path = `${directory}/${NAME}`;
  if (!files.exists(path)) return { generation: 0, ends: [] };
  const fd = files.openRead(path);
  let text: string;
  try {
    const bytes = Buffer.alloc(Math.min(files.size(fd), MOST_BYTES));
    text = bytes.toString('utf8', 0, readFully(files, fd, bytes, 0, bytes.length, 0));
  } finally {
    files.close(fd);
  }
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch (cause) {
    throw new RecoveredFileError(`${path} is damaged: ${(cause as Error).message}`, { cause });
  }
  const { format, generation, ends } = (facts ?? {}) as Record<string, unknown>;
  if (typeof format === 'number' && format > FORMAT) {
    throw new RecoveredFileError(
      `${path} has format ${format}; this version knows formats up to ${FORMAT}`,
    );
  }
  if (!isCount(generation) || !Array.isArray(ends) || !ends.every(isEnd)) {
    throw new RecoveredFileError(`${path} is damaged: it does not say where logs end`);
  }
  return { generation, ends };
}

/** Replaces the file. Durable when it returns. Throws what the file system throws. */
export function writeRecovered(
  files: FileSystem,
  directory: string,
  { generation, ends }: RecoveredFacts,
): void {
  const draft = `${directory}/${DRAFT}`;
  const bytes = Buffer.from(`${JSON.stringify({ format: FORMAT, generation, ends })}\n`);
  // Left behind by a crash.
  if (files.exists(draft)) files.unlink(draft);
  const fd = files.create(draft);
  try {
    writeFully(files, fd, bytes, 0, bytes.length, 0);
    files.fdatasync(fd);
  } finally {
    files.close(fd);
  }
  files.rename(draft, `${directory}/${NAME}`);
  files.syncDirectory(directory);
}

/** Name of the file, for who copies the logs. */
export const RECOVERED_FILE = NAME;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isEnd(value: unknown): value is LifeEnd {
  const { generation, log, position } = (value ?? {}) as Record<string, unknown>;
  return isCount(generation) && isCount(log) && isCount(position);
}
