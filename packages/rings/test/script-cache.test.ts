// The cache of scripts against a plain model, in so little memory that the oldest keep going.

import { createHash } from 'node:crypto';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createScriptCacheMemory, ScriptCache } from '../src/index.ts';

const DATA_BYTES = 8192;
const seed = Number(process.env.FORGEKV_SCRIPT_CACHE_SEED ?? Date.now() % 2 ** 31);

function digestOf(body: Buffer): Buffer {
  return createHash('sha1').update(body).digest();
}

test('what is kept is what was added, and the oldest goes first', (t) => {
  process.stderr.write(`scripts: FORGEKV_SCRIPT_CACHE_SEED=${seed}\n`);
  const random = new Random(seed);
  const memory = createScriptCacheMemory(DATA_BYTES);
  const [cache, other] = [new ScriptCache(memory), new ScriptCache(memory)];
  let kept: Buffer[] = [];
  let most = 0;
  for (let i = 0; i < 4000; i++) {
    if (random.below(500) === 0) {
      const { generation } = cache;
      cache.flush();
      kept = [];
      t.equal(other.generation, generation + 1);
      t.equal(other.usedBytes, 0);
    }
    const body = Buffer.from(`${'x'.repeat(random.below(random.below(8) === 0 ? 2000 : 100))}${i}`);
    if (!cache.add(digestOf(body), body)) t.fail('it is short enough');
    kept.push(body);
    kept = kept.slice(-cache.count);
    if (cache.count !== kept.length) t.fail('the count');
    most = Math.max(most, kept.length);
    const one = kept[random.below(kept.length)]!;
    if (!other.get(digestOf(one))?.equals(one)) t.fail(`one of ${kept.length} is not found`);
    const same = kept.at(-1)!;
    cache.add(digestOf(same), same);
    if (cache.count !== kept.length) t.fail('it was there');
    if (other.usedBytes > DATA_BYTES) t.fail('more than there is');
    if (i > 300 && other.has(digestOf(Buffer.from('no such script')))) t.fail('nobody added it');
  }
  t.ok(most > 3);
  t.equal(cache.add(digestOf(Buffer.alloc(9000)), Buffer.alloc(9000)), false, 'too long');
  t.end();
});
