// Loaded with `node --import` before the server: on SIGUSR2 one of its threads, named behind the
// question mark of this module's URL, is sent a configuration that makes it fail.

import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const victim = new URL(import.meta.url).search.slice(1);
const { Worker } = threads;

class RememberedWorker extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    if (args[1]?.name !== victim) return;
    process.on('SIGUSR2', () => {
      this.postMessage({ type: 'configure', id: 0, config: [['nonsense', 1]] });
    });
  }
}

threads.Worker = RememberedWorker;
syncBuiltinESMExports();
