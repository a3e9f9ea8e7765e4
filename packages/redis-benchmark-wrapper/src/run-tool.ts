// Runs a program to its end, or to its time limit. Knows nothing of benchmarks: it hands back text.

import { type ChildProcess, spawn } from 'node:child_process';
import { BenchmarkError } from './load.ts';
import { findOnPath } from './which.ts';

const MAX_OUTPUT_CHARS = 1 << 20;
const ERROR_TAIL_CHARS = 500;

export interface ToolOptions {
  /** Hard limit in milliseconds; the program is killed when it passes. */
  readonly timeoutMs: number;
  /** A line on standard error after which waiting is pointless: the program is killed. */
  readonly hopeless?: RegExp;
}

export interface ToolOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, or null when the program was killed. */
  readonly exitCode: number | null;
  /** True when `hopeless` matched. */
  readonly gaveUp: boolean;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Spawns `program` with no standard input and collects at most 1 MiB of each output (the newest).
 * @throws BenchmarkError TOOL_MISSING when it cannot be started, TIMEOUT past `timeoutMs`
 */
export function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<ToolOutput> {
  const [command, ...rest] = tiedToParent([program, ...args]);
  return new Promise((resolve, reject) => {
    const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let stdout = '';
    let stderr = '';
    let gaveUp = false;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-MAX_OUTPUT_CHARS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_OUTPUT_CHARS);
      const lines = stderr.slice(0, stderr.lastIndexOf('\n') + 1); // tools write in pieces
      if (!gaveUp && options.hopeless?.test(lines) === true) {
        gaveUp = true;
        child.kill('SIGKILL');
      }
    });
    child.on('error', (cause) => {
      clearTimeout(timer);
      running.delete(child);
      reject(new BenchmarkError('TOOL_MISSING', `${program} cannot be started`, { cause }));
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      running.delete(child);
      if (timedOut) {
        const words = tail(stderr) || tail(stdout);
        const seconds = options.timeoutMs / 1000;
        reject(new BenchmarkError('TIMEOUT', `killed after ${seconds} s: ${program}: ${words}`));
      } else {
        resolve({ stdout, stderr, exitCode, gaveUp });
      }
    });
  });
}

/**
 * The command line made to end with the process that starts it, where the system can do that
 * (Linux with util-linux's setpriv, which replaces itself, so the pid stays the program's own).
 * A generator must not load the machine for ever because its parent was killed.
 */
export function tiedToParent(command: readonly string[]): readonly string[] {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', 'KILL', '--', ...command];
}

/** The last few hundred characters, on one line, for an error message. */
export function tail(text: string): string {
  return text.trim().slice(-ERROR_TAIL_CHARS).replace(/\s+/g, ' ');
}
