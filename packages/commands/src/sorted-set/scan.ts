// ZSCAN: a walk over the members in pages.

import { preciseText } from '@forgekv/datatypes';
import { doubleText } from '@forgekv/protocol';
import { page } from '../collection-scan.ts';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { SlicedScan } from '../sliced-scan.ts';
import { zset } from './sorted-set-value.ts';

/** ZSCAN key cursor [MATCH pattern] [COUNT count]. */
export function zscan(c: CommandContext): Outcome {
  const badCursor = page.readCursor(c);
  if (badCursor !== '') return c.fail(badCursor);
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    page.reply(c, 0);
    return DONE;
  }
  const wrong = page.readOptions(c, false);
  if (wrong !== '') return c.fail(wrong);

  const { collection } = zset;
  if (page.isLong(c, collection)) {
    const scan = new SlicedScan(collection, page, (into, cursor, wanted) =>
      collection.scan(cursor, wanted, ({ bytes, offset, length }, score) => {
        if (!into.matches(bytes, offset, length)) return;
        into.add(bytes, offset, length);
        into.addText(preciseText(score));
      }),
    );
    return c.perform(scan, page.count, 1);
  }
  // Redis: a listpack has the short text of a score, a skiplist is read with 17 digits.
  const scoreText = zset.isLarge ? preciseText : doubleText;
  const next = zset.scan(page.cursor, page.count, (bytes, offset, length, score) => {
    if (!page.matches(bytes, offset, length)) return;
    page.add(bytes, offset, length);
    page.addText(scoreText(score));
  });
  page.reply(c, next);
  return DONE;
}
