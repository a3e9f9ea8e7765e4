// A forgekv process that is started by its command line alone and need not listen on TCP. Tests
// that just want a server use servers.ts.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVER_ENTRY } from '@forgekv/testkit';
import type { Test } from 'tap';
import { until } from './until.ts';

const START_MS = 20_000;

/** Every thread makes a segment of its log ahead, and one of 64 MB takes a test's time. */
const SMALL_SEGMENTS = ['--wal-segment-mb', '1'];

function hasSegments(args: readonly string[]): boolean {
  return args.includes('--wal-segment-mb');
}

/** A directory that is gone when the test ends. */
export function temporaryDirectory(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'forgekv-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export class Spawned {
  /** The exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  #log = '';

  /**
   * @param execArgv options of node itself
   * @param env `NAME=value`, beside the environment of the tests
   */
  constructor(
    t: Test,
    args: readonly string[],
    execArgv: readonly string[] = [],
    env: readonly string[] = [],
  ) {
    // tap adds its loader to NODE_OPTIONS of everything spawned, whatever `env` says: undo it.
    const node = ['-u', 'NODE_OPTIONS', ...env, process.execPath, ...execArgv];
    const command = [...node, SERVER_ENTRY, ...args, ...(hasSegments(args) ? [] : SMALL_SEGMENTS)];
    this.#child = spawn('/usr/bin/env', command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#child;
    for (const stream of [stdout, stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve(signal ?? code ?? ''));
    });
    t.teardown(async () => {
      this.#child.kill('SIGKILL');
      await this.ended;
    });
  }

  /** Everything it has printed. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when it serves; throws with its log when it does not. */
  async ready(): Promise<this> {
    if (!(await until(() => this.#log.includes('  connect  '), START_MS))) {
      throw new Error(`not ready in ${START_MS} ms:\n${this.#log}`);
    }
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
