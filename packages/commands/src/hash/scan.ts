// HSCAN.

import { LargeHash } from '@forgekv/datatypes';
import { page } from '../collection-scan.ts';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { SlicedScan } from '../sliced-scan.ts';
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
  page.cursor = Math.min(page.cursor, CURSOR_END);
  const { collection } = c;
  if (collection instanceof LargeHash && page.isLong(c, collection)) {
    const scan = new SlicedScan(collection, page, (into, cursor, wanted) =>
      collection.scan(cursor, wanted, (field, value) => {
        if (!into.matches(field.bytes, field.offset, field.length)) return;
        into.add(field.bytes, field.offset, field.length);
        if (!into.omitsValues) into.add(value.bytes, value.offset, value.length);
      }),
    );
    return c.perform(scan, page.count, 1);
  }
  page.reply(c, hash.scan(c, page.cursor, page.count, addPair));
  return DONE;
}

function addPair(): void {
  if (!page.matches(hash.fieldBytes, hash.fieldAt, hash.fieldLength)) return;
  page.add(hash.fieldBytes, hash.fieldAt, hash.fieldLength);
  if (!page.omitsValues) page.add(hash.valueBytes, hash.valueAt, hash.valueLength);
}
