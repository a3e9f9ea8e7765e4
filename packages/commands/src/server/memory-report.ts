// MEMORY DOCTOR and MALLOC-STATS: what memory is used for, in words and as a table for people.

import { humanBytes } from './info-section.ts';
import type { MemoryFigures } from './memory-figures.ts';

/** Below this nothing that is said of shares means anything. */
const LEAST_BYTES = 5 * 2 ** 20;
const TIGHT_SHARE = 0.95;
const PEAK_FACTOR = 1.5;
const SPARSE_FACTOR = 1.5;
const RESIDENT_FACTOR = 1.6;
const LARGE_CLIENT_BYTES = 200 * 1024;
const MANY_SCRIPTS = 1000;
const HEAP_FACTOR = 2;
const LARGE_HEAP_BYTES = 512 * 2 ** 20;

export function memoryReport(figures: MemoryFigures): string {
  const problems = problemsOf(figures);
  if (problems.length > 0) {
    return `What may be wrong:\n\n${problems.map((text) => `- ${text}\n`).join('')}`;
  }
  const { hotBytes, largeBytes } = figures;
  return hotBytes + largeBytes < LEAST_BYTES
    ? 'There is hardly any data yet: what it is used for can be told when there is more.\n'
    : 'Nothing is wrong with the memory that can be seen from here.\n';
}

function problemsOf(figures: MemoryFigures): string[] {
  const { hotBytes, poolBytes, largeBytes, heapBytes, slabs, usedBytes, peakBytes } = figures;
  const data = hotBytes + largeBytes;
  const problems: string[] = [];
  const say = (isSo: boolean, text: string): void => {
    if (isSo) problems.push(text);
  };
  say(
    hotBytes > poolBytes * TIGHT_SHARE,
    `The hot table is ${share(hotBytes, poolBytes)} full: values leave it for the stores, and ` +
      'commands that need them wait for the disk. A larger memtable-size-mb keeps more in memory.',
  );
  say(
    data > LEAST_BYTES && hotBytes > slabs.bytes * SPARSE_FACTOR,
    `Pages of the hot table in use are ${share(slabs.bytes, hotBytes)} full: keys of other sizes ` +
      'were removed. Keys of any size fill them again; nothing has to be done.',
  );
  say(
    usedBytes > LEAST_BYTES && peakBytes > usedBytes * PEAK_FACTOR,
    `At its peak ${humanBytes(peakBytes)} were used, now ${humanBytes(usedBytes)}: the process ` +
      'keeps memory that it may need again.',
  );
  say(
    data > LEAST_BYTES && figures.residentBytes > usedBytes * RESIDENT_FACTOR,
    `The process has ${humanBytes(figures.residentBytes)} resident and uses ` +
      `${humanBytes(usedBytes)}: pages of the hot table that were used once, caches of the ` +
      'stores, and code stay resident.',
  );
  say(
    heapBytes > LARGE_HEAP_BYTES && heapBytes > data * HEAP_FACTOR,
    `The heaps of the threads are ${humanBytes(heapBytes)}, more than the data: look for clients ` +
      'that send or are sent very much at once (CLIENT LIST).',
  );
  say(
    figures.clients > 0 && figures.clientBytes / figures.clients > LARGE_CLIENT_BYTES,
    `Clients have ${humanBytes(figures.clientBytes)} in buffers, one of them ` +
      `${humanBytes(figures.largestClientBytes)}: some do not read, or send commands in parts. ` +
      'client-output-buffer-limit bounds them.',
  );
  say(
    figures.scripts > MANY_SCRIPTS,
    `${figures.scripts} scripts are cached: scripts should be the same each time and get what ` +
      'differs as KEYS and ARGV.',
  );
  return problems;
}

/** What the slab pool has given out, by the size of slots. */
export function slabReport({ slabs, hotBytes, poolBytes }: MemoryFigures): string {
  const lines = [
    `Hot table: ${humanBytes(hotBytes)} of ${humanBytes(poolBytes)} in pages in use, ` +
      `${humanBytes(slabs.bytes)} in slots in use`,
    '',
    `${'slot bytes'.padStart(10)} ${'pages'.padStart(8)} ${'slots'.padStart(10)} full`,
  ];
  for (const { slotBytes, pages, slots, mostSlots } of slabs.classes) {
    const columns = [`${slotBytes}`.padStart(10), `${pages}`.padStart(8), `${slots}`.padStart(10)];
    lines.push(`${columns.join(' ')} ${share(slots, mostSlots)}`);
  }
  return `${lines.join('\n')}\n`;
}

function share(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.round((part / whole) * 100)}%`;
}
