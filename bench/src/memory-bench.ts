// How much memory of the process a small hash takes, and an element of a large collection: what a
// server that has just started grows by while it is filled. ForgeKV's figure has the log's and the
// stores' buffers in it.

import {
  formatFigure,
  markdownTable,
  processRssBytes,
  waitUntilIdle,
} from 'redis-benchmark-wrapper';
import { fillKeys } from './resp-probe.ts';
import type { CollectionKind } from './scenarios.ts';
import { type ServerSpec, startServer } from './servers.ts';

const VALUE_BYTES = 64;
const SETTLE_MS = 30_000;
/** Small hashes are as many as this part of the elements of a large collection. */
const FEWER = 10;

const KINDS: readonly { readonly kind: CollectionKind; readonly what: string }[] = [
  { kind: 'hashes', what: 'hash of 8 fields of 64 bytes' },
  { kind: 'sorted sets', what: 'sorted set of 8 members' },
  { kind: 'fields', what: 'field of 64 bytes of one hash' },
  { kind: 'members', what: 'member of 12 bytes of one set' },
  { kind: 'scores', what: 'member of 12 bytes of one sorted set' },
];

/**
 * @param elements of each large collection
 * @param directory for the servers' data
 * @returns bytes per element, a column for each server
 */
export async function benchMemory(
  specs: readonly ServerSpec[],
  elements: number,
  directory: string,
): Promise<string> {
  const rows: string[][] = [];
  for (const { kind, what } of KINDS) {
    const isLarge = kind !== 'hashes' && kind !== 'sorted sets';
    const count = isLarge ? elements : Math.ceil(elements / FEWER);
    const row = [what, `${count}`];
    for (const spec of specs) {
      const bytes = await grownBy(spec, kind, count, `${directory}/${kind.replace(' ', '-')}`);
      row.push(formatFigure(bytes / count, 0));
    }
    rows.push(row);
  }
  return markdownTable(['bytes per', 'how many:', ...specs.map(({ name }) => `${name}:`)], rows);
}

async function grownBy(
  spec: ServerSpec,
  kind: CollectionKind,
  count: number,
  directory: string,
): Promise<number> {
  const server = await startServer(spec, directory);
  try {
    await waitUntilIdle(server.pid, { maxMs: SETTLE_MS });
    const before = processRssBytes(server.pid) ?? Number.NaN;
    await fillKeys(server.port, kind, count, VALUE_BYTES);
    await waitUntilIdle(server.pid, { maxMs: SETTLE_MS });
    return (processRssBytes(server.pid) ?? Number.NaN) - before;
  } finally {
    await server.stop();
  }
}
