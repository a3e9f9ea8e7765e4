// Makes a backup of the data directory while everybody goes on: a directory that a server can be
// started on. When to make one, and who is told, is decided elsewhere.
//
//   DIR/backups/2026-11-23T10-15-30.123Z/
//     forgekv.json  namespaces.json  functions.fkv  stores/  wal/
//
// Why it is one consistent state, the one of the moment in step 4:
//
//   1 checkpoint   makes the log that has to be copied short
//   2 hold         no segment goes from here on, of this run or of earlier ones
//   3 stores       each is copied as it is behind some batch, at a moment of its own
//   4 stand still  no command is on its way; what the logs have at this moment, the map of
//                  databases, and the file of the function libraries are noted
//   5 logs         are copied as far as noted
//
// - Nothing gets into a store before the logs have it durably, so whatever a copied store has was
//   in the logs in step 3 and is in what step 4 notes: no store is newer than the logs.
// - What went from the logs before step 2 was covered by checkpoints of the stores, which their
//   copies have too: so stores and logs together miss nothing. A copy that is older than step 4 is
//   like a store that was not written to in between, and starting on it is like starting behind a
//   crash: effects that it has are passed over, newer ones are applied in their order.
// - The file of the function libraries is a checkpoint as those of the stores are: written behind
//   the logs, and before what it covers goes from them. What holds for a copied store holds for it.
// - In step 4 every command that began has ended, with all its effects in the logs, and no other
//   one begins. So every atomic group is whole, every effect has the one it builds on, and a
//   client that was answered before finds what it was told.
// - Logs that fail lose what the stores make up for, which the copies may be too old for. Then
//   there is no backup; see `handedExtents`.
//
// Only the bytes before the noted ends are copied, and no one writes there again. Tables of the
// stores are linked, which takes no room as long as the server has them itself.

import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrontHandle } from '@forgekv/front';
import type { ProcessControl } from '@forgekv/rings';
import type { ShardHandle } from '@forgekv/shard';
import {
  copyExtents,
  earlierExtents,
  FUNCTION_FILE,
  firstNeeded,
  handedExtents,
  type LogExtent,
  nodeFileSystem,
  RECOVERED_FILE,
  type WalLogs,
} from '@forgekv/storage';
import type { LogKeeper } from './log-keeper.ts';

export const BACKUPS = 'backups';
const UNFINISHED = '.unfinished';
/** Clients are held back so long at most, then let go for a while: some command takes longer. */
const STAND_STILL_MS = 250;
const REST_MS = 250;
const ATTEMPTS = 100;
const POLL_MS = 1;

export interface BackupParts {
  /** The data directory. */
  readonly directory: string;
  readonly logs: WalLogs;
  readonly keeper: LogKeeper;
  readonly control: ProcessControl;
  readonly fronts: () => readonly FrontHandle[];
  readonly workers: () => readonly ShardHandle[];
  /** Takes everything to the stores; resolves to '' or what went wrong. */
  readonly checkpoint: () => Promise<string>;
  /** Changes since the start. */
  readonly changes: () => number;
}

export interface BackupReport {
  readonly path: string;
  /** Bytes of the logs in it. */
  readonly logBytes: number;
  /** Changes there had been when clients stood still. */
  readonly changes: number;
  /** How long clients were held back, all attempts together. */
  readonly heldMs: number;
}

/** What was noted while clients stood still. */
interface Moment {
  readonly extents: readonly LogExtent[];
  readonly namespaces: Buffer;
  readonly functions: Buffer;
  readonly changes: number;
  readonly heldMs: number;
}

/**
 * Makes a backup; nothing is left of one that fails.
 * @param goOn throws to give up
 * @throws Error with a text for people
 */
