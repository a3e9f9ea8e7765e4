// SSCAN.

import { page } from '../collection-scan.ts';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
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
    next = set.page(page.cursor, page.count, (bytes, offset, length) => {
      if (page.matches(bytes, offset, length)) page.add(bytes, offset, length);
      return true;
    });
    set.close();
  }
  page.reply(c, next);
  return DONE;
}
