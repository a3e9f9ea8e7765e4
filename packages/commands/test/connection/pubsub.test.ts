// SUBSCRIBE, PUBLISH and PUBSUB as functions: their replies, what they ask of the front.

import { test } from 'tap';
import { NO_PUBLISHER, type Publisher } from '../../src/index.ts';
import { bulk, FrontHarness } from './front-harness.ts';

/** A confirmation as RESP2 sends it. */
function confirmed(word: string, name: string | null, count: number, type = '*'): string {
  const shown = name === null ? '$-1\r\n' : bulk(name);
  return `${type}3\r\n${bulk(word)}${shown}:${count}\r\n`;
}

test('each name is confirmed by itself', async (t) => {
  const front = new FrontHarness();
  t.equal(
    await front.send('SUBSCRIBE', 'a', '\xff\x00', 'a'),
    confirmed('subscribe', 'a', 1) +
      confirmed('subscribe', '\xff\x00', 2) +
      confirmed('subscribe', 'a', 2),
  );
  t.equal(await front.send('PSUBSCRIBE', 'a*'), confirmed('psubscribe', 'a*', 3));
  t.equal(await front.send('SSUBSCRIBE', 's'), confirmed('ssubscribe', 's', 1));
  t.equal(
    await front.send('UNSUBSCRIBE', 'no', 'a'),
    [confirmed('unsubscribe', 'no', 3), confirmed('unsubscribe', 'a', 2)].join(''),
  );
  t.equal(await front.send('UNSUBSCRIBE'), confirmed('unsubscribe', '\xff\x00', 1));
  t.equal(await front.send('UNSUBSCRIBE'), confirmed('unsubscribe', null, 1));
  t.equal(await front.send('PUNSUBSCRIBE'), confirmed('punsubscribe', 'a*', 0));
  t.equal(await front.send('SUNSUBSCRIBE', 's'), confirmed('sunsubscribe', 's', 0));
  t.equal(await front.send('SUNSUBSCRIBE'), confirmed('sunsubscribe', null, 0));
  t.equal(
    await front.send('SUBSCRIBE'),
    "-ERR wrong number of arguments for 'subscribe' command\r\n",
  );
});

test('pushes and the null of RESP3', async (t) => {
  const front = new FrontHarness();
  front.session.resp = 3;
  t.equal(await front.send('SUBSCRIBE', 'a'), confirmed('subscribe', 'a', 1, '>'));
  t.equal(await front.send('UNSUBSCRIBE', 'a'), confirmed('unsubscribe', 'a', 0, '>'));
  t.equal(await front.send('UNSUBSCRIBE'), `>3\r\n${bulk('unsubscribe')}_\r\n:0\r\n`);
});

test('UNSUBSCRIBE is answered when nothing is on its way any more', async (t) => {
  const front = new FrontHarness();
  await front.send('SUBSCRIBE', 'a', 'b');
  let drain = (): void => {};
  front.services.channels.drained = new Promise((resolve) => {
    drain = resolve;
  });
  let answer = '';
  const sent = front.send('UNSUBSCRIBE').then((reply) => {
    answer = reply;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(answer, '');
  t.equal(front.services.channels.figures.names('channel'), 2, 'they are listened to until then');
  drain();
  await sent;
  t.equal(answer, confirmed('unsubscribe', 'a', 1) + confirmed('unsubscribe', 'b', 0));
});

test('a name that is refused ends the command', async (t) => {
  const front = new FrontHarness();
  front.services.channels.problem = 'ERR no more';
  t.equal(await front.send('SUBSCRIBE', 'a', 'b'), '-ERR no more\r\n');
});

test('CLIENT REPLY is told that these are pushes', async (t) => {
  const front = new FrontHarness();
  await front.send('SUBSCRIBE', 'a');
  t.equal(front.session.replyIsPush, false, 'nothing has to be said while replies are on');
  await front.send('CLIENT', 'REPLY', 'OFF');
  await front.send('SUBSCRIBE', 'b');
  t.equal(front.session.replyIsPush, true);
});

test('PING of a listener', async (t) => {
  const front = new FrontHarness();
  Object.defineProperty(front.session, 'isListening', { value: true });
  t.equal(await front.send('PING'), `*2\r\n${bulk('pong')}${bulk('')}`);
  t.equal(await front.send('PING', 'x'), `*2\r\n${bulk('pong')}${bulk('x')}`);
  front.session.resp = 3;
  t.equal(await front.send('PING'), '+PONG\r\n');
});

test('PUBLISH asks the thread it runs on', async (t) => {
  const front = new FrontHarness();
  t.equal(await front.send('PUBLISH', 'a', 'x'), ':0\r\n', 'nobody listens by default');
  const published: unknown[][] = [];
  const publisher: Publisher = {
    ...NO_PUBLISHER,
    publish: (...args) =>
      published.push(args.map((arg) => (arg === Boolean(arg) ? arg : `${arg}`))),
  };
  front.context.publisher = publisher;
  t.equal(await front.send('PUBLISH', 'a', 'x'), ':1\r\n');
  t.equal(await front.send('SPUBLISH', 'b', ''), ':2\r\n');
  t.strictSame(published, [
    ['a', 'x', false],
    ['b', '', true],
  ]);
});

test('PUBSUB', async (t) => {
  const front = new FrontHarness();
  await front.send('SUBSCRIBE', 'one', 'two');
  await front.send('PSUBSCRIBE', 'o*');
  await front.send('SSUBSCRIBE', 'three');
  const rows: [string, string][] = [
    ['CHANNELS', `*2\r\n${bulk('one')}${bulk('two')}`],
    ['CHANNELS t*', `*1\r\n${bulk('two')}`],
    ['CHANNELS x', '*0\r\n'],
    ['SHARDCHANNELS', `*1\r\n${bulk('three')}`],
    ['SHARDCHANNELS t[wx]o', '*0\r\n'],
    ['NUMSUB', '*0\r\n'],
    ['NUMSUB two none two', `*6\r\n${bulk('two')}:1\r\n${bulk('none')}:0\r\n${bulk('two')}:1\r\n`],
    ['SHARDNUMSUB three one', `*4\r\n${bulk('three')}:1\r\n${bulk('one')}:0\r\n`],
    ['NUMPAT', ':1\r\n'],
    ['NUMPAT x', "-ERR wrong number of arguments for 'pubsub|numpat' command\r\n"],
    ['FOO', "-ERR unknown subcommand 'FOO'. Try PUBSUB HELP.\r\n"],
    [
      'channels a b',
      "-ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.\r\n",
    ],
  ];
  for (const [args, reply] of rows) {
    t.equal(await front.send('PUBSUB', ...args.split(' ')), reply, args);
  }
  t.match(await front.send('PUBSUB', 'HELP'), /\+NUMSUB \[channel/);
});

test('RESET ends all of it without a word', async (t) => {
  const front = new FrontHarness();
  await front.send('SUBSCRIBE', 'a');
  await front.send('PSUBSCRIBE', 'b');
  t.equal(await front.send('RESET'), '+RESET\r\n');
  const { figures } = front.services.channels;
  t.strictSame([figures.names('channel'), figures.names('pattern')], [0, 0]);
});
