/**
 * Where ForgeKV follows Redis 7.2 and later while the oracle is Redis 7.0.15. Every row is a hole
 * in the comparison, so the table stays tiny and each row says why it must exist.
 */
import { describeReply, type Reply } from './reply.ts';

export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** True when the two replies to this command differ in exactly the known way. */
  readonly covers: (label: string, oracle: Reply, subject: Reply) => boolean;
}

// As RDB files number types: collections that are no packed ones, a list, a packed sorted set.
const RDB_SET = 2;
const RDB_HASH = 4;
const RDB_ZSET = 5;
const RDB_ZSET_PACKED = 17;
const RDB_LIST = 18;

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'listpack encodings of 7.2',
    reason: 'since 7.2 small lists and small sets of strings are listpacks',
    covers: (label, oracle, subject) =>
      label.startsWith('OBJECT') &&
      describeReply(subject) === '"listpack"' &&
      ['"quicklist"', '"hashtable"'].includes(describeReply(oracle)),
  },
  {
    name: 'the order of a large hash or set',
    reason: 'DUMP writes the elements of a hashtable in an order of its own',
    covers: (label, oracle, subject) =>
      label === 'DUMP' &&
      [RDB_HASH, RDB_SET].some((type) => isDumpOf(oracle, type) && isDumpOf(subject, type)),
  },
  {
    name: 'the nodes of a list',
    reason: 'DUMP shows how a list is divided into listpacks: since 7.2 a small one is not',
    covers: (label, oracle, subject) =>
      label === 'DUMP' && isDumpOf(oracle, RDB_LIST) && isDumpOf(subject, RDB_LIST),
  },
  {
    name: 'the least rank in 7.2',
    reason: 'since 7.2 LPOS refuses the one rank that cannot be negated',
    covers: (label, _oracle, subject) =>
      label === 'LPOS' &&
      subject.kind === 'error' &&
      subject.text.startsWith('ERR value is out of range, value must between -9223372036854775807'),
  },
  {
    name: 'numbers after one that was out of range',
    reason: 'SORT takes the mark of an earlier number that was out of range for one of its own',
    covers: (label, oracle, subject) =>
      label === 'SORT' &&
      subject.kind === 'array' &&
      oracle.kind === 'error' &&
      oracle.text === "ERR One or more scores can't be converted into double",
  },
  {
    name: 'sorted sets that were sorted',
    reason: 'SORT makes a sorted set a skiplist; here what only reads changes nothing',
    covers: (label, oracle, subject) =>
      label === 'DUMP'
        ? isDumpOf(oracle, RDB_ZSET) && isDumpOf(subject, RDB_ZSET_PACKED)
        : label === 'OBJECT ENCODING' &&
          describeReply(oracle) === '"skiplist"' &&
          describeReply(subject) === '"listpack"',
  },
  {
    name: 'ranks with scores in 7.2',
    reason: 'since 7.2 there may be a fourth argument, WITHSCORE',
    covers: (label, oracle) =>
      ['ZRANK', 'ZREVRANK'].includes(label) &&
      oracle.kind === 'error' &&
      /^ERR wrong number of arguments for 'z(rev)?rank' command$/.test(oracle.text),
  },
  {
    name: 'bit ranges of missing keys and other types in 7.2',
    reason: 'since 7.2 wrong arguments are an error before the key is looked at',
    covers: (label, oracle, subject) =>
      ['BITCOUNT', 'BITPOS'].includes(label) &&
      (isWrongType(oracle) ||
        (oracle.kind === 'integer' && (oracle.value === 0n || oracle.value === -1n))) &&
      subject.kind === 'error' &&
      /^ERR (syntax error|value is not an integer or out of range)$/.test(subject.text),
  },
];

function isDumpOf(reply: Reply, type: number): boolean {
  return reply.kind === 'bulk' && reply.bytes[0] === type;
}

function isWrongType(reply: Reply): boolean {
  return reply.kind === 'error' && reply.text.startsWith('WRONGTYPE ');
}
