// HSCAN.

import { page } from '../collection-scan.ts';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { hash } from './hash-value.ts';

/** Cursors end here: they are places in the order of 32-bit hashes. */
const CURSOR_END = 2 ** 32;

/** HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]. */
export function hScan(c: CommandContext): Outcome {
  const wrong = page.readCursor(c);
  if (wrong !== '') return c.fail(wrong);
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    page.reply(c, 0);
    return DONE;
  }
  const problem = page.readOptions(c, true);
  if (problem !== '') return c.fail(problem);
  page.reply(c, hash.scan(c, Math.min(page.cursor, CURSOR_END), page.count, addPair));
  return DONE;
}

function addPair(): void {
  if (!page.matches(hash.fieldBytes, hash.fieldAt, hash.fieldLength)) return;
  page.add(hash.fieldBytes, hash.fieldAt, hash.fieldLength);
  if (!page.omitsValues) page.add(hash.valueBytes, hash.valueAt, hash.valueLength);
}
