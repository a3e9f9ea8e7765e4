// WAIT without replicas: its answer and its argument checks.

import { test } from 'tap';
import { runTable } from '../support/run-table.ts';

test('WAIT: no replicas', async (t) => {
  runTable(t, [
    ['wait 0 0', 0],
    ['wait 3 100000', 0],
    ['wait -1 0', 0],
    ['wait 0 9223372036854775807', 0],
    ['wait a b', '-ERR value is not an integer or out of range'],
    ['wait 0 b', '-ERR timeout is not an integer or out of range'],
    ['wait 0 1.5', '-ERR timeout is not an integer or out of range'],
    ['wait 0 -1', '-ERR timeout is negative'],
    ['wait 0', "-ERR wrong number of arguments for 'wait' command"],
  ]);
});
