// SSCAN.

import { page, type ScanPage } from '../collection-scan.ts';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { SlicedScan } from '../sliced-scan.ts';
import { openToRead } from './members.ts';
import { SetValue } from './set-value.ts';

const set = new SetValue();

/** SSCAN key cursor [MATCH pattern] [COUNT count]. */
export function sscan(c: CommandContext): Outcome {
  const wrongCursor = page.readCursor(c);
  if (wrongCursor !== '') return c.fail(wrongCursor);
  const entry = openToRead(c, set);
  if (entry < 0) return c.refuse(entry);
  let next = 0;
  if (entry !== 0) {
    const wrongOptions = page.readOptions(c, false);
    if (wrongOptions !== '') return c.fail(wrongOptions);
    const { collection } = set;
    if (page.isLong(c, collection)) {
      const scan = new SlicedScan(collection, page, (into, cursor, wanted) =>
        collection.scan(cursor, wanted, ({ bytes, offset, length }) => {
          add(into, bytes, offset, length);
        }),
      );
      return c.perform(scan, page.count, 1);
    }
    next = set.page(page.cursor, page.count, (bytes, offset, length) =>
      add(page, bytes, offset, length),
    );
    set.close();
  }
  page.reply(c, next);
  return DONE;
}

function add(into: ScanPage, bytes: Buffer, offset: number, length: number): boolean {
  if (into.matches(bytes, offset, length)) into.add(bytes, offset, length);
  return true;
}
