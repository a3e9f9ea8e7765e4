// A process that is killed while it writes to a real store: the store opens again, its files are
// in order, and every acknowledged batch is there, whole.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import { Store } from '../src/store/store.ts';

const WRITER = fileURLToPath(new URL('./kill-writer.js', import.meta.url));
const KILLS = Number(process.env.FORGEKV_KILLS ?? 8);

/** Runs a writer until it has acknowledged `batches` more, kills it, returns the last one. */
async function killed(directory: string, from: number, batches: number): Promise<number> {
  const writer = spawn(process.execPath, [WRITER, directory, `${from}`], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  writer.stdout.on('data', (chunk) => {
    text += chunk;
    if (text.split('\n').length > batches) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  return Number(text.trimEnd().split('\n').at(-1));
}

test('kill -9 loses nothing acknowledged', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'forgekv-kill-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const seed = 5;
  const random = new Random(seed);
  let next = 1;
  for (let kill = 0; kill < KILLS; kill++) {
    const acknowledged = await killed(directory, next, 1 + random.below(80));
    const store = new Store(new ClassicLevelEngine(directory, { verify: 'all' }));
    await store.open();
    const found = new Set<number>();
    for (let key = 0; key < 40; key++) {
      const record = store.read(0, 0, key, Buffer.from(`k${key}`))!;
      found.add(record.lsn);
      if (!Buffer.alloc(200, record.lsn).equals(record.payload)) t.fail(`value of k${key}`);
    }
    t.equal(found.size, 1, 'a batch is there whole');
    const [lsn = 0] = found;
    t.ok(lsn === acknowledged || lsn === acknowledged + 1, `${lsn} after ${acknowledged}`);
    next = lsn + 1;
    await store.close();
  }
});
