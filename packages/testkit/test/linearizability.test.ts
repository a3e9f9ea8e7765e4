// The judge of histories, judged: what it must accept, what it must refuse, and that it says so
// when it has not tried everything. A plain search over all orders is the oracle of random ones.

import { test } from 'tap';
import {
  checkHistory,
  describeState,
  EMPTY_STATE,
  groupByKeys,
  type ModelState,
  type Operation,
  type Plain,
  Prng,
  plantBugs,
  stepModel,
} from '../src/index.ts';

type Short = readonly [client: number, from: number, to: number, command: string, reply?: Plain];

/** `undefined` as reply: no answer. Several commands, apart by `;`, are a block. */
function history(...operations: Short[]): Operation[] {
  return operations.map(([client, calledAt, returnedAt, text, reply]) => {
    const commands = text.split('; ').map((command) => command.split(' '));
    return {
      client,
      calledAt,
      returnedAt,
      commands,
      isBlock: commands.length > 1,
      seen: [],
      reply,
    };
  });
}

const LINEARIZABLE: Readonly<Record<string, readonly Short[]>> = {
  nothing: [],
  'one after the other': [
    [1, 1, 2, 'SET x 1', '+OK'],
    [2, 3, 4, 'GET x', '1'],
    [1, 5, 6, 'DEL x', 1],
    [2, 7, 8, 'GET x', null],
  ],
  'overlapping reads see it before and after': [
    [1, 1, 10, 'SET x 1', '+OK'],
    [2, 2, 3, 'GET x', null],
    [3, 4, 5, 'GET x', '1'],
    [2, 6, 7, 'GET x', '1'],
  ],
  'writes in another order than called': [
    [1, 1, 10, 'SET x 1', '+OK'],
    [2, 2, 9, 'SET x 2', '+OK'],
    [3, 11, 12, 'GET x', '1'],
  ],
  'no answer, has happened': [
    [1, 1, 5, 'SET x 1'],
    [2, 6, 7, 'GET x', '1'],
  ],
  'no answer, has not happened': [
    [1, 1, 5, 'SET x 1'],
    [2, 6, 7, 'GET x', null],
  ],
  'no answer, happens late': [
    [1, 1, Infinity, 'SET x 1'],
    [2, 6, 7, 'GET x', null],
    [2, 8, 9, 'GET x', '1'],
  ],
  'no answer, seen by a read before the kill': [
    [1, 1, 5, 'SET x 1'],
    [2, 2, 3, 'GET x', '1'],
    [2, 6, 7, 'GET x', '1'],
  ],
  'a pipeline in its order': [
    [1, 1, 5, 'SET x 1', '+OK'],
    [1, 2, 5, 'SET x 2', '+OK'],
    [2, 6, 7, 'GET x', '2'],
  ],
  'two keys, each on its own': [
    [1, 1, 2, 'SET x 1', '+OK'],
    [2, 3, 4, 'GET y', null],
    [2, 5, 6, 'GET x', '1'],
  ],
  'a block': [
    [1, 1, 4, 'INCRBY a -5; INCRBY b 5', [-5, 5]],
    [2, 2, 3, 'MGET a b', [null, null]],
    [2, 5, 6, 'MGET a b', ['-5', '5']],
  ],
  'all kinds of values': [
    [1, 1, 2, 'RPUSH l a b c', 3],
    [1, 3, 4, 'LMOVE l m LEFT RIGHT', 'a'],
    [2, 5, 6, 'LRANGE l 0 -1', ['b', 'c']],
    [2, 7, 8, 'SADD s x y', 2],
    [2, 9, 10, 'SADD u y z', 2],
    [2, 11, 12, 'SINTERSTORE d s u', 1],
    [2, 13, 14, 'SMOVE d s y', 1],
    [2, 15, 16, 'EXISTS d', 0],
    [2, 17, 18, 'RENAME d e', '!ERR no such key'],
    [1, 19, 20, 'INCR l', '!WRONGTYPE Operation against a key holding the wrong kind of value'],
  ],
};

