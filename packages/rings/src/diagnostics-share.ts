// The shared memory about what took long, in one piece: made once, attached to by every thread.

import { createLatencyMemory, LatencyLog } from './latency-log.ts';
import { createSlowLogMemory, SlowLog } from './slow-log.ts';

/** Crosses threads. */
export interface DiagnosticsMemory {
  readonly slowLog: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
}

export interface DiagnosticsShare {
  readonly slowLog: SlowLog;
  readonly latency: LatencyLog;
}

/** Untouched pages of it cost nothing. */
export function createDiagnosticsMemory(): DiagnosticsMemory {
  return { slowLog: createSlowLogMemory(), latency: createLatencyMemory() };
}

export function attachDiagnostics(memory: DiagnosticsMemory): DiagnosticsShare {
  return { slowLog: new SlowLog(memory.slowLog), latency: new LatencyLog(memory.latency) };
}
