// BullMQ, unchanged, with several processes: every job runs exactly as often as it has to.
//
// FORGEKV_QUEUES_SEED repeats a run.

import { Prng } from '@forgekv/testkit';
import { tourWithBullMq } from './support/bullmq-tour.ts';
import { onEveryServer } from './support/workload-servers.ts';

const seed = Number(process.env.FORGEKV_QUEUES_SEED ?? Date.now() % 2 ** 31);
process.stderr.write(`bullmq: FORGEKV_QUEUES_SEED=${seed}\n`);

onEveryServer('bullmq', (t, port) => tourWithBullMq(t, port, new Prng(seed)));
