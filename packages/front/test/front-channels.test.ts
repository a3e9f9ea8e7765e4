// Counts and order of messages over several fronts, in simulations that can be repeated, and the
// proof that these would find what they are made to find.

import { test } from 'tap';
import { ChannelSimulation, type SimulationOptions } from './channel-simulation.ts';

const STEPS = 6000;

async function simulate(options: SimulationOptions): Promise<ChannelSimulation> {
  const simulation = new ChannelSimulation(options);
  await simulation.run(STEPS);
  return simulation;
}

for (const fronts of [1, 2, 4]) {
  test(`${fronts} fronts and a worker`, async (t) => {
    const base = Date.now() & 0x7fffffff;
    t.comment(`seeds from ${base}`);
    for (let i = 0; i < 4; i++) {
      const { problem, delivered, waits } = await simulate({ seed: base + i, fronts });
      t.equal(problem, '', `${delivered} messages, ${waits} waits for messages`);
      t.ok(delivered > STEPS / 4);
      if (fronts > 1) t.ok(waits > 10);
    }
    const killed = await simulate({ seed: base, fronts, kills: true });
    t.equal(killed.problem, '', 'connections end');
    const lossy = await simulate({ seed: base, fronts, losesTicks: true });
    t.equal(lossy.problem, '', 'logs get lost');
    for (const more of [{}, { kills: true }, { losesTicks: true }]) {
      const ordered = await simulate({ seed: base, fronts, isOrdered: true, ...more });
      t.equal(ordered.problem, '', `in order ${Object.keys(more)}`);
      t.ok(ordered.delivered > STEPS / 4);
    }
  });
}

test('what is planted is found', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const bugs = ['leaves at once', 'counts late', 'forgets one front', 'has no order'] as const;
  for (const bug of bugs) {
    const isOrdered = bug === 'has no order';
    const { problem } = await simulate({ seed, fronts: 3, isOrdered, bug });
    t.not(problem, '', `${bug}: ${problem}`);
  }
});
