// Replies in a form that is short to write in tests.

import type { Reply } from '@forgekv/testkit';

/**
 * A reply for tests to compare: bulk strings as text (one character per byte), simple strings and
 * errors with their `+` or `-`, integers as numbers where that is exact.
 */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Plain[]
  | ReadonlyMap<Plain, Plain>;

/** The short form of a reply. */
export function plain(reply: Reply): Plain {
  switch (reply.kind) {
    case 'simple':
      return `+${reply.text}`;
    case 'error':
    case 'bulk-error':
      return `-${reply.text}`;
    case 'integer': {
      const value = Number(reply.value);
      return Number.isSafeInteger(value) ? value : reply.value;
    }
    case 'bulk':
    case 'verbatim':
      return reply.bytes.toString('latin1');
    case 'null':
      return null;
    case 'boolean':
      return reply.value;
    case 'double':
    case 'big-number':
      return reply.text;
    case 'map':
      return new Map(reply.entries.map(([key, value]) => [plain(key), plain(value)]));
    case 'attribute':
      return plain(reply.reply);
    default:
      return reply.items.map(plain);
  }
}
