// Starts threads: the only file that says `new Worker`.

import { type Transferable, Worker } from 'node:worker_threads';

/** Young generation of a thread, in MB: replies die young, a scavenge costs by what lives. */
const YOUNG_GENERATION_MB = 16;

export interface ThreadOptions {
  readonly name: string;
  readonly entry: URL;
  readonly data: unknown;
  readonly transfer?: readonly Transferable[];
  /** Told when the thread ends other than by being told to. */
  readonly onFailure: (error: Error) => void;
}

/** Starts a thread; whatever it throws ends the process through `onFailure`. */
export function startThread(options: ThreadOptions): Worker {
  const worker = new Worker(options.entry, {
    name: options.name,
    workerData: options.data,
    transferList: [...(options.transfer ?? [])],
    // Not the parent's: test runners and loaders must not leak into threads.
    execArgv: [],
    // Descriptors of the logs are opened by one thread and used by others.
    trackUnmanagedFds: false,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  worker.on('error', options.onFailure);
  worker.on('exit', (code) => {
    if (code !== 0) options.onFailure(new Error(`thread ${options.name} exited with ${code}`));
  });
  return worker;
}
