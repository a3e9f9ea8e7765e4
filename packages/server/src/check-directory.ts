// Offline verification of a data directory, or of a backup: reads everything, repairs nothing,
// and says what it found. Printing is the binary's.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkStores,
  type Damage,
  FunctionFileError,
  lockDirectory,
  NamespaceFileError,
  nodeFileSystem,
  openWalDirectory,
  RecoveredFileError,
  readFunctions,
  readLayout,
  readNamespaces,
  StoreError,
  type WalCut,
  WalDamageError,
  WalReplay,
} from '@forgekv/storage';
import { DamagedDirectoryError, DataDirectoryError, readDataDirectory } from './data-directory.ts';

const EFFECTS_PER_STEP = 65_536;
/** Findings kept by name. */
const MOST_FINDINGS = 1000;

export interface DirectoryReport {
  /** Databases, 0 when the map of them cannot be read. */
  readonly databases: number;
  /** Logs of all runs, the segments they lie in, effects in them that are whole. */
  readonly logs: number;
  readonly segments: number;
  readonly effects: number;
  /** Stores and what is whole in them. */
  readonly stores: number;
  readonly keys: number;
  readonly records: number;
  readonly storedBytes: number;
  /** No damage: ends of logs that a crash left, and groups that were cut off there. */
  readonly notes: readonly string[];
  /** What is damaged, at most 1,000 of it. */
  readonly damages: readonly string[];
  readonly damageCount: number;
}

/** Collects what is found, in any order. */
class Findings {
  readonly damages: string[] = [];
  readonly notes: string[] = [];
  count = 0;

  damage(text: string): void {
    this.count++;
    if (this.damages.length < MOST_FINDINGS) this.damages.push(text);
  }

  note(text: string): void {
    if (this.notes.length < MOST_FINDINGS) this.notes.push(text);
  }
}

/**
 * Verifies a directory that no server has open. Needs to write beside what it reads: a lock, and
 * a copy of each store, of links mostly, since opening a store changes it.
 * @throws DataDirectoryError when it is none, or of a newer version; StoreError LOCKED when a
 *   server has it, IO; DirectoryVersionError; what the file system throws
 */
export async function checkDirectory(directory: string): Promise<DirectoryReport> {
  const findings = new Findings();
  checkFacts(directory, findings);
  const namespaces = checkNamespaces(directory, findings);
  checkFunctions(directory, findings);
  const databases = namespaces.length;
  const logs = checkLogs(directory, findings);
  const stores = await checkAllStores(join(directory, 'stores'), namespaces, findings);
  const { damages, notes, count } = findings;
  return { databases, ...logs, ...stores, notes, damages, damageCount: count };
}

function checkFacts(directory: string, findings: Findings): void {
  try {
    if (readDataDirectory(directory) !== null) return;
  } catch (error) {
    if (!(error instanceof DamagedDirectoryError)) throw error;
    findings.damage(error.message);
    return;
  }
  throw new DataDirectoryError(`${directory} is no data directory: it has no forgekv.json`);
}

function checkNamespaces(directory: string, findings: Findings): readonly number[] {
  try {
    const facts = readNamespaces(nodeFileSystem, directory);
    if (facts !== null) return facts.namespaces;
    findings.damage('namespaces.json is missing');
  } catch (error) {
    if (!(error instanceof NamespaceFileError)) throw error;
    findings.damage(error.message);
  }
  return [];
}

function checkFunctions(directory: string, findings: Findings): void {
  try {
    readFunctions(nodeFileSystem, directory);
  } catch (error) {
    if (!(error instanceof FunctionFileError)) throw error;
    findings.damage(error.message);
  }
}

function checkLogs(directory: string, findings: Findings) {
  const path = join(directory, 'wal');
  if (!existsSync(path)) {
    findings.damage('wal is missing');
    return { logs: 0, segments: 0, effects: 0 };
  }
  // The stores' lock is the one of the whole directory.
  const lock = existsSync(join(directory, 'stores'))
    ? lockDirectory(join(directory, 'stores'))
    : null;
  try {
    const wal = openWalDirectory(path, nodeFileSystem);
    const segments = wal.lives.reduce((sum, life) => sum + life.segments.length, 0);
    let effects = 0;
    const replay = new WalReplay(wal, {
      recover: true,
      apply: () => {
        effects++;
      },
    });
    try {
      while (!replay.step(EFFECTS_PER_STEP));
    } catch (error) {
      if (!(error instanceof WalDamageError)) throw error;
      findings.damage(error.message);
    } finally {
      replay.close();
    }
    const { cuts, damages, droppedGroups } = replay.result;
    for (const damage of damages) findings.damage(`${place(damage)}: synced bytes are not whole`);
    for (const cut of cuts) {
      const why = cut.isCausal ? 'builds on what another log has lost' : 'was not synced';
      findings.note(`${place(cut)}: the log ends, what follows ${why}`);
    }
    if (droppedGroups > 0) findings.note(`${droppedGroups} atomic groups are not whole: left out`);
    return { logs: wal.lives.length, segments, effects };
  } catch (error) {
    if (!(error instanceof RecoveredFileError)) throw error;
    findings.damage(error.message);
    return { logs: 0, segments: 0, effects: 0 };
  } finally {
    lock?.release();
  }
}

function place({ file, offset }: WalCut): string {
  return `${file} at byte ${offset}`;
}

async function checkAllStores(
  directory: string,
  namespaces: readonly number[],
  findings: Findings,
) {
  try {
    if (readLayout(directory) === null) {
      findings.damage('stores is missing, or empty');
      return { stores: 0, keys: 0, records: 0, storedBytes: 0 };
    }
    const found = await checkStores(directory, namespaces);
    const { stores, records, bytes, damages, damageCount } = found;
    for (const damage of damages) findings.damage(describe(damage));
    findings.count += damageCount - damages.length;
    const all = Object.values(records).reduce((sum, count) => sum + count, 0);
    return { stores, keys: records.main, records: all, storedBytes: bytes };
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'CORRUPT')) throw error;
    findings.damage(error.message);
    return { stores: 0, keys: 0, records: 0, storedBytes: 0 };
  }
}

function describe({ name, what }: Damage): string {
  return `${name}: ${what}`;
}
