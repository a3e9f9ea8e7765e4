// The registry of micro-benchmarks. A layer adds one file with its list and one line here.

import { baseMicros } from './base.ts';
import { catalogMicros } from './catalog.ts';
import type { Micro } from './harness.ts';
import { keyspaceMicros } from './keyspace.ts';
import { protocolMicros } from './protocol.ts';
import { referenceMicros } from './reference.ts';
import { ringMicros } from './rings.ts';
import { walMicros } from './wal.ts';

/** All micro-benchmarks in the order they run. */
export const micros: readonly Micro[] = [
  ...referenceMicros,
  ...baseMicros,
  ...protocolMicros,
  ...catalogMicros,
  ...keyspaceMicros,
  ...ringMicros,
  ...walMicros,
];
