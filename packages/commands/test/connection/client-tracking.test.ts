// CLIENT TRACKING and its like: what is asked of the front, and every way it can be refused.

import { test } from 'tap';
import { bulk, FrontHarness } from './front-harness.ts';

const BROADCAST_SWITCH =
  "-ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then " +
  're-enabling it with a different mode.\r\n';
const MODE_SWITCH =
  "-ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then " +
  're-enabling it with a different mode.\r\n';
const NO_TARGET = '-ERR The client ID you want redirect to does not exist\r\n';

/** What TRACKINGINFO replies to RESP2. */
function info(flags: readonly string[], redirect: number, prefixes: readonly string[]): string {
  const list = (items: readonly string[]): string =>
    `*${items.length}\r\n${items.map(bulk).join('')}`;
  return (
    `*6\r\n${bulk('flags')}${list(flags)}${bulk('redirect')}:${redirect}\r\n` +
    `${bulk('prefixes')}${list(prefixes)}`
  );
}

test('replies', async (t) => {
  const overlaps = (a: string, what: string): string =>
    `-ERR Prefix '${a}' overlaps with ${what}. Prefixes for a single client must not overlap.\r\n`;
  const rows: [string, string][] = [
    ['TRACKINGINFO', info(['off'], -1, [])],
    ['GETREDIR', ':-1\r\n'],
    ['TRACKING MAYBE', '-ERR syntax error\r\n'],
    ['TRACKING ON NOPE', '-ERR syntax error\r\n'],
    ['TRACKING ON PREFIX', '-ERR syntax error\r\n'],
    ['TRACKING ON PREFIX a', '-ERR PREFIX option requires BCAST mode to be enabled\r\n'],
    ['TRACKING ON BCAST OPTIN', '-ERR OPTIN and OPTOUT are not compatible with BCAST\r\n'],
    ['TRACKING ON OPTIN OPTOUT', "-ERR You can't specify both OPTIN mode and OPTOUT mode\r\n"],
    ['TRACKING ON REDIRECT x', '-ERR value is not an integer or out of range\r\n'],
    ['TRACKING ON REDIRECT 0', NO_TARGET],
    ['TRACKING ON REDIRECT 99', NO_TARGET],
    ['TRACKING ON REDIRECT 99 NOPE', NO_TARGET],
    ['TRACKING ON NOPE REDIRECT 99', '-ERR syntax error\r\n'],
    [
      'TRACKING ON REDIRECT 5 REDIRECT 6',
      '-ERR A client can only redirect to a single other client\r\n',
    ],
    ['TRACKING ON REDIRECT 6 NOPE', '-ERR syntax error\r\n'],
    [
      'CACHING YES',
      '-ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or ' +
        'OPTOUT mode enabled\r\n',
    ],
    ['TRACKINGINFO', info(['off'], -1, [])],
    ['TRACKING ON', '+OK\r\n'],
    ['TRACKINGINFO', info(['on'], 0, [])],
    [
      'CACHING YES',
      '-ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.\r\n',
    ],
    [
      'CACHING NO',
      '-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.\r\n',
    ],
    ['CACHING MAYBE', '-ERR syntax error\r\n'],
    ['TRACKING ON BCAST', BROADCAST_SWITCH],
    ['TRACKING ON OPTIN NOLOOP', '+OK\r\n'],
    ['TRACKING ON OPTOUT', MODE_SWITCH],
    ['CACHING YES', '+OK\r\n'],
    ['TRACKINGINFO', info(['on', 'optin', 'caching-yes', 'noloop'], 0, [])],
    ['TRACKING OFF PREFIX x', '+OK\r\n'],
    ['TRACKING ON OPTOUT REDIRECT 5', '+OK\r\n'],
    ['CACHING NO', '+OK\r\n'],
    ['TRACKINGINFO', info(['on', 'optout', 'caching-no'], 5, [])],
    ['TRACKING ON OPTOUT REDIRECT 6', '+OK\r\n'],
    ['GETREDIR', ':6\r\n'],
    ['TRACKING OFF', '+OK\r\n'],
    ['TRACKING ON BCAST PREFIX foo PREFIX fo', overlaps('foo', "another provided prefix 'fo'")],
    ['TRACKING ON BCAST PREFIX foo PREFIX bar', '+OK\r\n'],
    ['TRACKING ON BCAST PREFIX b', overlaps('b', "an existing prefix 'bar'")],
    ['TRACKING ON BCAST PREFIX baz', '+OK\r\n'],
    ['TRACKING ON', BROADCAST_SWITCH],
    ['TRACKINGINFO', info(['on', 'bcast'], 0, ['bar', 'baz', 'foo'])],
    ['TRACKING OFF', '+OK\r\n'],
    ['TRACKING ON BCAST', '+OK\r\n'],
    ['TRACKINGINFO', info(['on', 'bcast'], 0, [''])],
    ['TRACKING ON BCAST PREFIX a', overlaps('a', "an existing prefix ''")],
  ];
  const front = new FrontHarness();
  front.services.tracking.places.set(5, 0).set(6, 1);
  for (const [line, reply] of rows) {
    t.equal(await front.send('CLIENT', ...line.split(' ')), reply, line);
  }
  await front.send('RESET');
  t.equal(await front.send('CLIENT', 'GETREDIR'), ':-1\r\n', 'RESET ends it');
  const long = 'x'.repeat(70_000);
  t.equal(
    await front.send('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', long),
    '-ERR the prefixes of a client are longer than 65536 bytes\r\n',
  );
});

test('RESP3', async (t) => {
  const front = new FrontHarness();
  await front.send('HELLO', '3');
  const reply = await front.send('CLIENT', 'TRACKINGINFO');
  t.equal(
    reply,
    `%3\r\n${bulk('flags')}~1\r\n${bulk('off')}${bulk('redirect')}:-1\r\n${bulk('prefixes')}*0\r\n`,
  );
});

test('the client that is told', async (t) => {
  const front = new FrontHarness();
  const { tracking } = front.services;
  tracking.places.set(5, 0).set(6, 3);
  await front.send('CLIENT', 'TRACKING', 'ON', 'REDIRECT', '5');
  t.same([...tracking.targets.values()], [{ id: 5, front: 0 }]);
  await front.send('CLIENT', 'TRACKING', 'ON', 'REDIRECT', '6');
  t.same([...tracking.targets.values()], [{ id: 6, front: 3 }]);
  await front.send('CLIENT', 'TRACKING', 'ON');
  t.same([...tracking.targets.values()], [null]);
});
