// What of the logs is with the kernel at one moment, as files and lengths, and a copy of it. For
// backups. Segments are overwritten when they are used again, so a link to one would change its
// content one day: they are copied, and only as far as they were written.
//
// The bytes before `handed` never change while no segment is retired: who takes extents sees to
// that until they are copied.

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { FileSystem } from '../file-system.ts';
import { WalFencedError } from './wal-errors.ts';
import {
  FIRST_SEGMENT,
  HANDED_F,
  LOCK,
  SEGMENT_COUNT,
  SEGMENT_HEADER_BYTES,
  SEGMENT_NAME,
  segmentName,
} from './wal-layout.ts';
import { releaseLock, takeLock } from './wal-lock.ts';
import type { WalLogs } from './wal-logs.ts';

const LOCK_TIMEOUT_MS = 10_000;
const COPY_BYTES = 1 << 20;

export interface LogExtent {
  /** Name of a segment in the logs' directory. */
  readonly name: string;
  /** Bytes from its beginning that count. */
  readonly bytes: number;
}

/**
 * Per log the number of the first segment that a backup needs: what was given up so far, and what
 * is before it, the next checkpoint makes up for.
 */
export function firstNeeded(logs: WalLogs): number[] {
  return Array.from({ length: logs.transfer.logs }, (_, log) => {
    const block = logs.block(log);
    let needed = Atomics.load(block.words, SEGMENT_COUNT);
    const first = block.words[FIRST_SEGMENT]!;
    while (needed > first && !block.isSegmentGivenUp(needed - 1)) needed--;
    return needed;
  });
}

/**
 * What has been handed over of every log of this process: whole frames, up to now.
 * @param needed from `firstNeeded`, before the checkpoint that the backup rests on
 * @throws WalFencedError when a log cannot be written, or could not since: stores that were copied
 *   before do not make up for what it lost
 */
export function handedExtents(logs: WalLogs, needed: readonly number[]): LogExtent[] {
  return needed.flatMap((first, log) => extentsOf(logs, log, first));
}

function extentsOf(logs: WalLogs, log: number, needed: number): LogExtent[] {
  const block = logs.block(log);
  const { words, floats } = block;
  const code = logs.fenceCode(log);
  if (code !== '' || !takeLock(words, LOCK, LOCK_TIMEOUT_MS)) {
    throw new WalFencedError(log, code || 'EBUSY');
  }
  try {
    const extents: LogExtent[] = [];
    const count = words[SEGMENT_COUNT]!;
    for (let segment = Math.max(words[FIRST_SEGMENT]!, needed); segment < count; segment++) {
      if (block.isSegmentGivenUp(segment)) throw new WalFencedError(log, 'EIO');
      const end = segment + 1 < count ? block.segmentStart(segment + 1) : floats[HANDED_F]!;
      const name = segmentName(logs.transfer.generation, log, block.segmentSequence(segment));
      const bytes = SEGMENT_HEADER_BYTES + end - block.segmentStart(segment);
      extents.push({ name, bytes });
    }
    return extents;
  } finally {
    releaseLock(words, LOCK);
  }
}

/** The segments that earlier processes left, whole: nobody writes to them any more. */
export function earlierExtents(logs: WalLogs, files: FileSystem): LogExtent[] {
  const { directory, generation } = logs.transfer;
  const names = files.list(directory).filter((name) => {
    const match = SEGMENT_NAME.exec(name);
    return match !== null && Number(match[1]) < generation;
  });
  return names.map((name) => {
    const fd = files.openRead(`${directory}/${name}`);
    try {
      return { name, bytes: files.size(fd) };
    } finally {
      files.close(fd);
    }
  });
}

/**
 * Copies extents into a directory, made here, durably.
 * @param goOn asked between pieces; it throws to give up
 * @returns bytes copied. Throws what the file system throws, EIO when a segment is too short.
 */
export async function copyExtents(
  from: string,
  extents: readonly LogExtent[],
  to: string,
  goOn: () => void,
): Promise<number> {
  await mkdir(to, { recursive: true });
  const buffer = Buffer.allocUnsafeSlow(COPY_BYTES);
  let total = 0;
  for (const extent of extents) {
    const source = await open(path.join(from, extent.name), 'r');
    try {
      const target = await open(path.join(to, extent.name), 'wx', 0o600);
      try {
        await copyPieces(source, target, extent, buffer, goOn);
        await target.sync();
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
    total += extent.bytes;
  }
  return total;
}

async function copyPieces(
  source: FileHandle,
  target: FileHandle,
  { name, bytes }: LogExtent,
  buffer: Buffer,
  goOn: () => void,
): Promise<void> {
  for (let at = 0; at < bytes; ) {
    goOn();
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) throw Object.assign(new Error(`EIO: ${name} is short`), { code: 'EIO' });
    const { bytesWritten } = await target.write(buffer, 0, bytesRead, at);
    at += bytesWritten;
  }
}
