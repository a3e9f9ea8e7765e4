/** The compatibility cases: what is read and compared, and that a real Redis passes all of them. */
import { test } from 'tap';
import { splitCommandLine } from '../src/command-line-text.ts';
import { runCompatibility } from '../src/compatibility.ts';
import {
  type CompatibilityCase,
  compareVersions,
  readCompatibilityCases,
} from '../src/compatibility-cases.ts';
import { meetsExpectation } from '../src/compatibility-expectation.ts';
import {
  formatCompatibilityFailure,
  formatCompatibilityTable,
  formatMissingCommands,
  withVerdict,
} from '../src/compatibility-report.ts';
import type { Reply } from '../src/reply.ts';
import { skipWithoutRedis, startRedis } from '../src/server-process.ts';

const STRICT = { anyOrder: false, floats: false };
const bulk = (text: string): Reply => ({ kind: 'bulk', bytes: Buffer.from(text) });
const array = (...items: Reply[]): Reply => ({ kind: 'array', items });
const integer = (value: bigint): Reply => ({ kind: 'integer', value });

function oneCase(name: string, steps: CompatibilityCase['steps']): CompatibilityCase {
  return { family: 'x', name, since: '1.0.0', steps, ...STRICT, escapes: false };
}

test('the file: all cases that are not for clusters', async (t) => {
  const cases = readCompatibilityCases();
  t.equal(cases.length, 352);
  t.equal(cases.filter(({ since }) => compareVersions(since, '7.0.0') <= 0).length, 350);
  t.equal(cases.filter(({ escapes }) => escapes).length, 5);
  t.throws(() => readCompatibilityCases(import.meta.filename), 'another file is refused');
});

test('versions are compared as numbers', async (t) => {
  t.ok(compareVersions('3.2.10', '3.2.9') > 0);
  t.ok(compareVersions('6.0.6', '6.2.0') < 0);
  t.equal(compareVersions('7.0.0', '7.0.0'), 0);
});

test('lines become arguments', async (t) => {
  const words = (line: string, escapes = false) =>
    splitCommandLine(line, escapes).map((arg) => arg.toString('latin1'));
  t.same(words('  set k  v\t'), ['set', 'k', 'v']);
  t.same(words('set k "a  b" ""'), ['set', 'k', 'a  b', '']);
  t.same(words('set k "a\nb"'), ['set', 'k', 'a\nb']);
  t.same(words('set k \\xff'), ['set', 'k', '\\xff'], 'a backslash is itself');
  t.same(words('k \\xff\\x20\\a "\\"\\n" \\\\', true), ['k', '\xff \x07', '"\n', '\\']);
  t.throws(() => splitCommandLine('set k "v'));
  t.throws(() => splitCommandLine('set k \\', true));
});

test('replies meet expectations or do not', async (t) => {
  const loose = { anyOrder: true, floats: true };
  t.ok(meetsExpectation('OK', { kind: 'simple', text: 'OK' }, STRICT));
  t.ok(meetsExpectation('v', bulk('v'), STRICT));
  t.notOk(meetsExpectation('v', bulk('V'), STRICT));
  t.notOk(meetsExpectation('1', integer(1n), STRICT), 'text is no number');
  t.notOk(meetsExpectation(1, bulk('1'), STRICT), 'a number is no text');
  t.ok(meetsExpectation(null, { kind: 'null', form: '*-1' }, STRICT));
  t.notOk(meetsExpectation(null, bulk(''), STRICT));
  t.notOk(meetsExpectation([], { kind: 'null', form: '*-1' }, STRICT));
  t.notOk(meetsExpectation('ERR', { kind: 'error', text: 'ERR' }, STRICT));
  t.notOk(meetsExpectation(['a', 'b'], array(bulk('b'), bulk('a')), STRICT));
  t.ok(meetsExpectation(['a', 'b'], array(bulk('b'), bulk('a')), loose));
  t.notOk(meetsExpectation(['a', 'a'], array(bulk('b'), bulk('a')), loose));
  t.notOk(meetsExpectation(['a'], array(bulk('a'), bulk('a')), loose));
  t.ok(meetsExpectation('0.10', bulk('0.1'), loose));
  t.notOk(meetsExpectation('0.10', bulk('0.1'), STRICT));
  t.notOk(meetsExpectation('0.10', bulk('0.10001'), loose));
  t.notOk(meetsExpectation('0.10', bulk('x'), loose));
});

test('Redis passes every case of its version', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const outcomes = await runCompatibility({ server: { port: redis.port }, upTo: '7.0.0' });
  const others = outcomes.filter(({ verdict }) => verdict !== 'passed');
  t.equal(others.map(formatCompatibilityFailure).join('\n'), '');
  t.equal(outcomes.length, 350);
  t.match(formatCompatibilityTable(outcomes), /^all +196\/196 .* 350\/350 +350\/350$/m);
});

test('what is wrong, missing or closed is told apart', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const outcomes = await runCompatibility({
    server: { port: redis.port },
    cases: [
      oneCase('right', [{ line: 'set k v', expected: 'OK' }]),
      oneCase('emptied between', [{ line: 'get k', expected: null }]),
      oneCase('wrong', [{ line: 'set k v', expected: 'NO' }]),
      oneCase('missing', [{ line: 'nosuch k', expected: 1 }]),
      oneCase('wrong before missing', [
        { line: 'get k', expected: 'v' },
        { line: 'nosuch k', expected: 1 },
      ]),
      oneCase('unknown subcommand', [{ line: 'object nosuch k', expected: 1 }]),
      oneCase('closed', [
        { line: 'quit', expected: 'OK' },
        { line: 'get k', expected: null },
      ]),
    ],
  });
  t.same(
    outcomes.map(({ verdict }) => verdict),
    ['passed', 'passed', 'failed', 'missing', 'failed', 'failed', 'failed'],
  );
  t.equal(formatMissingCommands(outcomes), 'NOSUCH (1)');
  t.equal(withVerdict(outcomes, 'failed').length, 4);
  t.match(formatCompatibilityFailure(outcomes[2] as (typeof outcomes)[0]), /expected {2}"NO"/);
});
