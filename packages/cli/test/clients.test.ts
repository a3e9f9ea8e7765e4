// The client libraries people use, unchanged, in both protocols and on every layout of threads.

import { test } from 'tap';
import { channelsWithIoredis, channelsWithNodeRedis } from './support/channel-tours.ts';
import { tourWithIoredis } from './support/ioredis-tour.ts';
import { tourWithNodeRedis } from './support/node-redis-tour.ts';
import { LAYOUTS, serve } from './support/servers.ts';

for (const { fronts, workers } of LAYOUTS) {
  test(`${fronts} fronts, ${workers} workers`, async (t) => {
    const { port } = await serve(t, { fronts, workers });
    for (const protocol of [2, 3] as const) {
      await t.test(`ioredis, RESP${protocol}`, async (t) => {
        await tourWithIoredis(t, { port, protocol, db: protocol });
      });
      await t.test(`node-redis, RESP${protocol}`, async (t) => {
        await tourWithNodeRedis(t, { port, protocol, db: protocol + 2 });
      });
      await t.test(`channels, RESP${protocol}`, async (t) => {
        await channelsWithIoredis(t, { port, protocol });
        await channelsWithNodeRedis(t, { port, protocol });
      });
    }
  });
}
