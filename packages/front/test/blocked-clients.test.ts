// What a front knows of connections that wait: with a table of claims and without sockets.

import { AwaitedKeys, createArena } from '@forgekv/keyspace';
import { test } from 'tap';
import { BlockedClients, type BlockedClientsModules } from '../src/blocked-clients.ts';
import type { Connection } from '../src/connection.ts';

function harness() {
  const arena = createArena({ poolBytes: 1, databases: 1, hashSecret: [1, 2] });
  const awaited = new AwaitedKeys(arena);
  const replies: string[] = [];
  const told: number[] = [];
  const hops = { outstanding: 0, unblocked: (_: number, slot: number) => told.push(slot) };
  const stats = { blockedClients: 0, errorReply: () => {} };
  const connections = new Map<number, Connection>();
  const blocked = new BlockedClients({
    ...{ connections, awaited, hops, stats, schedule: () => {} },
    replied: (id: number, reply: Buffer) => replies.push(`${id} ${reply.toString().trim()}`),
  } as unknown as BlockedClientsModules);
  const connect = (id: number, resp = 2): Connection => {
    const facts = { id, resp, waiting: null, ended: false, peerEnded: false };
    const connection = {
      ...facts,
      end: () => replies.push(`${id} ended`),
      drop: () => replies.push(`${id} dropped`),
    } as unknown as Connection;
    connections.set(id, connection);
    return connection;
  };
  const begin = (id: number, slot: number, timeoutMs = 0): number => {
    hops.outstanding++;
    const ticket = awaited.open(slot);
    blocked.blocked(id, 0, slot, ticket, timeoutMs);
    return ticket;
  };
  return { awaited, replies, told, hops, stats, blocked, connect, connections, begin };
}

test('CLIENT UNBLOCK, with and without an error', async (t) => {
  const { blocked, connect, begin, replies, told, stats, hops } = harness();
  connect(1);
  connect(2, 3);
  t.notOk(blocked.unblock(1, false), 'it does not wait');
  begin(1, 5);
  begin(2, 6);
  t.same([stats.blockedClients, hops.outstanding], [2, 0]);
  t.ok(blocked.unblock(1, true));
  t.ok(blocked.unblock(2, false));
  t.notOk(blocked.unblock(2, false));
  t.same(replies, ['1 -UNBLOCKED client unblocked via CLIENT UNBLOCK', '2 _']);
  t.same(told, [5, 6], 'their home was told');
  t.equal(stats.blockedClients, 0);
});

test('the timeout', async (t) => {
  const { connect, begin, replies, stats } = harness();
  connect(1);
  begin(1, 5, 5);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.same(replies, ['1 *-1']);
  t.equal(stats.blockedClients, 0);
});

test('who is being served gets nothing else', async (t) => {
  const { blocked, connect, begin, awaited, replies, stats, hops } = harness();
  const connection = connect(1);
  const ticket = begin(1, 5, 5);
  t.ok(awaited.claim(5, ticket), 'a worker');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.notOk(blocked.unblock(1, true));
  blocked.endAll();
  t.same(replies, []);
  blocked.served(5, ticket);
  t.equal(hops.outstanding, 1, 'its reply comes as that of a run');
  t.equal(connection.waiting, null);
  t.equal(stats.blockedClients, 0);
});

test('that it is served may be known before that it waits', async (t) => {
  const { blocked, connect, awaited, hops, stats } = harness();
  const connection = connect(1);
  hops.outstanding = 1;
  const ticket = awaited.open(5);
  awaited.claim(5, ticket);
  blocked.served(5, ticket);
  t.equal(hops.outstanding, 1);
  // Its reply has come.
  hops.outstanding = 0;
  blocked.blocked(1, 0, 5, ticket, 100);
  t.same([connection.waiting, hops.outstanding, stats.blockedClients], [null, 0, 0]);
});

test('a connection that has gone', async (t) => {
  const { blocked, connect, connections, begin, awaited, hops, stats, told } = harness();
  const connection = connect(1);
  const first = begin(1, 5);
  blocked.closed(connection);
  t.notOk(awaited.isOpen(5, first));
  t.same([stats.blockedClients, told], [0, [5]]);
  connections.delete(1);
  const second = begin(1, 6);
  t.notOk(awaited.isOpen(6, second), 'gone before it was known to wait');
  hops.outstanding = 1;
  const third = awaited.open(7);
  awaited.claim(7, third);
  blocked.blocked(1, 0, 7, third, 0);
  t.equal(hops.outstanding, 0);
  blocked.served(7, third);
  t.equal(hops.outstanding, 1, 'the reply to nobody counts, too');
});

test('the server stops', async (t) => {
  const { blocked, connect, begin, replies } = harness();
  connect(1);
  connect(2);
  begin(1, 5);
  blocked.endAll();
  begin(2, 6);
  t.same(replies, ['1 ended', '2 ended']);
});
