// The shared memory about what took long, in one piece: made once, attached to by every thread.

import { createHotKeyMemory, type HotKey, readHotKeys } from './hot-keys.ts';
import { createLatencyMemory, LatencyLog } from './latency-log.ts';
import { createSlowLogMemory, SlowLog } from './slow-log.ts';

/** Crosses threads. */
export interface DiagnosticsMemory {
  readonly slowLog: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
  /** A sketch per front. */
  readonly hotKeys: readonly SharedArrayBuffer[];
}

export interface DiagnosticsShare {
  readonly slowLog: SlowLog;
  readonly latency: LatencyLog;
  /** The keys that clients ask for most, hottest first. */
  readonly hotKeys: (most: number) => HotKey[];
}

/** Of the accesses to keys one of so many is counted. */
export const HOT_KEYS_ONE_IN = 64;

/** Untouched pages of it cost nothing. */
export function createDiagnosticsMemory(fronts: number): DiagnosticsMemory {
  const hotKeys = Array.from({ length: fronts }, createHotKeyMemory);
  return { slowLog: createSlowLogMemory(), latency: createLatencyMemory(), hotKeys };
}

export function attachDiagnostics(memory: DiagnosticsMemory): DiagnosticsShare {
  return {
    slowLog: new SlowLog(memory.slowLog),
    latency: new LatencyLog(memory.latency),
    hotKeys: (most) => readHotKeys(memory.hotKeys, HOT_KEYS_ONE_IN, most),
  };
}
