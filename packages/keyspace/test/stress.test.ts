// The shared-memory stress run: threads do random operations on one small arena and know what
// must come of it. FORGEKV_STRESS_SEED repeats a run (as far as threads can be repeated),
// FORGEKV_STRESS_SECONDS makes it longer: `npx tap --timeout=0` then, or plain node on the file.

import { Random } from '@forgekv/base';
import { t as file, test } from 'tap';
import { FACTS, noFacts } from './stress-job.ts';
import { runRound } from './stress-run.ts';

const SEED = Number(process.env.FORGEKV_STRESS_SEED ?? Date.now() & 0x7fffffff);
const SECONDS = Number(process.env.FORGEKV_STRESS_SECONDS ?? 5);
const ROUND_MS = 1200;

file.setTimeout((SECONDS + 60) * 1000);

test(`stress, seed ${SEED}`, { timeout: (SECONDS + 60) * 1000 }, async (t) => {
  const random = new Random(SEED);
  const total = noFacts();
  const untilMs = performance.now() + SECONDS * 1000;
  do {
    const seed = random.uint32() | 0;
    const result = await runRound({ seed, durationMs: ROUND_MS, fault: null });
    const { problems, facts, depth, threads, shards, pages } = result;
    const name = `round ${seed}: ${threads} threads, ${shards} shards, ${pages} pages`;
    t.same(problems, [], name);
    for (const fact of FACTS) total[fact] += facts[fact];
    t.ok(facts.full > 0, `${name}: full ${facts.full} times`);
    t.ok(facts.reused > 0, `${name}: ${facts.reused} slots used again`);
    t.ok(depth >= 2, `${name}: grown to depth ${depth}`);
    if (problems.length > 0) return;
  } while (performance.now() < untilMs);
  for (const fact of FACTS) {
    // Meeting another thread at a lock or gate takes two cores.
    if (fact === 'gated' || fact === 'gaveUp') t.comment(`${fact}: ${total[fact]}`);
    else t.ok(total[fact] > 0, `${fact}: ${total[fact]}`);
  }
});
