/**
 * The outside log of the kill tests, on made-up histories: what a crash may leave passes, and every
 * kind of loss is noticed.
 */
import { test } from 'tap';
import { CrashOracle } from '../src/crash-oracle.ts';
import { CrashUnit, type FoundKey, type UnitOp } from '../src/crash-unit.ts';
import { CrashWorkload } from '../src/crash-workload.ts';
import type { Reply } from '../src/reply.ts';

const NOW_S = 1_800_000_000;
const OK: Reply = { kind: 'simple', text: 'OK' };
const integer = (value: number): Reply => ({ kind: 'integer', value: BigInt(value) });
const bulk = (text: string): Reply => ({ kind: 'bulk', bytes: Buffer.from(text) });
const set = (value: string): UnitOp => ({ kind: 'set', value });
const GET: UnitOp = { kind: 'get' };

/** Two connections; the first owns a text, a counter and a group of two, the second one text. */
function setUp(strictOrder = false) {
  const text = new CrashUnit('text', ['t']);
  const counter = new CrashUnit('counter', ['c']);
  const group = new CrashUnit('group', ['g1', 'g2']);
  const other = new CrashUnit('text', ['o']);
  const owned = [[text, counter, group], [other]];
  const oracle = new CrashOracle({ owned, shared: ['s'], strictOrder });
  const send = (unit: CrashUnit, op: UnitOp) => oracle.issue(0, { unit, op });
  const done = (unit: CrashUnit, op: UnitOp, reply: Reply) => {
    send(unit, op);
    oracle.acknowledge(0, reply);
  };
  /** A start that found these values, without times to live; other keys are not there. */
  const restart = (values: Record<string, string | FoundKey>, keyCount?: number) => {
    const found = new Map<string, FoundKey>();
    for (const key of oracle.keys) {
      const value = values[key];
      if (value === undefined) found.set(key, { value: null, ttl: -2 });
      else found.set(key, typeof value === 'string' ? { value, ttl: -1 } : value);
    }
    return oracle.resolve(found, keyCount ?? Object.keys(values).length, NOW_S);
  };
  const kinds = () => oracle.violations.map(({ kind }) => kind).join();
  return { text, counter, group, other, oracle, send, done, restart, kinds };
}

test('everything acknowledged and nothing in flight', async (t) => {
  const { text, counter, group, oracle, done, restart } = setUp();
  done(text, set('a#1'), OK);
  done(text, { kind: 'append', text: '+2' }, integer(5));
  done(counter, { kind: 'incr' }, integer(1));
  done(counter, { kind: 'incr' }, integer(2));
  done(group, set('b#3'), OK);
  oracle.issue(1, { shared: 's' });
  oracle.acknowledge(1, integer(1));
  const resolution = restart({ t: 'a#1+2', c: '2', g1: 'b#3', g2: 'b#3', s: '1' });
  t.same(resolution, { inFlight: 0, applied: 0, reordered: 0 });
  t.same(oracle.violations, []);
  t.equal(oracle.acknowledgedWrites, 6);
});

test('any number of the commands in flight on a key may have happened', async (t) => {
  for (const [count, value] of ['a#1', 'a#1+2', 'c#3', undefined].entries()) {
    const { text, oracle, send, done, restart } = setUp();
    done(text, set('a#1'), OK);
    send(text, { kind: 'append', text: '+2' });
    send(text, set('c#3'));
    send(text, { kind: 'delete' });
    const resolution = restart(value === undefined ? {} : { t: value });
    t.same(resolution, { inFlight: 3, applied: count, reordered: 0 });
    t.same(oracle.violations, []);
    t.equal(text.latest.value, value ?? null, 'it goes on from what was found');
    restart({ t: 'z#9' });
    t.equal(oracle.violations.length, 1, 'what was in flight cannot happen later');
  }
});

test('lost, undone and invented values', async (t) => {
  const cases: [values: Record<string, string>, kind: string][] = [
    [{}, 'lost'],
    [{ t: 'a#1' }, 'lost'],
    [{ t: 'b#2+3+4' }, 'lost'],
    [{ t: 'b#2+4' }, 'lost'],
    [{ t: 'b#9' }, 'invented'],
    [{ t: 'rubbish' }, 'invented'],
  ];
  for (const [values, kind] of cases) {
    const { text, send, done, restart, kinds } = setUp();
    done(text, set('a#1'), OK);
    done(text, set('b#2'), OK);
    send(text, { kind: 'append', text: '+3' });
    send(text, set('d#4'));
    restart(values);
    t.equal(kinds(), kind, JSON.stringify(values));
  }
  const { text, done, restart, kinds } = setUp();
  done(text, set('a#1'), OK);
  done(text, { kind: 'delete' }, integer(1));
  restart({ t: 'a#1' });
  t.equal(kinds(), 'lost', 'a deletion is a write, too');
});

test('a group changes as a whole', async (t) => {
  for (const values of [{ g1: 'b#2', g2: 'a#1' }, { g1: 'a#1' }, { g2: 'b#2' }]) {
    const { group, send, done, restart, kinds } = setUp();
    done(group, set('a#1'), OK);
    send(group, set('b#2'));
    send(group, { kind: 'delete' });
    restart(values);
    t.equal(kinds(), 'torn', JSON.stringify(values));
  }
});