export async function makeBackup(parts: BackupParts, goOn: () => void): Promise<BackupReport> {
  const { directory, logs, keeper } = parts;
  const backups = join(directory, BACKUPS);
  await mkdir(backups, { recursive: true, mode: 0o750 });
  await removeUnfinished(backups);
  const name = new Date().toISOString().replaceAll(':', '-');
  const path = join(backups, name);
  const draft = `${path}${UNFINISHED}`;
  const needed = firstNeeded(logs);
  const problem = await parts.checkpoint();
  if (problem !== '') throw new Error(problem);
  await keeper.retire();
  try {
    await keeper.hold();
    await Promise.all(parts.workers().map((worker) => worker.hold()));
    goOn();
    await mkdir(join(draft, 'stores'), { recursive: true, mode: 0o750 });
    await copyStores(parts, join(draft, 'stores'));
    goOn();
    const moment = await standStill(parts, needed, goOn);
    const extents = [...earlierExtents(logs, nodeFileSystem), ...moment.extents];
    const wal = join(draft, 'wal');
    const logBytes = await copyExtents(logs.transfer.directory, extents, wal, goOn);
    const files = ['stores/stores.json', 'forgekv.json', 'namespaces.json', FUNCTION_FILE];
    // Says where the segments of earlier runs end that were copied.
    const recovered = `wal/${RECOVERED_FILE}`;
    if (existsSync(join(directory, recovered))) {
      copyFileSync(join(directory, recovered), join(draft, recovered));
      files.push(recovered);
    }
    copyFileSync(join(directory, 'stores/stores.json'), join(draft, 'stores/stores.json'));
    copyFileSync(join(directory, 'forgekv.json'), join(draft, 'forgekv.json'));
    writeFileSync(join(draft, 'namespaces.json'), moment.namespaces, { mode: 0o600 });
    writeFileSync(join(draft, FUNCTION_FILE), moment.functions, { mode: 0o600 });
    for (const file of [...files, 'stores', 'wal', '.']) await sync(join(draft, file));
    await rename(draft, path);
    await sync(backups);
    const { changes, heldMs } = moment;
    return { path, logBytes, changes, heldMs };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  } finally {
    keeper.release();
    for (const worker of parts.workers()) worker.release();
  }
}

/** Of backups that a crash cut off. */
async function removeUnfinished(backups: string): Promise<void> {
  for (const name of await readdir(backups)) {
    if (name.endsWith(UNFINISHED)) await rm(join(backups, name), { recursive: true });
  }
}

async function copyStores({ workers }: BackupParts, stores: string): Promise<void> {
  const problems = await Promise.all(workers().map((worker) => worker.copyStores(stores)));
  const problem = problems.find((each) => each !== '');
  if (problem !== undefined) throw new Error(problem);
}

/** Holds commands back until none is on its way, and notes what there is then. */
async function standStill(
  parts: BackupParts,
  needed: readonly number[],
  goOn: () => void,
): Promise<Moment> {
  const { control, fronts, logs, directory, changes } = parts;
  let heldMs = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const startedAtMs = performance.now();
    control.held = true;
    try {
      if (await comesToRest(fronts(), STAND_STILL_MS)) {
        const extents = handedExtents(logs, needed);
        const namespaces = readFileSync(join(directory, 'namespaces.json'));
        const functions = readFileSync(join(directory, FUNCTION_FILE));
        heldMs += performance.now() - startedAtMs;
        return { extents, namespaces, functions, changes: changes(), heldMs };
      }
      heldMs += performance.now() - startedAtMs;
    } finally {
      control.held = false;
      for (const front of fronts()) void front.query({ op: 'unpause' });
    }
    goOn();
    await sleep(REST_MS);
    goOn();
  }
  throw new Error('some command takes too long');
}

/** False when it takes too long, which a front that is in the middle of a command does not say. */
async function comesToRest(fronts: readonly FrontHandle[], withinMs: number): Promise<boolean> {
  const tooLong = new AbortController();
  const deadline = sleep(withinMs, null, { signal: tooLong.signal }).catch(() => null);
  const untilMs = performance.now() + withinMs;
  try {
    while (performance.now() < untilMs) {
      const asked = Promise.all(fronts.map((front) => front.query({ op: 'quiet' })));
      const quiet = await Promise.race([asked, deadline]);
      if (quiet?.every((answer) => answer === 1)) return true;
      await sleep(POLL_MS);
    }
    return false;
  } finally {
    tooLong.abort();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
