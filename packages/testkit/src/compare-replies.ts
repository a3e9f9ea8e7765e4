/**
 * Decides whether two replies agree and says where they first differ. Strict: the wire types must
 * agree too, unless a comparison says otherwise. Errors are always compared word for word.
 */
import { describeReply, isErrorReply, quoteBytes, type Reply, type ReplyEntry } from './reply.ts';

/**
 * How the replies to one command must be compared.
 *
 * exact      same types, same bytes, same order.
 * unordered  the outermost array, set, push or map is a multiset; its elements are exact.
 * within     integers may differ by `tolerance`. Negative ones (-1, -2: no TTL, no key) are exact,
 *            and so are pairs that both reach `exactFrom`: times given as absolute ones. Those
 *            much later were given as such where a relative one belongs.
 * kind       only the wire type counts; for numbers that are an implementation's own business.
 */
export type Comparison =
  | { readonly how: 'exact' }
  | { readonly how: 'unordered' }
  | { readonly how: 'within'; readonly tolerance: number; readonly exactFrom?: number }
  | { readonly how: 'kind' };

/** The comparison of most commands. */
export const EXACT: Comparison = { how: 'exact' };
/** For replies whose order Redis leaves open. */
export const UNORDERED: Comparison = { how: 'unordered' };
/** For values that cannot agree between two implementations. */
export const SAME_KIND: Comparison = { how: 'kind' };

/**
 * What differs between two replies, in words, or undefined when they agree.
 * @param expected the oracle's reply (Redis)
 * @param actual the reply of the server under test
 */
export function compareReplies(
  expected: Reply,
  actual: Reply,
  comparison: Comparison = EXACT,
): string | undefined {
  if (isErrorReply(expected) || isErrorReply(actual)) return differExactly(expected, actual, '');
  switch (comparison.how) {
    case 'exact':
      return differExactly(expected, actual, '');
    case 'unordered':
      return differUnordered(expected, actual);
    case 'kind':
      return differInKind(expected, actual, '');
    case 'within':
      return differBeyond(expected, actual, comparison.tolerance, comparison.exactFrom);
  }
}

function both(expected: Reply, actual: Reply, path: string): string {
  const where = path === '' ? '' : `at ${path}: `;
  return `${where}expected ${describeReply(expected)}, got ${describeReply(actual)}`;
}

function differInKind(expected: Reply, actual: Reply, path: string): string | undefined {
  const sameNull =
    expected.kind !== 'null' || actual.kind !== 'null' || expected.form === actual.form;
  if (expected.kind === actual.kind && sameNull) return undefined;
  return both(expected, actual, path);
}

function differExactly(expected: Reply, actual: Reply, path: string): string | undefined {
  const kinds = differInKind(expected, actual, path);
  if (kinds !== undefined) return kinds;
  switch (expected.kind) {
    case 'bulk':
    case 'verbatim':
      return differInBytes(expected, actual, path);
    case 'array':
    case 'set':
    case 'push':
      return differInItems(expected.items, (actual as typeof expected).items, path);
    case 'map':
      return differInEntries(expected.entries, (actual as typeof expected).entries, path);
    case 'attribute': {
      const other = actual as typeof expected;
      return (
        differInEntries(expected.entries, other.entries, `${path}|`) ??
        differExactly(expected.reply, other.reply, path)
      );
    }
    default:
      return describeReply(expected, Infinity) === describeReply(actual, Infinity)
        ? undefined
        : both(expected, actual, path);
  }
}

function differInBytes(expected: Reply, actual: Reply, path: string): string | undefined {
  const left = expected as Extract<Reply, { kind: 'bulk' | 'verbatim' }>;
  const right = actual as typeof left;
  const sameFormat = left.kind === 'bulk' || right.kind === 'bulk' || left.format === right.format;
  if (sameFormat && left.bytes.equals(right.bytes)) return undefined;
  if (left.bytes.length < 100 && right.bytes.length < 100) return both(left, right, path);
  const end = Math.min(left.bytes.length, right.bytes.length);
  let offset = 0;
  while (offset < end && left.bytes[offset] === right.bytes[offset]) offset++;
  const around = (bytes: Buffer) =>
    quoteBytes(bytes.subarray(Math.max(0, offset - 10), offset + 30));
  const where = path === '' ? '' : `at ${path}: `;
  return (
    `${where}${left.bytes.length} bytes expected, ${right.bytes.length} received, first ` +
    `difference at offset ${offset}: ${around(left.bytes)} against ${around(right.bytes)}`
  );
}

function differInItems(
  expected: readonly Reply[],
  actual: readonly Reply[],
  path: string,
): string | undefined {
  for (const [index, item] of expected.entries()) {
    const other = actual[index];
    if (other === undefined) break;
    const difference = differExactly(item, other, `${path}[${index}]`);
    if (difference !== undefined) return difference;
  }
  if (expected.length === actual.length) return undefined;
  return `at ${path}[]: ${expected.length} elements expected, ${actual.length} received`;
}

function differInEntries(
  expected: readonly ReplyEntry[],
  actual: readonly ReplyEntry[],
  path: string,
): string | undefined {
  return differInItems(expected.flat(), actual.flat(), `${path}%`);
}

function differUnordered(expected: Reply, actual: Reply): string | undefined {
  const kinds = differInKind(expected, actual, '');
  if (kinds !== undefined) return kinds;
  const missing = new Map<string, number>();
  const left = members(expected);
  const right = members(actual);
  if (left === undefined || right === undefined) return differExactly(expected, actual, '');
  for (const member of left) missing.set(member, (missing.get(member) ?? 0) + 1);
  const extra: string[] = [];
  for (const member of right) {
    const count = missing.get(member) ?? 0;
    if (count === 0) extra.push(member);
    else if (count === 1) missing.delete(member);
    else missing.set(member, count - 1);
  }
  if (missing.size === 0 && extra.length === 0) return undefined;
  const some = (list: readonly string[]) =>
    `${list.length}: ${list
      .map((text) => text.slice(0, 80))
      .slice(0, 5)
      .join(', ')}`;
  return `as a multiset: missing ${some([...missing.keys()])}; unexpected ${some(extra)}`;
}

/** The outermost elements in canonical text, or undefined when the reply is no aggregate. */
function members(reply: Reply): string[] | undefined {
  if (reply.kind === 'array' || reply.kind === 'set' || reply.kind === 'push') {
    return reply.items.map((item) => describeReply(item, Infinity));
  }
  if (reply.kind !== 'map') return undefined;
  return reply.entries.map((entry) =>
    entry.map((part) => describeReply(part, Infinity)).join(' => '),
  );
}

/** Absolute times are at most so many times as late as the earliest of them. */
const ABSOLUTE_SPAN = 1.3;

function differBeyond(
  expected: Reply,
  actual: Reply,
  tolerance: number,
  exactFrom = Infinity,
): string | undefined {
  if (expected.kind !== 'integer' || actual.kind !== 'integer') {
    return differExactly(expected, actual, '');
  }
  const gap = Number(expected.value - actual.value);
  const [low, high] = gap < 0 ? [expected, actual] : [actual, expected];
  const isAbsolute = (value: number) => value >= exactFrom && value < exactFrom * ABSOLUTE_SPAN;
  const mustBeExact = low.value < 0n || isAbsolute(Number(low.value));
  if (gap === 0 || (!mustBeExact && Math.abs(gap) <= tolerance)) return undefined;
  const allowed = mustBeExact ? 0 : tolerance;
  const apart = high.value - low.value;
  return `${both(expected, actual, '')} (${apart} apart, ${allowed} allowed)`;
}
