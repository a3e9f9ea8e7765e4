// Finds programs on the PATH, as `which` does, and asks them for their version.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { BenchmarkError } from './load.ts';

const VERSION_TIMEOUT_MS = 5_000;

/**
 * The full path of a program, or undefined when there is none.
 * @param name a bare name such as `redis-benchmark`; an absolute path is checked as it is
 * @param searchPath directories in the form of the PATH variable
 */
export function findOnPath(
  name: string,
  searchPath: string = process.env.PATH ?? '',
): string | undefined {
  if (isAbsolute(name)) return isProgram(name) ? name : undefined;
  for (const directory of searchPath.split(delimiter)) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    if (isProgram(candidate)) return candidate;
  }
  return undefined;
}

/** Like `findOnPath`, but a program that is not there is a TOOL_MISSING error. */
export function requireOnPath(name: string): string {
  const found = findOnPath(name);
  if (found === undefined) {
    throw new BenchmarkError('TOOL_MISSING', `${name} is not on the PATH`);
  }
  return found;
}

/**
 * The first dotted number in the output of `<name> --version`, such as `7.0.15`.
 * Undefined when the program is not there or does not say.
 */
export function programVersion(name: string): string | undefined {
  const program = findOnPath(name);
  if (program === undefined) return undefined;
  const child = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    timeout: VERSION_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  return /\d+\.\d+(?:\.\d+)*/.exec(`${child.stdout ?? ''}${child.stderr ?? ''}`)?.[0];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
