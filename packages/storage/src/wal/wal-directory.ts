// What is in a log's directory at start: the lives found there and their segments, by file names
// and headers. A life is one log of one process; it may have more logs or fewer than this one.
// Reads no frames, except to find where a segment starts whose header was lost.

import { type FileSystem, readFully } from '../file-system.ts';
import { findSegmentStart } from './frame-search.ts';
import { type RecoveredFacts, readRecovered } from './recovered-ends.ts';
import { readSegmentHeader, type SegmentHeader } from './segment-header.ts';
import {
  SEGMENT_FIRST,
  SEGMENT_HEADER_BYTES,
  SEGMENT_NAME,
  SHARDS,
  SPARE_NAME,
} from './wal-layout.ts';

export interface WalSegment {
  readonly path: string;
  readonly sequence: number;
  /** Position of the first frame. */
  readonly start: number;
  readonly sizeBytes: number;
  /** Everything before it is durable elsewhere. */
  readonly isFirst: boolean;
  /** Largest lsn per shard in its frames, filled by the scan. */
  readonly maxLsn: Float64Array;
}

export interface WalLife {
  readonly generation: number;
  readonly log: number;
  /** In all its frames; -1 when every header was lost. */
  readonly salt: number;
  /** Where it begins: 0, or behind what was taken away because it is durable elsewhere. */
  readonly start: number;
  /** An earlier recovery does not follow it from here on; else Infinity. */
  readonly end: number;
  /** An earlier recovery has decided where it ends. */
  readonly isExamined: boolean;
  /** By sequence; starts never fall. At least one. */
  readonly segments: readonly WalSegment[];
}

interface Found {
  readonly path: string;
  readonly generation: number;
  readonly log: number;
  readonly sequence: number;
}

export class WalDirectory {
  readonly path: string;
  readonly files: FileSystem;
  /** Oldest generation first, then by log. */
  readonly lives: readonly WalLife[];
  /** Files that hold nothing to replay: spares, prepared segments, and covered ones. */
  readonly unused: readonly string[];
  /** What the logs of this process are to be created with. */
  readonly nextGeneration: number;
  /** What earlier recoveries have decided. */
  readonly recovered: RecoveredFacts;

  constructor(
    path: string,
    files: FileSystem,
    lives: readonly WalLife[],
    unused: readonly string[],
    nextGeneration: number,
    recovered: RecoveredFacts,
  ) {
    this.path = path;
    this.files = files;
    this.lives = lives;
    this.unused = unused;
    this.nextGeneration = nextGeneration;
    this.recovered = recovered;
  }

  /**
   * Makes what was found durable. To be called before anything is done that depends on it:
   * after a mere crash of the process, the kernel may be all that has the last frames.
   */
  sync(): void {
    for (const { segments } of this.lives) {
      for (const { path } of segments) {
        const fd = this.files.openWrite(path);
        try {
          this.files.fdatasync(fd);
        } finally {
          this.files.close(fd);
        }
      }
    }
    this.files.syncDirectory(this.path);
  }

  /** Removes the unused files. Only before this process makes segments of its own. */
  discardUnused(): void {
    if (this.unused.length === 0) return;
    // The mark that makes a covered segment unneeded may be with the kernel only.
    this.sync();
    for (const path of this.unused) this.files.unlink(path);
    this.files.syncDirectory(this.path);
  }
}

/**
 * Opens a directory of segments for reading.
 * @param path an existing directory; files that are not the log's are left alone
 * @throws RecoveredFileError, and what the file system throws
 */
export function openWalDirectory(path: string, files: FileSystem): WalDirectory {
  const recovered = readRecovered(files, path);
  const found: Found[] = [];
  const unused: string[] = [];
  // No life of a generation that was looked at may come again.
  let { generation } = recovered;
  for (const name of files.list(path)) {
    const match = SEGMENT_NAME.exec(name);
    const file = `${path}/${name}`;
    if (match !== null) {
      const [, life, log, sequence] = match;
      found.push({
        path: file,
        generation: Number(life),
        log: Number(log),
        sequence: Number(sequence),
      });
      generation = Math.max(generation, Number(life));
    } else if (SPARE_NAME.test(name)) {
      unused.push(file);
    }
  }
  found.sort((a, b) => a.generation - b.generation || a.log - b.log || a.sequence - b.sequence);
  const lives: WalLife[] = [];
  for (let first = 0; first < found.length; ) {
    const { generation: life, log } = found[first]!;
    let end = first;
    while (found[end]?.generation === life && found[end]?.log === log) end++;
    const group = found.slice(first, end).map((file) => openFile(files, file));
    const salt = group.find(({ header }) => header !== undefined)?.header?.salt ?? -1;
    const segments: WalSegment[] = [];
    for (const file of group) {
      const segment = openSegment(files, file, salt, segments.at(-1)?.start);
      if (segment === undefined) unused.push(file.path);
      else segments.push(segment);
    }
    // Whatever is before the last segment marked as the first is only not removed yet.
    const marked = segments.findLastIndex(({ isFirst }) => isFirst);
    for (const { path: done } of segments.splice(0, Math.max(marked, 0))) unused.push(done);
    const start = marked < 0 ? 0 : segments[0]!.start;
    const isExamined = life <= recovered.generation;
    const decided = recovered.ends.find((each) => each.generation === life && each.log === log);
    if (segments.length > 0) {
      lives.push({
        ...{ generation: life, log, salt, start, segments, isExamined },
        end: decided?.position ?? Number.POSITIVE_INFINITY,
      });
    }
    first = end;
  }
  return new WalDirectory(path, files, lives, unused, generation + 1, recovered);
}

interface OpenedFile extends Found {
  readonly sizeBytes: number;
  /** The header, if it is the one of this name. */
  readonly header: SegmentHeader | undefined;
}

function openFile(files: FileSystem, file: Found): OpenedFile {
  const fd = files.openRead(file.path);
  try {
    const sizeBytes = files.size(fd);
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
    const length = readFully(files, fd, bytes, 0, SEGMENT_HEADER_BYTES, 0);
    const header = readSegmentHeader(bytes.subarray(0, length));
    const isOwn = header !== undefined && isNamedFor(header, file);
    return { ...file, sizeBytes, header: isOwn ? header : undefined };
  } finally {
    files.close(fd);
  }
}

/** Returns the segment, or undefined when nothing of the log it is named for is in it. */
function openSegment(
  files: FileSystem,
  file: OpenedFile,
  salt: number,
  previousStart: number | undefined,
): WalSegment | undefined {
  const { path, sequence, sizeBytes, header } = file;
  // A header that was lost or damaged: the frames know where they belong. What a file that
  // was prepared for reuse still holds lies before the start of the segment before it.
  const start = header?.start ?? searchStart(files, file, salt, previousStart ?? -1);
  if (start === undefined || start < (previousStart ?? 0)) return undefined;
  const isFirst = header !== undefined && (header.flags & SEGMENT_FIRST) !== 0;
  const maxLsn = new Float64Array(SHARDS);
  return { path, sequence, start, sizeBytes, isFirst, maxLsn };
}

function searchStart(
  files: FileSystem,
  file: OpenedFile,
  salt: number,
  after: number,
): number | undefined {
  const { generation, log, path, sizeBytes } = file;
  const fd = files.openRead(path);
  try {
    return findSegmentStart(files, fd, sizeBytes, { generation, log, salt }, after);
  } finally {
    files.close(fd);
  }
}

function isNamedFor(header: SegmentHeader, file: Found): boolean {
  return (
    header.generation === file.generation &&
    header.log === file.log &&
    header.sequence === file.sequence
  );
}