test('counters, own and shared', async (t) => {
  const judge = (own: string, shared: string) => {
    const { counter, oracle, send, done, restart, kinds } = setUp();
    done(counter, { kind: 'incr' }, integer(1));
    done(counter, { kind: 'incr' }, integer(2));
    send(counter, { kind: 'incr' });
    for (let sent = 0; sent < 4; sent++) oracle.issue(1, { shared: 's' });
    oracle.acknowledge(1, integer(1));
    // Another connection's INCR came between.
    oracle.issue(0, { shared: 's' });
    oracle.acknowledge(1, integer(3));
    restart({ c: own, s: shared });
    return kinds();
  };
  t.equal(judge('2', '3'), '');
  t.equal(judge('3', '5'), '');
  t.equal(judge('1', '3'), 'lost');
  t.equal(judge('4', '3'), 'invented');
  t.equal(judge('2', '2'), 'lost', 'somebody was told 3');
  t.equal(judge('2', '6'), 'invented');
  t.equal(judge('2', 'x'), 'lost');
});

test('times to live', async (t) => {
  const judge = (ttl: number) => {
    const { text, done, restart, kinds } = setUp();
    done(text, set('a#1'), OK);
    const expire = { kind: 'expire', seconds: 50_000, deadlineS: NOW_S + 50_000 } as const;
    done(text, expire, integer(1));
    restart({ t: { value: 'a#1', ttl } });
    return kinds();
  };
  t.equal(judge(50_000), '');
  t.equal(judge(49_990), '');
  t.equal(judge(-1), 'lost');
  t.equal(judge(40_000), 'lost');
});

test('what somebody was shown must be there', async (t) => {
  const judge = (shown: string, value: string) => {
    const { text, oracle, send, done, restart, kinds } = setUp();
    done(text, set('a#1'), OK);
    send(text, set('b#2'));
    send(text, set('c#3'));
    oracle.issue(1, { unit: text, op: GET });
    oracle.acknowledge(1, bulk(shown));
    restart({ t: value });
    return kinds();
  };
  t.equal(judge('a#1', 'a#1'), '');
  t.equal(judge('b#2', 'b#2'), '');
  t.equal(judge('b#2', 'c#3'), '');
  t.equal(judge('b#2', 'a#1'), 'lost');
  t.equal(judge('c#3', 'b#2'), 'lost');
});

test('order over all keys of a connection: counted, or demanded', async (t) => {
  const judge = (strictOrder: boolean, values: Record<string, string>) => {
    const { text, counter, group, send, restart, kinds } = setUp(strictOrder);
    send(text, set('a#1'));
    send(counter, { kind: 'incr' });
    send(group, set('b#2'));
    const { reordered } = restart(values);
    return `${reordered} ${kinds()}`;
  };
  t.equal(judge(true, {}), '0 ');
  t.equal(judge(true, { t: 'a#1' }), '0 ');
  t.equal(judge(true, { t: 'a#1', c: '1' }), '0 ');
  t.equal(judge(false, { c: '1' }), '1 ');
  t.equal(judge(true, { c: '1' }), '1 order');
  t.equal(judge(true, { t: 'a#1', g1: 'b#2', g2: 'b#2' }), '1 order');
});

test('replies that cannot be, unreadable keys, keys that nobody wrote', async (t) => {
  const { text, counter, oracle, done, restart, kinds } = setUp();
  done(text, set('a#1'), { kind: 'error', text: 'OOM' });
  done(counter, { kind: 'incr' }, integer(7));
  done(text, { kind: 'delete' }, integer(0));
  done(text, GET, { kind: 'error', text: 'ERR' });
  oracle.issue(1, { shared: 's' });
  oracle.acknowledge(1, integer(2));
  t.equal(kinds(), 'reply,reply,reply,reply,reply');
  oracle.violations.length = 0;
  restart({ c: { value: null, ttl: -2, error: 'ERR checksum' }, s: '1' }, 1);
  t.equal(kinds(), 'lost');
  oracle.violations.length = 0;
  restart({ c: '1', s: '1' }, 3);
  t.equal(kinds(), 'invented', 'one key more than there can be');
  for (let more = 0; more < 100; more++) oracle.report('reply', 'again');
  t.equal(oracle.violations.length, 20, 'bounded');
});

test('the workload: reproducible, every command, every unit its owner', async (t) => {
  const play = (seed: number) => {
    const workload = new CrashWorkload(3, seed);
    const { owned, shared } = workload;
    const oracle = new CrashOracle({ owned, shared });
    const lines: string[] = [];
    for (let turn = 0; turn < 300; turn++) {
      const connection = turn % 3;
      const batch = workload.nextBatch(connection, NOW_S, (command) => {
        oracle.issue(connection, command);
        if ('shared' in command || command.op.kind === 'get') return;
        const isOwn = owned[connection]?.includes(command.unit);
        if (!isOwn) t.fail(`${command.unit.keys[0]} is not of connection ${connection}`);
      });
      lines.push(...batch.map((args) => `${connection} ${args.join(' ')}`));
    }
    return lines;
  };
  const lines = play(7);
  t.ok(play(7).join('\n') === lines.join('\n'), 'the same seed');
  t.ok(play(8).join('\n') !== lines.join('\n'), 'another seed');
  const names = new Set(lines.map((line) => line.split(' ')[1]));
  t.same([...names].sort(), ['APPEND', 'DEL', 'EXPIRE', 'GET', 'INCR', 'MSET', 'SET']);
  t.ok(
    lines.some((line) => line.length > 17_000),
    'some values are large',
  );
});
