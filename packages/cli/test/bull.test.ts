// Bull and bee-queue, unchanged, with several processes: every job runs exactly as often as it has
// to.
//
// FORGEKV_QUEUES_SEED repeats a run.

import { Prng } from '@forgekv/testkit';
import { tourWithBullAndBee } from './support/bull-tour.ts';
import { onEveryServer } from './support/workload-servers.ts';

const seed = Number(process.env.FORGEKV_QUEUES_SEED ?? Date.now() % 2 ** 31);
process.stderr.write(`bull and bee-queue: FORGEKV_QUEUES_SEED=${seed}\n`);

onEveryServer('bull, bee-queue', (t, port) => tourWithBullAndBee(t, port, new Prng(seed)));
