// DEBUG OBJECT: how a value is stored, in the words that tools take apart.

import type { CommandContext } from '../context.ts';
import { ERR_NO_SUCH_KEY } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isDumpable, serializedValue } from './dump-forms.ts';
import { encodingName } from './object.ts';

const ERR_DATA = 'ERR values of this type have no serialized form';
/** What DUMP has around a value: its type, a version, a checksum. */
const FRAME_BYTES = 1 + 2 + 8;
const LRU_CLOCK_MASK = 0xffffff;

/**
 * DEBUG OBJECT key. Large collections are serialized in one go: the command is for tests.
 * Redis: small integers are shared and have a refcount of 2147483647; values are at addresses.
 */
export function debugObject(c: CommandContext): Outcome {
  const entry = c.openValue(2);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_SUCH_KEY);
  if (!isDumpable(c, entry)) return c.fail(ERR_DATA);
  const { table } = c;
  const length = serializedValue(c, entry).length - FRAME_BYTES;
  const encoding = encodingName(c, entry);
  if (typeof encoding === 'number') return encoding;
  const usedAt = table.usedAt(entry);
  const idle = Math.max(0, c.useClock() - usedAt);
  const parts = [
    `Value at:0x${entry.toString(16)} refcount:1 encoding:${encoding}`,
    `serializedlength:${length} lru:${usedAt & LRU_CLOCK_MASK} lru_seconds_idle:${idle}`,
  ];
  c.reply.simple(parts.join(' '));
  return DONE;
}
