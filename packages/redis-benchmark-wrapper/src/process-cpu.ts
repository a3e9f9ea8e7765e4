// Processor time and memory of a process, read from Linux's /proc. All its threads are included.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const DEFAULT_TICKS_PER_SECOND = 100;
let knownTicksPerSecond: number | undefined;

/**
 * Processor time a process and all its threads have used, in microseconds, user plus system.
 * The kernel counts in ticks, usually of 10 ms: measure over a second or more.
 * Undefined when there is no such process, or no /proc.
 */
export function processCpuMicros(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : parseStatCpuMicros(stat, ticksPerSecond());
}

/** Resident memory of a process in bytes. Undefined when there is no such process, or no /proc. */
export function processRssBytes(pid: number): number | undefined {
  const status = readProc(pid, 'status');
  return status === undefined ? undefined : parseStatusRssBytes(status);
}

/**
 * User plus system time from the text of /proc/<pid>/stat, in microseconds (proc(5): fields 14 and
 * 15). The second field is the program's name in parentheses and may itself hold `) `, so fields
 * are counted from the last parenthesis.
 */
export function parseStatCpuMicros(stat: string, ticksPerSecond: number): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? (ticks * 1e6) / ticksPerSecond : undefined;
}

/** VmRSS from the text of /proc/<pid>/status, in bytes. */
export function parseStatusRssBytes(status: string): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

export interface IdleOptions {
  /** Quiet is using less than this part of one core. Default 0.15. */
  readonly belowCores?: number;
  /** Length of one look, in milliseconds. Default 100. */
  readonly sampleMs?: number;
  /** Stop waiting after this many milliseconds. Default 3000. */
  readonly maxMs?: number;
}

/**
 * Waits until a process has little to do, so that what it still does after a load (flushing,
 * syncing, collecting garbage) does not disturb whoever is measured next.
 * @returns the processor time it used meanwhile, in microseconds
 */
export async function waitUntilIdle(pid: number, options: IdleOptions = {}): Promise<number> {
  const { belowCores = 0.15, sampleMs = 100, maxMs = 3_000 } = options;
  const startedAtMs = performance.now();
  const first = processCpuMicros(pid);
  let before = first;
  while (before !== undefined && performance.now() - startedAtMs < maxMs) {
    const sampleStartMs = performance.now();
    await sleep(sampleMs);
    const now = processCpuMicros(pid);
    if (now === undefined) break;
    const cores = (now - before) / 1000 / (performance.now() - sampleStartMs);
    before = now;
    if (cores < belowCores) break;
  }
  return before === undefined || first === undefined ? 0 : before - first;
}

function ticksPerSecond(): number {
  if (knownTicksPerSecond === undefined) {
    try {
      knownTicksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    } catch {
      knownTicksPerSecond = DEFAULT_TICKS_PER_SECOND; // every Linux ABI shows 100 to programs
    }
  }
  return knownTicksPerSecond;
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
