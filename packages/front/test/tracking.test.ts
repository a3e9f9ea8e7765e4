// What clients cache over several fronts, in simulations that can be repeated, and the proof that
// these would find what they are made to find.

import { test } from 'tap';
import { TrackingSimulation, type TrackingSimulationOptions } from './tracking-simulation.ts';

const STEPS = 1500;

function simulate(options: TrackingSimulationOptions): TrackingSimulation {
  const simulation = new TrackingSimulation(options);
  simulation.run(STEPS);
  return simulation;
}

for (const fronts of [1, 2, 4]) {
  test(`${fronts} fronts and a worker`, async (t) => {
    const base = Date.now() & 0x7fffffff;
    t.comment(`seeds from ${base}`);
    let pushes = 0;
    let cached = 0;
    for (let i = 0; i < 20; i++) {
      const seed = base + i;
      const simulation = simulate({ seed, fronts, mostKeys: i % 4 === 3 ? 3 : 0 });
      t.equal(simulation.problem, '', `seed ${seed}`);
      pushes += simulation.pushes;
      cached += simulation.cached;
    }
    t.ok(pushes > STEPS && cached > 20, `${pushes} pushes, ${cached} keys cached at the end`);
  });
}

test('what is planted is found', async (t) => {
  const base = Date.now() & 0x7fffffff;
  t.comment(`seeds from ${base}`);
  for (const bug of [
    'loses a message',
    'notes behind the read',
    'tells before the reply',
    'the worker forgets a front',
  ] as const) {
    let found = '';
    for (let i = 0; i < 30 && found === ''; i++) {
      found = simulate({ seed: base + i, fronts: 3, bug }).problem;
    }
    t.not(found, '', `${bug}: ${found}`);
  }
});
