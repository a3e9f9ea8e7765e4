// How fast the storage engine alone answers random reads of the data a server has left behind: one
// thread, nothing else. What the server's cold reads are compared with.

import { join } from 'node:path';
import { ClassicLevelEngine, keepTablesUnmapped, readLayout, storePath } from '@forgekv/storage';

const SAMPLED_KEYS = 50_000;
const PAGE_KEYS = 2_000;
const PAGE_BYTES = 8 << 20;
const READ_MS = 3_000;
const FIRST_KEY = Buffer.alloc(1);
const LAST_KEY = Buffer.alloc(8, 255);

/** Reads per second. @param dataDirectory of a server that has stopped */
export async function rawReadsPerSecond(dataDirectory: string): Promise<number> {
  const layout = readLayout(join(dataDirectory, 'stores'));
  if (layout === null) throw new Error('the server has left no stores');
  await keepTablesUnmapped(join(dataDirectory, 'stores', 'unmapped'));
  const engines: ClassicLevelEngine[] = [];
  const keys: { readonly engine: ClassicLevelEngine; readonly key: Buffer }[] = [];
  try {
    for (let store = 0; store < layout.storeCount; store++) {
      const engine = new ClassicLevelEngine(storePath(layout, store), { verify: 'none' });
      await engine.open();
      engines.push(engine);
      const sample = await sampleKeys(engine, SAMPLED_KEYS / layout.storeCount);
      for (const key of sample) keys.push({ engine, key });
    }
    let reads = 0;
    const startedAtMs = performance.now();
    while (performance.now() - startedAtMs < READ_MS) {
      for (let i = 0; i < 100; i++) {
        const { engine, key } = keys[Math.floor(Math.random() * keys.length)]!;
        if (engine.getSync(key) === undefined) throw new Error('a key of a store has no value');
        reads++;
      }
    }
    return (reads / (performance.now() - startedAtMs)) * 1000;
  } finally {
    for (const engine of engines) await engine.close();
  }
}

/** Keys of every part of a store: every page gives some. */
async function sampleKeys(engine: ClassicLevelEngine, wanted: number): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (let from: Buffer | null = FIRST_KEY; from !== null; ) {
    const page = await engine.scanPage(from, LAST_KEY, PAGE_KEYS, PAGE_BYTES);
    all.push(...page.keys);
    from = page.next;
  }
  const step = Math.max(1, all.length / wanted);
  return Array.from({ length: Math.min(wanted, all.length) }, (_, i) => all[Math.floor(i * step)]!);
}
