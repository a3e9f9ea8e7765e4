// Disks that fail: a small file system that fills up and can grow, fdatasync that answers EIO or
// takes long. They need root on Linux; where that is not given, tests say loudly that they prove
// nothing.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { until } from './until.ts';

const ATTACH_MS = 10_000;

/** Skips the rest of a test, where everybody sees it. */
function skip(t: Test, reason: string): null {
  process.stderr.write(`\n*** SKIP: ${t.name}: ${reason} ***\n\n`);
  t.pass('not possible on this machine', { skip: reason });
  return null;
}

function mount(...args: string[]): string {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? '' : `mount is refused: ${error?.message ?? stderr.trim()}`;
}

export interface SmallDisk {
  readonly path: string;
  /** Gives it another size, in MB. */
  readonly resize: (megabytes: number) => void;
}

/** A file system of so many MB in memory, gone when the test ends; null: skipped. */
export function smallDisk(t: Test, megabytes: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'forgekv-disk-'));
  const problem = mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'forgekv-test', path);
  t.teardown(() => {
    if (problem === '') spawnSync('umount', ['--lazy', path]);
    rmdirSync(path);
  });
  if (problem !== '') return skip(t, problem);
  const resize = (size: number): void => {
    const refused = mount('-o', `remount,size=${size}m`, path);
    if (refused !== '') throw new Error(refused);
  };
  return { path, resize };
}

/** From now on every fdatasync of a process fails with EIO; null: skipped. */
export function failSyncs(t: Test, pid: number): Promise<ChildProcess | null> {
  return injectSyncs(t, pid, 'error=EIO');
}

/** From now on every fdatasync of a process takes so many seconds more; null: skipped. */
export function slowSyncs(t: Test, pid: number, seconds: number): Promise<ChildProcess | null> {
  return injectSyncs(t, pid, `delay_enter=${seconds}s`);
}

async function injectSyncs(t: Test, pid: number, what: string): Promise<ChildProcess | null> {
  const inject = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:${what}`];
  const args = ['-f', ...inject, '-o', '/dev/null', '-p', String(pid)];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let hasEnded = false;
  strace.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  strace.once('error', (error) => {
    said += error.message;
    hasEnded = true;
  });
  strace.once('close', () => {
    hasEnded = true;
  });
  t.teardown(async () => {
    strace.kill('SIGKILL');
    await until(() => hasEnded);
  });
  await until(() => hasEnded || / attached/.test(said), ATTACH_MS);
  if (hasEnded || !/ attached/.test(said)) return skip(t, `strace does not attach: ${said.trim()}`);
  return strace;
}
