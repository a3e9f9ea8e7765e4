/**
 * Whether a reply is what a compatibility case expects. Looser than `compare-replies.ts` where the
 * cases do not say more: JSON has one kind of text and one null, RESP has several.
 */
import type { CompatibilityCase, ExpectedReply } from './compatibility-cases.ts';
import type { Reply } from './reply.ts';

/** Doubles written with 17 digits or more agree to this. */
const RELATIVE_TOLERANCE = 1e-12;
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** True when `reply` is as expected, under the case's rules on order and numbers. */
export function meetsExpectation(
  expected: ExpectedReply,
  reply: Reply,
  rules: Pick<CompatibilityCase, 'anyOrder' | 'floats'>,
): boolean {
  if (expected === null) return reply.kind === 'null';
  if (typeof expected === 'number') {
    return reply.kind === 'integer' && reply.value === BigInt(expected);
  }
  if (typeof expected === 'string') return isText(expected, reply, rules.floats);
  if (reply.kind !== 'array' || reply.items.length !== expected.length) return false;
  if (!rules.anyOrder) {
    return expected.every((one, at) => meetsExpectation(one, reply.items[at] as Reply, rules));
  }
  const left = [...reply.items];
  return expected.every((one) => {
    const found = left.findIndex((item) => meetsExpectation(one, item, rules));
    if (found >= 0) left.splice(found, 1);
    return found >= 0;
  });
}

function isText(expected: string, reply: Reply, floats: boolean): boolean {
  if (reply.kind === 'simple') return reply.text === expected;
  if (reply.kind !== 'bulk') return false;
  if (reply.bytes.equals(Buffer.from(expected))) return true;
  const actual = reply.bytes.toString('latin1');
  if (!floats || !NUMBER.test(expected) || !NUMBER.test(actual)) return false;
  const gap = Math.abs(Number(actual) - Number(expected));
  return gap <= Math.abs(Number(expected)) * RELATIVE_TOLERANCE;
}