const VIOLATIONS: Readonly<Record<string, readonly Short[]>> = {
  'a read that never was written': [[1, 1, 2, 'GET x', '1']],
  'a stale read': [
    [1, 1, 2, 'SET x 1', '+OK'],
    [1, 3, 4, 'SET x 2', '+OK'],
    [2, 5, 6, 'GET x', '1'],
  ],
  'new and then old': [
    [1, 1, 10, 'SET x 1', '+OK'],
    [2, 2, 3, 'GET x', '1'],
    [3, 4, 5, 'GET x', null],
  ],
  'observers that disagree about the order': [
    [1, 1, 10, 'SET x 1', '+OK'],
    [2, 1, 10, 'SET x 2', '+OK'],
    [3, 2, 3, 'GET x', '1'],
    [3, 4, 5, 'GET x', '2'],
    [4, 6, 7, 'GET x', '1'],
  ],
  'a lost increment': [
    [1, 1, 4, 'INCR n', 1],
    [2, 2, 3, 'INCR n', 1],
  ],
  'an element twice': [
    [1, 1, 2, 'RPUSH l a', 1],
    [1, 3, 6, 'LPOP l', 'a'],
    [2, 4, 5, 'LPOP l', 'a'],
  ],
  'a torn MSET': [
    [1, 1, 10, 'MSET x 1 y 1', '+OK'],
    [2, 2, 3, 'MGET x y', ['1', null]],
  ],
  'half of a transaction': [
    [1, 1, 10, 'INCRBY a -5; INCRBY b 5', [-5, 5]],
    [2, 2, 3, 'GET a', '-5'],
    [2, 4, 5, 'GET b', null],
  ],
  'a member in two sets while it moves': [
    [1, 1, 2, 'SADD s m', 1],
    [1, 3, 10, 'SMOVE s t m', 1],
    [2, 4, 5, 'SMEMBERS t', ['m']],
    [2, 6, 7, 'SMEMBERS s', ['m']],
  ],
  'without an answer, happens after the kill': [
    [1, 1, 5, 'SET x 1'],
    [2, 6, 7, 'GET x', null],
    [2, 8, 9, 'GET x', '1'],
  ],
  'seen before the kill, gone after it': [
    [1, 1, 5, 'SET x 1'],
    [2, 2, 3, 'GET x', '1'],
    [2, 6, 7, 'GET x', null],
  ],
  'acknowledged, gone after the kill': [
    [1, 1, 2, 'SET x 1', '+OK'],
    [2, 6, 7, 'GET x', null],
  ],
  'a pipeline out of order': [
    [1, 1, 5, 'SET x 1', '+OK'],
    [1, 2, 5, 'SET y 1', '+OK'],
    [2, 3, 4, 'MGET x y', [null, '1']],
  ],
  'of a pipeline without answers only the second': [
    [1, 1, 5, 'SET x 1'],
    [1, 2, 5, 'SET y 1'],
    [2, 6, 7, 'MGET x y', [null, '1']],
  ],
  'another reply than the model has': [
    [1, 1, 2, 'RPUSH l a', 1],
    [2, 3, 4, 'GET l', null],
  ],
};

test('what is linearizable', async (t) => {
  for (const [name, operations] of Object.entries(LINEARIZABLE)) {
    t.equal(checkHistory(history(...operations)).kind, 'linearizable', name);
  }
});

test('what is not', async (t) => {
  for (const [name, operations] of Object.entries(VIOLATIONS)) {
    const verdict = checkHistory(history(...operations));
    t.equal(verdict.kind, 'violation', name);
    t.ok(verdict.explanation.length >= 2, 'it is explained');
  }
});

test('WATCH: a block happens while what was read still holds', async (t) => {
  const blocks = [1, 2].map((client): Operation => {
    const seen = [{ command: ['GET', 'w'], reply: null }];
    const commands = [['SET', 'w', String(client)]];
    return {
      client,
      commands,
      isBlock: true,
      seen,
      calledAt: client,
      returnedAt: 5,
      reply: ['+OK'],
    };
  });
  t.equal(checkHistory(blocks.slice(0, 1)).kind, 'linearizable');
  t.equal(checkHistory(blocks).kind, 'violation', 'both have seen nothing: an update is lost');
});

test('it says that it gives up', async (t) => {
  const writes = Array.from({ length: 12 }, (_, i): Short => [i, i, 100, `SET x ${i}`, '+OK']);
  const hard = history(...writes, [20, 101, 102, 'GET x', 'never']);
  t.equal(checkHistory(hard, { maxSteps: 1000 }).kind, 'gave-up');
  t.equal(checkHistory(hard).kind, 'violation');
});

test('keys that no operation names together are judged apart', async (t) => {
  const operations = history(
    [1, 1, 2, 'SET a 1', '+OK'],
    [1, 3, 4, 'MGET b c', [null, null]],
    [1, 5, 6, 'GET c', null],
    [1, 7, 8, 'SET d 1; SET a 1', ['+OK', '+OK']],
  );
  const sizes = groupByKeys(operations).map(({ length }) => length);
  t.same(sizes.sort(), [2, 2]);
});

