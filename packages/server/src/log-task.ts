// What the pool's threads do for the logs: fdatasync, and making segments ready. Both wait for
// the disk, which is why no thread that serves clients does them.

import { nodeFileSystem, WalLogs, type WalTransfer } from '@forgekv/storage';

export interface LogTask {
  readonly op: 'sync' | 'prepare';
  readonly transfer: WalTransfer;
}

let logs: WalLogs | undefined;

/**
 * Does the task for every log.
 * @returns '' or the code of the first error (ENOSPC, EIO)
 */
export default function run({ op, transfer }: LogTask): string {
  logs ??= new WalLogs(transfer, nodeFileSystem);
  let problem = '';
  for (let log = 0; log < transfer.logs; log++) {
    let code = '';
    if (op === 'prepare') code = logs.prepare(log);
    else if (!logs.sync(log)) code = logs.fenceCode(log) || 'EBUSY';
    problem ||= code;
  }
  return problem;
}
