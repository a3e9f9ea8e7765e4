// Runs a program to its end and hands back everything it said.

import { spawn } from 'node:child_process';
import { SERVER_ENTRY } from '@forgekv/testkit';

export interface Ended {
  /** The exit code, or the name of the signal. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Uint8Array | string;
  /** Killed when it takes longer, in milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
  readonly cwd?: string;
}

/** Runs the forgekv binary until it ends by itself. */
export function runForgeKv(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(process.execPath, [SERVER_ENTRY, ...args], options);
}

/** Runs any program; resolves when it has ended, whatever its exit code. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // tap adds its loader to NODE_OPTIONS of everything spawned, whatever `env` says: undo it.
    const child = spawn('/usr/bin/env', ['-u', 'NODE_OPTIONS', program, ...args], {
      stdio: 'pipe',
      timeout: options.timeoutMs ?? 20_000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: signal ?? code ?? '', stdout, stderr }));
    // A program that ends without reading its input is no error here.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
