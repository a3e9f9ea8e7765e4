/**
 * Pipelined pairs from the command line, as many as wanted for every mode together:
 *
 *   node packages/testkit/dist/src/pairs-main.js --pairs 1000000 --fronts 2 --workers 4
 */
import { parseArgs } from 'node:util';
import { formatPairs, PAIR_MODES, runPairs } from './pairs.ts';
import { RespClient } from './resp-client.ts';
import { startForgeKv, startRedis } from './server-process.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'forgekv' },
    pairs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    fronts: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    /** Only the modes whose name matches; every one still gets its share. */
    only: { type: 'string', default: '' },
    observers: { type: 'string', default: '6' },
    args: { type: 'string', default: '--hot-value-max-bytes 64' },
  },
});

const args = values.args.split(/\s+/).filter((word) => word !== '');
const threads = { fronts: Number(values.fronts), workers: Number(values.workers) };
const isRedis = values.server === 'redis';
const server = isRedis ? await startRedis() : await startForgeKv({ args, ...threads });
const seed = Number(values.seed);
const pairs = Math.ceil(Number(values.pairs) / PAIR_MODES.length);
try {
  const connect = () => RespClient.connect({ port: server.port, timeoutMs: 60_000 });
  const writer = await connect();
  const observers = await Promise.all(Array.from({ length: Number(values.observers) }, connect));
  console.log(`seed ${seed}, ${values.server} ${JSON.stringify(threads)} ${values.args}`);
  for (const mode of PAIR_MODES.filter(({ name }) => name.match(values.only))) {
    const result = await runPairs({ mode, pairs, seed, writer, observers });
    console.log(`${mode.name}: ${formatPairs(result)}`);
    if (result.disorders.length > 0) process.exitCode = 1;
  }
  for (const client of [writer, ...observers]) client.destroy();
} finally {
  await server.stop();
}
