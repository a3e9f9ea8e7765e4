// What the pool's threads do for the logs: fdatasync, and making segments ready. Both wait for
// the disk, which is why no thread that serves clients does them.

import { nodeFileSystem, WalLogs, type WalTransfer } from '@forgekv/storage';

export interface LogTask {
  readonly op: 'sync' | 'prepare' | 'retire';
  readonly transfer: WalTransfer;
  /** Of 'retire': per shard the LSN up to which everything is in synced store batches. */
  readonly durable?: Float64Array;
}

let logs: WalLogs | undefined;

/**
 * Does the task for every log.
 * @returns '' or the code of the first error (ENOSPC, EIO)
 */
export function runLogTask({ op, transfer, durable }: LogTask): string {
  logs ??= new WalLogs(transfer, nodeFileSystem);
  if (op === 'retire') return retire(logs, durable!);
  let problem = '';
  for (let log = 0; log < transfer.logs; log++) {
    let code = '';
    if (op === 'prepare') code = logs.prepare(log);
    else if (!logs.sync(log)) code = logs.fenceCode(log) || 'EBUSY';
    problem ||= code;
  }
  return problem;
}

function retire(all: WalLogs, durable: Float64Array): string {
  try {
    all.retire(durable);
    return '';
  } catch (error) {
    // Tried again with the next round; what is left is replayed for nothing at worst.
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}
