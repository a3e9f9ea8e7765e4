// What a running process uses, as Linux counts it. Nothing here asks the process itself.

import { readFileSync } from 'node:fs';

const BYTES_PER_KB = 1024;
/** Linux has counted in hundredths of a second for user space since 2.6. */
const TICKS_PER_SECOND = 100;

/** Resident memory, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * BYTES_PER_KB;
}

/** Processor time used since the start by all threads, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold anything; what follows are plain fields, the third first.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Calls `report` with the resident memory now, every 20 ms, and when the result is called. */
export function watchMemory(pid: number, report: (bytes: number) => void): () => void {
  const look = () => report(residentBytes(pid));
  look();
  const timer = setInterval(look, 20);
  return () => {
    clearInterval(timer);
    look();
  };
}

/** False where there is no /proc, for `skip`. */
export function withoutProc(): string | false {
  return process.platform === 'linux' ? false : 'reads /proc';
}
