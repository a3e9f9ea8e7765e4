// Watches how much memory a process takes, as the system counts it: pages of its own, and those of
// files it has mapped. Linux only; elsewhere there are no figures.

import { readFileSync } from 'node:fs';

const EVERY_MS = 50;

export interface ProcessMemory {
  /** All that is resident, in MiB; then the parts of it. */
  readonly residentMib: number;
  readonly anonymousMib: number;
  readonly mappedMib: number;
}

/** Returns what a process takes now, or null when nobody can tell. */
export function readProcessMemory(pid: number): ProcessMemory | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return null;
  }
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return {
    residentMib: mib('VmRSS'),
    anonymousMib: mib('RssAnon') + mib('RssShmem'),
    mappedMib: mib('RssFile'),
  };
}

/** The most a process took since it was last asked. */
export class MemoryWatch {
  readonly #pid: () => number | null;
  readonly #timer: NodeJS.Timeout;
  #peak: ProcessMemory | null = null;

  /** @param pid of the process now, null while there is none */
  constructor(pid: () => number | null) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
    this.#timer.unref();
  }

  /** Returns the peaks, each on its own, and begins anew; null when there are no figures. */
  take(): ProcessMemory | null {
    this.#look();
    const peak = this.#peak;
    this.#peak = null;
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const pid = this.#pid();
    const now = pid === null ? null : readProcessMemory(pid);
    if (now === null) return;
    const before = this.#peak ?? now;
    this.#peak = {
      residentMib: Math.max(now.residentMib, before.residentMib),
      anonymousMib: Math.max(now.anonymousMib, before.anonymousMib),
      mappedMib: Math.max(now.mappedMib, before.mappedMib),
    };
  }
}
