// Starts a thread of a test and waits for what it reports.

import { Worker } from 'node:worker_threads';

/** Runs a sibling module as a thread that shares file descriptors; resolves with its message. */
export function runThread<T>(module: string, workerData: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    // tap's loaders must not leak into the thread.
    const options = { workerData, execArgv: [], trackUnmanagedFds: false };
    const thread = new Worker(new URL(module, import.meta.url), options);
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the thread ended with ${code}`)));
  });
}
