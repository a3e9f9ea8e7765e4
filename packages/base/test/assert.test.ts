// Assertions: silent when they hold, an InvariantError when not.

import { test } from 'tap';
import { InvariantError, invariant } from '../src/assert.ts';

test('invariant', async (t) => {
  invariant(true, 'not seen');
  t.throws(() => invariant(false, 'the message'), {
    name: 'InvariantError',
    message: 'the message',
  });
  t.ok(new InvariantError('x') instanceof Error);
});
