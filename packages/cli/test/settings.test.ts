// Settings that concern every front: a password, and CONFIG SET, which is in force everywhere
// when it is answered.

import { type ConnectionError, describeReply, Prng, type RespClient } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, connectToEveryFront, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const NO_AUTH = 'NOAUTH Authentication required.';
const WRONG = 'WRONGPASS invalid username-password pair or user is disabled.';

test('requirepass, AUTH, HELLO AUTH', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2, args: ['--requirepass', 'secret ü'] });
  for (let i = 0; i < 12; i++) {
    const client = await connect(t, server);
    t.match(await client.command('GET', 'k'), { kind: 'error', text: NO_AUTH });
    t.match(await client.command('KEYS', '*'), { kind: 'error', text: NO_AUTH });
    t.match(await client.command('HELLO', '3'), { kind: 'error', text: /^NOAUTH HELLO must be/ });
    // Few failures: whoever guesses is slowed down more and more.
    if (i === 0) t.match(await client.command('AUTH', 'wrong'), { kind: 'error', text: WRONG });
    if (i === 1) {
      const attempt = await client.command('HELLO', '2', 'AUTH', 'default', 'nope');
      t.match(attempt, { kind: 'error', text: WRONG });
    }
    if (i % 2 === 0) {
      t.match(await client.command('AUTH', 'default', 'secret ü'), { text: 'OK' });
    } else {
      const hello = ['HELLO', '2', 'AUTH', 'default', 'secret ü', 'SETNAME', `n${i}`];
      t.match(await client.command(...hello), { kind: 'array' });
      t.equal(describeReply(await client.command('CLIENT', 'GETNAME')), `"n${i}"`);
    }
    t.match(await client.command('SET', 'k', 'v'), { text: 'OK' });
    t.match(await client.command('KEYS', '*'), { items: [{ bytes: Buffer.from('k') }] });
    t.match(await client.command('CONFIG', 'GET', 'requirepass'), { kind: 'array' });
  }
});

for (const { fronts, workers } of LAYOUTS) {
  test(`CONFIG SET is in force everywhere, ${fronts}×${workers}`, async (t) => {
    const server = await serve(t, { fronts, workers });
    const clients = await connectToEveryFront(t, server, fronts);
    const prng = new Prng(Date.now() % 2 ** 31);
    const late: string[] = [];
    for (let i = 1; i <= 100; i++) {
      await prng.pick(clients).must('CONFIG', 'SET', 'slowlog-max-len', i);
      const asked = clients.map((client) => client.command('CONFIG', 'GET', 'slowlog-max-len'));
      for (const reply of await Promise.all(asked)) {
        const said = describeReply(reply);
        if (said !== `["slowlog-max-len", "${i}"]`) late.push(`${i}: ${said}`);
      }
    }
    t.same(late, []);

    const admin = clients[0]!;
    await admin.must('CONFIG', 'SET', 'proto-max-bulk-len', '1mb');
    await Promise.all(
      clients.slice(1).map(async (client) => {
        const error = await client
          .exchange(Buffer.from('*2\r\n$4\r\nECHO\r\n$1048577\r\n'), 1)
          .then(([one]) => one && describeReply(one.reply))
          .catch((problem: ConnectionError) => problem.message);
        t.match(error, /Protocol error: invalid bulk length/, 'for connections that were there');
      }),
    );

    await admin.must('CONFIG', 'SET', 'requirepass', 'later', 'maxclients', '200');
    const fresh = await Promise.all(Array.from({ length: 16 }, () => connect(t, server)));
    for (const client of fresh) {
      t.match(await client.command('GET', 'k'), { text: NO_AUTH }, 'for new connections');
      t.match(await client.command('AUTH', 'later'), { text: 'OK' });
    }
    t.match(await admin.command('PING'), { text: 'PONG' }, 'who was in stays in');
    await admin.must('CONFIG', 'SET', 'requirepass', '', 'timeout', '1');
    const idle = await Promise.all(Array.from({ length: 8 }, () => connect(t, server)));
    let closed = 0;
    for (const client of idle) {
      void client.closed.then(() => {
        closed++;
      });
    }
    const areClosed = async () => {
      await admin.must('PING');
      return closed === idle.length;
    };
    t.ok(await until(areClosed), 'the timeout counts for every front');
  });
}

test('two CONFIG SETs at once, and one that fails', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const clients = await connectToEveryFront(t, server, 2);
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      clients.slice(0, 6).map(async (client, who) => {
        await client.must('CONFIG', 'SET', 'slowlog-max-len', 100 + who, 'maxclients', 5000 + who);
      }),
    );
    const asked = clients.map((client) => {
      return client.command('CONFIG', 'GET', 'slowlog-max-len', 'maxclients');
    });
    const said = new Set((await Promise.all(asked)).map((reply) => describeReply(reply)));
    t.equal(said.size, 1, 'all fronts agree');
    const [, who] = /"10(\d)"/.exec([...said][0]!) ?? [];
    t.match([...said][0], `"500${who}"`, 'and both values are of one command');
  }
  const [client] = clients as [RespClient];
  const before = describeReply(await client.command('CONFIG', 'GET', 'maxclients'));
  const failed = await client.command('CONFIG', 'SET', 'maxclients', '7', 'timeout', 'soon');
  t.match(failed, { kind: 'error', text: /^ERR CONFIG SET failed .*timeout/ });
  t.equal(describeReply(await client.command('CONFIG', 'GET', 'maxclients')), before);
  for (const name of ['port', 'bind', 'databases', 'memtable-size-mb', 'dir']) {
    // What is only looked at when the server starts must not seem to have changed.
    const reply = await client.command('CONFIG', 'SET', name, '64');
    t.match(reply, { kind: 'error', text: /^ERR CONFIG SET failed/ }, name);
  }
});