/** Tries every order there is. */
function isLinearizable(left: readonly Operation[], state: ModelState = EMPTY_STATE): boolean {
  if (left.every(({ reply }) => reply === undefined)) return true;
  return left.some((operation) => {
    const others = left.filter((other) => other !== operation);
    const mayBeNext = others.every((other) => {
      if (other.client === operation.client) return other.calledAt > operation.calledAt;
      return other.reply === undefined || other.returnedAt > operation.calledAt;
    });
    const after = mayBeNext ? stepModel(state, operation) : undefined;
    if (after === undefined) return false;
    const isLate = ({ returnedAt, reply }: Operation) =>
      reply === undefined && returnedAt < operation.calledAt;
    const stillPossible = others.filter((other) => !isLate(other));
    return isLinearizable(stillPossible, after);
  });
}

test('random histories are judged as by trying every order', async (t) => {
  const seed = Number(process.env.FORGEKV_HISTORY_SEED ?? Date.now() % 2 ** 31);
  const prng = new Prng(seed);
  const counts = { linearizable: 0, violation: 0, 'gave-up': 0 };
  const wrong: string[] = [];
  for (let round = 0; round < 4000 && wrong.length === 0; round++) {
    const operations = randomHistory(prng);
    const { kind } = checkHistory(operations);
    counts[kind]++;
    const expected = isLinearizable(operations) ? 'linearizable' : 'violation';
    if (kind !== expected) wrong.push(`${kind}, not ${expected}: ${JSON.stringify(operations)}`);
  }
  t.same(wrong, [], `seed ${seed}`);
  t.ok(counts.linearizable > 300 && counts.violation > 300, JSON.stringify(counts));
});

/** A few operations of three clients on a key or two, their replies nearly right. */
function randomHistory(prng: Prng): Operation[] {
  let state: ModelState = EMPTY_STATE;
  let clock = 0;
  const freeAt = [0, 0, 0];
  const names = [0, 1, 2];
  return Array.from({ length: prng.between(2, 7) }, (_, i) => {
    const who = prng.below(3);
    const command = prng.pick([`SET x ${i}`, 'GET x', 'GET x', 'INCR n', 'GET n', 'MGET x n']);
    const from = Math.max(freeAt[who]!, clock++ + prng.below(2));
    const to = from + 1 + prng.below(4);
    freeAt[who] = to + 1;
    // No two moments are the same.
    const [operation] = history([names[who]!, 20 * from + 2 * i, 20 * to + 2 * i + 1, command]);
    // What it says is what it would say now, or what it would have said with nothing there.
    const view = prng.chance(0.15) ? EMPTY_STATE : state;
    if (prng.chance(0.8)) state = stepModel(state, operation!) ?? state;
    if (prng.chance(0.8)) return { ...operation!, reply: replyIn(view, operation!) };
    names[who]! += 3; // its connection was cut
    return operation!;
  });
}

/** A reply that fits a state, found by asking. */
function replyIn(state: ModelState, operation: Operation): Plain {
  const values = ['0', '1', '2', '3', '4', '5', '6', '7', null];
  const candidates: Plain[] = [
    ...['+OK', ...values, 1, 2, 3, 4, 5, 6, 7],
    ...values.flatMap((x) => values.map((n) => [x, n])),
  ];
  const found = candidates.find((reply) => stepModel(state, { ...operation, reply }) !== undefined);
  if (found === undefined) throw new Error(`no reply in ${describeState(state)}`);
  return found;
}

test('lies are planted where there is room for them', async (t) => {
  const honest = history(
    [1, 1, 2, 'SET register:1 a', '+OK'],
    [1, 3, 4, 'GET register:1', 'a'],
    [1, 5, 6, 'SET register:1 b', '+OK'],
    [1, 7, 8, 'GET register:1', 'b'],
    [1, 9, 10, 'GET register:1', 'b'],
    [1, 11, 12, 'INCR counter:1', 1],
    [1, 13, 14, 'INCR counter:1', 2],
    [1, 15, 16, 'GET counter:1', '2'],
    [1, 17, 18, 'GET counter:1', '2'],
    [1, 19, 20, 'RPUSH list:1 a b', 2],
    [1, 21, 22, 'LPOP list:1', 'a'],
    [1, 23, 24, 'LPOP list:1', 'b'],
    [1, 25, 26, 'MSET account:1 5 account:2 5', '+OK'],
    [1, 27, 28, 'MGET account:1 account:2', ['5', '5']],
  );
  t.equal(checkHistory(honest).kind, 'linearizable');
  const bugs = plantBugs(honest);
  t.equal(bugs.length, 5);
  for (const { name, history } of bugs) t.equal(checkHistory(history).kind, 'violation', name);
});
