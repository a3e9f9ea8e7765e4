// What is imported, whatever file it is in: an RDB file, an append-only file with or without an RDB
// file at its beginning, or a directory of such.

import { statSync } from 'node:fs';
import { CommandFile } from './command-file.ts';
import { FileWindow } from './file-window.ts';
import { filesOfManifest } from './manifest.ts';
import { isRdb, RdbFile, type RdbItem } from './rdb-file.ts';

export interface CommandItem {
  readonly kind: 'command';
  readonly command: readonly Buffer[];
}

export type SourceItem = RdbItem | CommandItem;

/** What is told of a source while it is read. */
export interface SourceEvents {
  /** So many bytes of all files have been read. */
  read(bytes: number): void;
  /** The last bytes of a file are a command that is not whole; it is left out, as Redis does. */
  cutOff(path: string, bytes: number): void;
}

/** Returns the files that a path means. @throws Error when there is none */
export function filesOf(path: string): string[] {
  return statSync(path).isDirectory() ? filesOfManifest(path) : [path];
}

/** Bytes of files together. */
export function sizeOf(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

/**
 * Reads files from beginning to end.
 * @param isForItems false: only to find out whether they are whole; what keys hold is left out
 * @throws MigrationError where one is damaged
 */
export function* itemsOf(
  files: readonly string[],
  events: SourceEvents,
  isForItems: boolean,
): Generator<SourceItem> {
  let before = 0;
  for (const file of files) {
    const window = new FileWindow(file);
    try {
      for (const item of itemsIn(window, events, isForItems)) {
        events.read(before + window.position);
        yield item;
      }
    } finally {
      window.close();
    }
    before += window.size;
  }
  events.read(before);
}

function* itemsIn(
  window: FileWindow,
  events: SourceEvents,
  isForItems: boolean,
): Generator<SourceItem> {
  if (window.isAtEnd) return;
  if (isRdb(window.bytes.subarray(window.start, window.start + window.length))) {
    const rdb = new RdbFile(window, isForItems);
    for (let item = rdb.next(); item !== null; item = rdb.next()) yield item;
  }
  const commands = new CommandFile(window);
  for (let command = commands.next(); command !== null; command = commands.next()) {
    yield { kind: 'command', command };
  }
  if (commands.unfinishedBytes > 0) events.cutOff(window.path, commands.unfinishedBytes);
}
