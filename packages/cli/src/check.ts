// forgekv check DIR: verifies a data directory or a backup offline and prints what it found. What
// is verified is decided in @forgekv/server.

import { resolve } from 'node:path';
import { checkDirectory, type DirectoryReport } from '@forgekv/server';

const EXIT_SOUND = 0;
const EXIT_DAMAGED = 1;
const EXIT_UNREADABLE = 2;

/**
 * Runs the command.
 * @param args what follows `check`: the directory
 * @returns the exit code: 0 sound, 1 damaged, 2 it cannot be read, or a server has it open
 */
export async function check(args: readonly string[]): Promise<number> {
  const [directory] = args;
  if (args.length !== 1 || directory === undefined || directory.startsWith('-')) {
    process.stderr.write('Usage: forgekv check DIR\n');
    return EXIT_UNREADABLE;
  }
  const path = resolve(directory);
  try {
    const report = await checkDirectory(path);
    process.stdout.write(`${describe(path, report).join('\n')}\n`);
    return report.damageCount === 0 ? EXIT_SOUND : EXIT_DAMAGED;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`forgekv: cannot check ${path}: ${reason}\n`);
    return EXIT_UNREADABLE;
  }
}

function describe(path: string, report: DirectoryReport): string[] {
  const { logs, segments, effects, stores, keys, records, storedBytes } = report;
  const { databases, notes, damages, damageCount } = report;
  const lines = [
    path,
    `  databases  ${databases}`,
    `  log        ${effects} effects in ${segments} segments of ${logs} logs`,
    `  stores     ${stores} with ${keys} keys in ${records} records, ${storedBytes} bytes`,
    ...notes.map((note) => `  note: ${note}`),
    ...damages.map((damage) => `  damage: ${damage}`),
  ];
  const unnamed = damageCount - damages.length;
  if (unnamed > 0) lines.push(`  and ${unnamed} more`);
  lines.push(damageCount === 0 ? 'sound' : `damaged: ${damageCount} found`);
  return lines;
}
