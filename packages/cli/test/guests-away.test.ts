// A command with a large value on another worker and a key that this worker may have in its store
// only: the other one cannot tell whether there is such a key, and leaves the command to this one.

import { describeReply } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, keyOnShard, serve } from './support/servers.ts';

const ROUNDS = 100;

test('SORT of a key that may be in a store, over a large list of another worker', async (t) => {
  const args = ['--debug-keep-cold', 'yes', '--list-max-listpack-size', '1'];
  const client = await connect(t, await serve(t, { fronts: 1, workers: 2, args }));
  const list = keyOnShard(60, 'guests:');
  for (let i = 0; i < 20; i++) await client.must('SET', keyOnShard(5, `guests:${i}:`), 'x');
  const replies = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    await client.must('RPUSH', list, 'a', 'b', 'c');
    const missing = keyOnShard(5, `guests:missing:${round}:`);
    replies.add(describeReply(await client.command('SORT', missing, 'ALPHA', 'STORE', list)));
    replies.add(describeReply(await client.must('EXISTS', list)));
  }
  t.same([...replies], ['(integer) 0']);
});
