// The process that store-kill.test.ts kills: writes batches without end and says on its standard
// output which ones were acknowledged. Not a test.

import { writeSync } from 'node:fs';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import type { RecordHead } from '../src/store/record.ts';
import { Store } from '../src/store/store.ts';

const [directory = '', from = '0'] = process.argv.slice(2);
const store = new Store(new ClassicLevelEngine(directory, { writeBufferBytes: 1 << 16 }));
await store.open();
const head: RecordHead = { type: 1, flags: 0, encoding: 0, expireAtMs: 0, lsn: 1 };
for (let i = Number(from); ; i++) {
  const batch = store.batch();
  for (let key = 0; key < 40; key++) {
    batch.put(0, 0, key, Buffer.from(`k${key}`), { ...head, lsn: i }, Buffer.alloc(200, i));
  }
  await store.commit(batch, { sync: i % 16 === 0 });
  writeSync(1, `${i}\n`);
}
