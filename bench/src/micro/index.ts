// The registry of micro-benchmarks. A layer adds one file with its list and one line here.

import type { Micro } from './harness.ts';
import { referenceMicros } from './reference.ts';

/** All micro-benchmarks in the order they run. */
export const micros: readonly Micro[] = [...referenceMicros];
