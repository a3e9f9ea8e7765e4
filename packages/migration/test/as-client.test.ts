// Commands that only Redis itself may say become those that a client may.

import { test } from 'tap';
import { asClient } from '../src/as-client.ts';

test('as a client may say it', (t) => {
  for (const [said, wanted] of [
    ['XADD s MAXLEN = 5 LIMIT 10 1-1 f v', 'XADD s MAXLEN = 5 1-1 f v'],
    [
      'XADD s NOMKSTREAM minid = 5-1 limit 0 1-1 limit 7',
      'XADD s NOMKSTREAM minid = 5-1 1-1 limit 7',
    ],
    ['XTRIM s MAXLEN = 5 LIMIT 10', 'XTRIM s MAXLEN = 5'],
    ['XADD s MAXLEN ~ 5 LIMIT 10 1-1 f v', null],
    ['XADD s 1-1 LIMIT 3', null],
    ['XADD s MAXLEN 5 1-1 f v', null],
    ['SET LIMIT = LIMIT 3', null],
  ] as const) {
    const command = said.split(' ').map((word) => Buffer.from(word));
    t.equal(asClient(command).join(' '), wanted ?? said);
  }
  t.end();
});
