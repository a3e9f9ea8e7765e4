// LATENCY and the times of commands: forms beside Redis, events that happen, and that every call is
// counted once whichever way it is executed.

import {
  type CommandArg,
  describeReply,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, info, LAYOUTS, serve } from './support/servers.ts';

const WAYS = [[], ['--debug-force-hop', 'yes'], ['--debug-slice-elements', '4']] as const;
/** Takes many milliseconds. */
const SLOW_SCRIPT = 'local n = 0 for i = 1, 2000000 do n = n + i % 7 end return 1';

const FORMS: readonly (readonly string[])[] = [
  ['LATENCY', 'LATEST'],
  ['LATENCY', 'HISTORY', 'command'],
  ['LATENCY', 'HISTORY', 'nosuch'],
  ['LATENCY', 'GRAPH', 'command'],
  ['LATENCY', 'GRAPH', 'nosuch'],
  ['LATENCY', 'RESET'],
  ['LATENCY', 'RESET', 'command', 'nosuch'],
  ['LATENCY', 'HISTOGRAM', 'nosuch'],
  ['LATENCY', 'HISTOGRAM', 'linsert'],
  ['LATENCY', 'NOSUCH'],
  ['LATENCY', 'HISTORY'],
  ['SET', 'a', 'b'],
  ['SET', 'a', 'b'],
  ['GET', 'a'],
  ['CONFIG', 'SET', 'latency-tracking-info-percentiles', '50 100 99.9'],
  // Of a whole container they come in an order that no two Redis share.
  ['LATENCY', 'HISTOGRAM', 'SET', 'get', 'config|set'],
];

async function forms(t: Test, server: ServerHandle, resp: 2 | 3): Promise<string[]> {
  const client = await connect(t, server);
  if (resp === 3) await client.hello3();
  await client.must('CONFIG', 'RESETSTAT');
  const shown: string[] = [];
  for (const args of FORMS) {
    const reply = describeReply(await client.command(...args), 9999);
    // How long it took is not the same.
    shown.push(reply.replace(/("histogram_usec"(?:,| =>)) [[{][^\]}]*[\]}]/g, '$1 ...'));
  }
  return shown;
}

test('forms beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const server = await serve(t, { fronts: 2, workers: 2 });
  for (const resp of [2, 3] as const) {
    t.strictSame(await forms(t, server, resp), await forms(t, redis, resp), `RESP${resp}`);
  }
});

/** Calls of a command by its histogram, and by INFO commandstats. */
async function callsOf(client: RespClient, name: string): Promise<[number, number]> {
  const histogram = describeReply(await client.must('LATENCY', 'HISTOGRAM', name), 9999);
  const [, calls] = /"calls", \(integer\) (\d+)/.exec(histogram) ?? [];
  const [, counted] =
    new RegExp(`^cmdstat_${name.replace('|', '\\|')}:calls=(\\d+),`, 'm').exec(
      await info(client),
    ) ?? [];
  return [Number(calls ?? 0), Number(counted ?? 0)];
}

test('each call is counted once', async (t) => {
  for (const layout of LAYOUTS) {
    for (const args of WAYS) {
      const server = await serve(t, { ...layout, args: [...args] });
      const client = await connect(t, server);
      const sets: CommandArg[][] = Array.from({ length: 321 }, (_, i) => ['SET', `k${i}`, 'v']);
      await client.pipeline(sets);
      await client.must('SET', 'one', 'v');
      await client.pipeline([['MULTI'], ...sets.slice(0, 20), ['EXEC']]);
      await client.must('SADD', 'set', '1', '2', '3', '4', '5', '6', '7');
      for (let i = 0; i < 5; i++) await client.must('SMEMBERS', 'set');
      for (let i = 0; i < 3; i++) await client.must('SUNIONSTORE', 'to', 'set', 'none');
      const other = await connect(t, server);
      const waits = other.command('BLPOP', 'list', '0');
      await client.must('RPUSH', 'list', 'a', 'b');
      await waits;
      await other.must('BLPOP', 'list', '0');
      const script = "for i = 1, 160 do redis.call('INCR', 'n') end return 1";
      await client.must('EVAL', script, '0');
      for (let i = 0; i < 4; i++) await client.must('CLIENT', 'LIST');
      const wanted = { set: 342, smembers: 5, sunionstore: 3, blpop: 2, incr: 160 };
      for (const [name, calls] of Object.entries({ ...wanted, eval: 1, 'client|list': 4 })) {
        t.strictSame(await callsOf(client, name), [calls, calls], `${name} ${args.join(' ')}`);
      }
      await server.stop();
    }
  }
});

test('events', async (t) => {
  const server = await serve(t, { fronts: 1, workers: 1 });
  const client = await connect(t, server);
  await client.must('EVAL', SLOW_SCRIPT, '0');
  t.equal(describeReply(await client.must('LATENCY', 'LATEST')), '[]', 'off');
  await client.must('CONFIG', 'SET', 'latency-monitor-threshold', '1');
  await client.must('EVAL', SLOW_SCRIPT, '0');
  t.match(
    describeReply(await client.must('LATENCY', 'LATEST')),
    /\["command", \(integer\) \d{10}, \(integer\) \d+, \(integer\) \d+\]/,
  );
  t.match(
    describeReply(await client.must('LATENCY', 'HISTORY', 'command')),
    /^\[\[\(integer\) \d{10}, \(integer\) \d+\]/,
  );
  const graph = describeReply(await client.must('LATENCY', 'GRAPH', 'command'), 9999);
  t.match(graph, /command - high \d+ ms, low \d+ ms \(all time high \d+ ms\)/);
  t.match(describeReply(await client.must('LATENCY', 'DOCTOR'), 9999), /command: 1 spike; mean/);
  t.equal(describeReply(await client.must('LATENCY', 'RESET', 'command')), '(integer) 1');
});

test('percentiles', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const client = await connect(t, server);
  await client.must('SET', 'a', 'b');
  const [, line] = /^latency_percentiles_usec_set:(.*)\r$/m.exec(await info(client)) ?? [];
  t.match(line, /^p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}$/);
  t.not(line, 'p50=0.000,p99=0.000,p99.9=0.000');
  await client.must('CONFIG', 'SET', 'latency-tracking-info-percentiles', '100 50.5');
  t.match(await info(client, 'latencystats'), /_set:p100=\d+\.\d{3},p50\.5=\d+\.\d{3}\r\n/);
  await client.must('CONFIG', 'SET', 'latency-tracking', 'no');
  t.equal(await info(client, 'latencystats'), '# Latencystats\r\n');
  await client.must('CONFIG', 'RESETSTAT');
  const histogram = await client.must('LATENCY', 'HISTOGRAM', 'set');
  t.equal(describeReply(histogram), '[]', 'forgotten');
});
