// Starts job-worker.ts as a process of its own, as applications do, and kills it.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { until } from './until.ts';

const PROGRAM = fileURLToPath(new URL('./job-worker.js', import.meta.url));
const START_MS = 20_000;

export interface JobWorkerOptions {
  readonly library: 'bullmq' | 'bull' | 'bee';
  readonly port: number;
  readonly concurrency: number;
  readonly queues: readonly string[];
}

export class JobWorkerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #said = '';
  #errors = '';

  private constructor(options: JobWorkerOptions) {
    const { library, port, concurrency, queues } = options;
    // tap adds its loader to NODE_OPTIONS of everything spawned, whatever `env` says: undo it.
    const node = ['-u', 'NODE_OPTIONS', process.execPath, PROGRAM];
    const args = [...node, library, String(port), String(concurrency), ...queues];
    this.#child = spawn('/usr/bin/env', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** One that is ready to work, and gone when the test ends. */
  static async start(t: Test, options: JobWorkerOptions): Promise<JobWorkerProcess> {
    const worker = new JobWorkerProcess(options);
    t.teardown(() => worker.kill9());
    if (!(await until(() => worker.#said.includes('ready'), START_MS))) {
      throw new Error(`no job worker in ${START_MS} ms: ${worker.errors}`);
    }
    return worker;
  }

  /** What it has complained about. */
  get errors(): string {
    return this.#errors;
  }

  async kill9(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
