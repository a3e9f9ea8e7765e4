// Which namespace each database has, as a file of its own: FLUSHDB, FLUSHALL and SWAPDB change
// nothing but this map, so they need no place in the logs. Effects and records carry namespaces,
// and what belongs to one that is not in the map any more is dead wherever it is met.

import { type FileSystem, readFully, writeFully } from './file-system.ts';

const NAME = 'namespaces.json';
const DRAFT = 'namespaces.draft';
const FORMAT = 1;
const MOST_BYTES = 1 << 20;

export interface NamespaceFacts {
  /** Greater than every namespace there ever was. */
  readonly next: number;
  /** Namespace by database. */
  readonly namespaces: readonly number[];
}

/** The file is not what this version writes. */
export class NamespaceFileError extends Error {
  override name = 'NamespaceFileError';
  readonly code = 'NAMESPACES';
}

/**
 * Reads the map of a data directory; null when there is none yet.
 * @throws NamespaceFileError when it is damaged or of a newer format
 */
export function readNamespaces(fs: FileSystem, directory: string): NamespaceFacts | null {
  const path = `${directory}/${NAME}`;
  if (!fs.exists(path)) return null;
  const fd = fs.openRead(path);
  let text: string;
  try {
    const bytes = Buffer.alloc(Math.min(fs.size(fd), MOST_BYTES));
    text = bytes.toString('utf8', 0, readFully(fs, fd, bytes, 0, bytes.length, 0));
  } finally {
    fs.close(fd);
  }
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch (cause) {
    throw new NamespaceFileError(`${path} is damaged: ${(cause as Error).message}`, { cause });
  }
  const { format, next, namespaces } = (facts ?? {}) as Record<string, unknown>;
  if (typeof format === 'number' && format > FORMAT) {
    throw new NamespaceFileError(
      `${path} has format ${format}; this version knows formats up to ${FORMAT}`,
    );
  }
  const isId = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) > 0 && (value as number) < (next as number);
  const isSound =
    format === FORMAT &&
    Number.isInteger(next) &&
    Array.isArray(namespaces) &&
    namespaces.every(isId) &&
    new Set(namespaces).size === namespaces.length;
  if (!isSound) {
    throw new NamespaceFileError(`${path} is damaged: it does not map databases`);
  }
  return { next: next as number, namespaces: namespaces as number[] };
}

/** The map could not be written; the old one is in force. */
export class NamespaceWriteError extends Error {
  override name = 'NamespaceWriteError';
  readonly code = 'NAMESPACES';
}

/**
 * Replaces the map. Durable when it returns; before that, either map may be found after a crash.
 * @throws NamespaceWriteError, and what the directory's sync throws: then the new map is in place,
 *   but may not survive a power loss, and only a start can tell which one counts
 */
export function writeNamespaces(fs: FileSystem, directory: string, facts: NamespaceFacts): void {
  try {
    replace(fs, directory, facts);
  } catch (cause) {
    throw new NamespaceWriteError((cause as Error).message, { cause });
  }
  fs.syncDirectory(directory);
}

function replace(fs: FileSystem, directory: string, facts: NamespaceFacts): void {
  const draft = `${directory}/${DRAFT}`;
  const bytes = Buffer.from(`${JSON.stringify({ format: FORMAT, ...facts })}\n`);
  // Left behind by a crash.
  if (fs.exists(draft)) fs.unlink(draft);
  const fd = fs.create(draft);
  try {
    writeFully(fs, fd, bytes, 0, bytes.length, 0);
    fs.fdatasync(fd);
  } finally {
    fs.close(fd);
  }
  fs.rename(draft, `${directory}/${NAME}`);
}
