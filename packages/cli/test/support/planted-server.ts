// A server with a bug in it: a copy of the program in which one place says something else. A stress
// test that does not find it is worth nothing.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SERVER_ENTRY } from '@forgekv/testkit';
import type { Test } from 'tap';

export interface PlantedBug {
  readonly name: string;
  /** A text that the program of the workers has once, and what stands there instead. */
  readonly from: RegExp;
  readonly to: string;
}

/**
 * Makes the program with a bug, which is gone when the test ends.
 * @returns the path to start it by; null: there is no bundle to be copied, and the test is skipped
 * @throws Error when the place is not there, or not the only one
 */
export function plantInWorkers(t: Test, { name, from, to }: PlantedBug): string | null {
  const bundle = dirname(SERVER_ENTRY);
  if (!bundle.endsWith('bundle')) {
    process.stderr.write(`\n*** SKIP: ${t.name}: run scripts/setup, there is no bundle ***\n\n`);
    t.pass('there is no bundle', { skip: 'run scripts/setup' });
    return null;
  }
  // Beside the one it is a copy of: its libraries are found from there.
  const copy = join(dirname(bundle), `planted-${process.pid}-${name.replaceAll(/\W+/g, '-')}`);
  t.teardown(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(bundle, copy, { recursive: true });
  const file = join(copy, 'shard-thread.js');
  const text = readFileSync(file, 'utf8');
  const places = text.match(new RegExp(from, 'g'))?.length ?? 0;
  if (places !== 1) throw new Error(`${name}: ${from} is in the program ${places} times`);
  writeFileSync(file, text.replace(from, to));
  return join(copy, 'main.js');
}
