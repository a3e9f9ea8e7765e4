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

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'listpack encodings of 7.2',
    reason: 'since 7.2 small lists and small sets of strings are listpacks',
    covers: (label, oracle, subject) =>
      label === 'OBJECT ENCODING' &&
      describeReply(subject) === '"listpack"' &&
      ['"quicklist"', '"hashtable"'].includes(describeReply(oracle)),
  },
  {
    name: 'bit ranges of missing keys in 7.2',
    reason: 'since 7.2 wrong arguments are an error although there is no key',
    covers: (label, oracle, subject) =>
      ['BITCOUNT', 'BITPOS'].includes(label) &&
      oracle.kind === 'integer' &&
      (oracle.value === 0n || oracle.value === -1n) &&
      subject.kind === 'error' &&
      /^ERR (syntax error|value is not an integer or out of range)$/.test(subject.text),
  },
];
