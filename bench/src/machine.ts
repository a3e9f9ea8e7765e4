// What the benchmark ran on.

import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { programVersion } from 'redis-benchmark-wrapper';

const FILE_SYSTEMS: Record<number, string> = {
  61267: 'ext4',
  16914836: 'tmpfs (memory, not a disk)',
  1481003842: 'xfs',
  2035054128: 'overlay',
  2435016766: 'btrfs',
};

/** Pairs of a name and a value, in the order to print them. */
export function describeMachine(root: string, dataDirectory: string): [string, string][] {
  const fileSystem = statfsSync(dataDirectory).type;
  return [
    ['CPU', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['system', `${type()} ${release()}`],
    ['data on', FILE_SYSTEMS[fileSystem] ?? `file system 0x${fileSystem.toString(16)}`],
    [
      'load average before',
      loadavg()
        .map((value) => value.toFixed(2))
        .join(' '),
    ],
    ['Node.js', process.version],
    ['redis-benchmark', programVersion('redis-benchmark') ?? 'not installed'],
    ['memtier_benchmark', programVersion('memtier_benchmark') ?? 'not installed'],
    ['ForgeKV commit', commit(root)],
  ];
}

function commit(root: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' and changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
