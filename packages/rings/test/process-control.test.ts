// The words all threads share: client ids, the count of connections, the pause, the stop.

import { test } from 'tap';
import {
  createControlMemory,
  PAUSE_ALL,
  PAUSE_NONE,
  PAUSE_WRITES,
  ProcessControl,
} from '../src/process-control.ts';

test('client ids count up over all views', async (t) => {
  const memory = createControlMemory();
  const [one, two] = [new ProcessControl(memory), new ProcessControl(memory)];
  t.same([one.nextClientId(), two.nextClientId(), one.nextClientId()], [1, 2, 3]);
});

test('connections up to the limit', async (t) => {
  const control = new ProcessControl(createControlMemory());
  t.ok(control.enter(2));
  t.ok(control.enter(2));
  t.notOk(control.enter(2));
  t.equal(control.connections, 2);
  control.leave();
  t.equal(control.connections, 1);
  t.notOk(control.enter(1));
  t.ok(control.enter(2));
  t.notOk(control.enter(0));
  t.equal(control.connections, 2);
});

test('stop is seen by everybody', async (t) => {
  const memory = createControlMemory();
  t.notOk(new ProcessControl(memory).stopping);
  new ProcessControl(memory).stop();
  t.ok(new ProcessControl(memory).stopping);
});

test('a pause ends by time or by unpause, and only ever grows', async (t) => {
  const control = new ProcessControl(createControlMemory());
  t.equal(control.pauseMode(0), PAUSE_NONE);
  control.pause(PAUSE_WRITES, 2000, 1000);
  t.equal(control.pauseMode(1999), PAUSE_WRITES);
  t.equal(control.pauseMode(2000), PAUSE_NONE, 'over');
  control.pause(PAUSE_ALL, 1500, 1000);
  t.equal(control.pauseMode(1999), PAUSE_ALL, 'not shortened');
  control.pause(PAUSE_WRITES, 3000, 1000);
  t.equal(control.pauseMode(2999), PAUSE_ALL, 'longer, not weaker');
  control.unpause();
  t.equal(control.pauseMode(1000), PAUSE_NONE);
  control.pause(PAUSE_WRITES, 5000, 4000);
  t.equal(control.pauseMode(4500), PAUSE_WRITES, 'the old pause is forgotten');
  control.pause(PAUSE_ALL, 1e15, 6000);
  t.equal(control.pauseMode(1e15 - 1), PAUSE_ALL, 'far in the future');
});

test('everything is held back for a moment, whatever else is paused', async (t) => {
  const memory = createControlMemory();
  const control = new ProcessControl(memory);
  const other = new ProcessControl(memory);
  for (const mode of [PAUSE_NONE, PAUSE_WRITES, PAUSE_ALL]) {
    if (mode !== PAUSE_NONE) control.pause(mode, 2000, 1000);
    t.equal(other.pauseMode(1000), mode);
    control.held = true;
    t.equal(other.pauseMode(1000), PAUSE_ALL);
    t.equal(other.pauseMode(9000), PAUSE_ALL, 'it has no time');
    control.held = false;
    t.equal(other.pauseMode(1000), mode, 'as before');
    control.unpause();
  }
});

test('one history after the other, whichever thread begins it', async (t) => {
  const memory = createControlMemory();
  const [one, two] = [new ProcessControl(memory), new ProcessControl(memory)];
  t.equal(one.histories, 0);
  one.beginHistory();
  two.beginHistory();
  t.same([one.histories, two.histories], [2, 2]);
  t.same([one.connections, one.expires, one.isPaused], [0, true, false]);
});
