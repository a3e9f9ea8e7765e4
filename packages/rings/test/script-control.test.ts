// Who may kill what, and who may ask for more gates: the words all threads share about scripts.

import { test } from 'tap';
import {
  createScriptMemory,
  KIND_FUNCTION,
  KIND_SCRIPT,
  LibraryStore,
  ScriptControl,
} from '../src/index.ts';

test('killing', (t) => {
  const { control: memory } = createScriptMemory(3);
  const [control, front] = [new ScriptControl(memory), new ScriptControl(memory)];
  t.equal(front.kill(KIND_SCRIPT), 'not busy');
  control.becomesLong(1);
  t.ok(front.isLong(1));
  t.equal(front.longWorker, 1);
  t.equal(front.isBusy(1), false);
  t.equal(front.kill(KIND_SCRIPT), 'not busy');
  control.becomesBusy(1, KIND_SCRIPT, false, 5, '', []);
  t.equal(front.kill(KIND_FUNCTION), 'script');
  t.equal(front.kill(KIND_SCRIPT), 'killed');
  t.equal(front.kill(KIND_SCRIPT), 'killed', 'again');
  t.equal(control.becomesDirty(1), false, 'it was killed before');
  t.ok(control.isKilled(1));
  control.ended(1);
  t.equal(front.anyBusy, false);
  control.becomesBusy(1, KIND_SCRIPT, false, 5, '', []);
  t.equal(control.becomesDirty(1), true);
  t.equal(front.kill(KIND_SCRIPT), 'unkillable');
  control.becomesBusy(2, KIND_SCRIPT, false, 5, '', []);
  t.equal(front.kill(KIND_SCRIPT), 'killed', 'the one that can be');
  t.end();
});

test('what runs', (t) => {
  const { control: memory } = createScriptMemory(2);
  const [control, front] = [new ScriptControl(memory), new ScriptControl(memory)];
  const words = ['FCALL', 'f', '0', 'x'.repeat(10_000)].map((word) => Buffer.from(word));
  control.becomesBusy(1, KIND_FUNCTION, false, 1234, 'f', words);
  const running = front.runningFunction();
  t.match(running, { name: 'f', startedAtMs: 1234 });
  t.same(running?.words, words.slice(0, 3), 'the last does not fit');
  control.ended(1);
  t.equal(front.runningFunction(), null);
  t.end();
});

test('one at a time asks for more gates', (t) => {
  const { control: memory } = createScriptMemory(2);
  const control = new ScriptControl(memory);
  t.ok(control.beginExtension(0));
  t.ok(control.beginExtension(0), 'it is the one already');
  t.equal(control.beginExtension(1), false);
  t.equal(control.wanted, -1);
  control.setWanted(0);
  t.equal(control.wanted, 0);
  t.ok(control.isExtending(1));
  t.equal(control.isExtending(0), false, 'not somebody else');
  control.endExtension();
  t.ok(control.beginExtension(1));
  t.end();
});

test('libraries', (t) => {
  const { libraries: memory } = createScriptMemory(1);
  const [store, other] = [new LibraryStore(memory), new LibraryStore(memory)];
  t.equal(store.read().payload.length, 0);
  t.ok(store.tryBegin(1));
  t.equal(other.tryBegin(2), false);
  const effect = { lsn: 2 ** 40 + 1, log: 3, position: -7 };
  store.publish({ payload: Buffer.from('payload'), libraries: 1, functions: 2, ...effect });
  store.end();
  t.ok(other.tryBegin(2));
  t.match(other.read(), { payload: Buffer.from('payload'), generation: 1, ...effect });
  t.equal(other.lsn, effect.lsn);
  t.same([other.libraries, other.functions, other.usedBytes], [1, 2, 7]);
  t.end();
});
