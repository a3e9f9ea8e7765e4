// A library of functions as data: what FUNCTION LIST tells and FUNCTION DUMP keeps.

import { invariant } from '@forgekv/base';
import { FLAG_NAMES } from '../script-flags.ts';
import { SCRIPT_NO_WRITES } from '../script-host.ts';

/** One registered function. */
export interface LibraryFunction {
  /** Latin-1: one character per byte, as everywhere here. */
  readonly name: string;
  /** SCRIPT_* bits. */
  readonly flags: number;
  readonly description: string | null;
}

/** One library, as it was loaded. */
export interface FunctionLibrary {
  readonly name: string;
  /** The code with its first line. */
  readonly code: Buffer;
  readonly functions: readonly LibraryFunction[];
}

const NAME = /^[A-Za-z0-9_]+$/;
export const BAD_NAME =
  'ERR Library names can only contain letters, numbers, or underscores(_) and must be at least ' +
  'one character long';
const LF = 10;

/** True for the names that libraries and functions may have. */
export function isLibraryName(name: string): boolean {
  return NAME.test(name);
}

/** The name in the first line of a library, and where its code begins. */
export interface LibraryHead {
  readonly name: string;
  readonly codeAt: number;
}

/** Reads `#!lua name=<name>`, or returns the text of the error reply. */
export function parseLibraryHead(code: Buffer): LibraryHead | string {
  if (!code.subarray(0, 2).equals(Buffer.from('#!'))) return 'ERR Missing library metadata';
  const end = code.indexOf(LF);
  if (end < 0) return 'ERR Invalid library metadata';
  const parts = code
    .toString('latin1', 0, end)
    .split(' ')
    .filter((part) => part !== '');
  const engine = parts[0]!.slice(2);
  let name: string | null = null;
  for (const part of parts.slice(1)) {
    if (!/^name=/i.test(part)) return `ERR Invalid metadata value given: ${part}`;
    if (name !== null) {
      return 'ERR Invalid metadata value, name argument was given multiple times';
    }
    name = part.slice('name='.length);
  }
  if (name === null) return 'ERR Library name was not given';
  if (!isLibraryName(name)) return BAD_NAME;
  if (engine.toLowerCase() !== 'lua') return `ERR Engine '${engine}' not found`;
  return { name, codeAt: end };
}

/** The names of a function's flags, in Redis's order. */
export function flagNames(flags: number): string[] {
  return [...FLAG_NAMES].filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
}

/** What is wrong with running a script with these flags by a command that may not write. */
export function readOnlyProblem(flags: number): string | null {
  if ((flags & SCRIPT_NO_WRITES) !== 0) return null;
  return 'ERR Can not execute a script with write flag using *_ro command.';
}

/** Libraries by name, and their functions, whose names are one space. */
export class FunctionLibraries {
  readonly #libraries = new Map<string, FunctionLibrary>();
  readonly #functions = new Map<string, LibraryFunction>();

  get count(): number {
    return this.#libraries.size;
  }

  get functionCount(): number {
    return this.#functions.size;
  }

  /** In the order they were loaded. */
  all(): FunctionLibrary[] {
    return [...this.#libraries.values()];
  }

  find(name: string): FunctionLibrary | undefined {
    return this.#libraries.get(name);
  }

  findFunction(name: string): LibraryFunction | undefined {
    return this.#functions.get(name);
  }

  copy(): FunctionLibraries {
    const copy = new FunctionLibraries();
    for (const library of this.all()) copy.add(library);
    return copy;
  }

  /** What keeps a library from being added, in place of the one of its name; null: nothing. */
  collision(library: FunctionLibrary): string | null {
    const own = new Set(this.#libraries.get(library.name)?.functions.map(({ name }) => name));
    const taken = library.functions.find(({ name }) => this.#functions.has(name) && !own.has(name));
    return taken === undefined ? null : `ERR Function ${taken.name} already exists`;
  }

  /** Adds a library, in place of the one of its name. */
  add(library: FunctionLibrary): void {
    invariant(this.collision(library) === null, 'a function is in one library');
    this.remove(library.name);
    this.#libraries.set(library.name, library);
    for (const each of library.functions) this.#functions.set(each.name, each);
  }

  /** Returns what was removed. */
  remove(name: string): FunctionLibrary | undefined {
    const library = this.#libraries.get(name);
    this.#libraries.delete(name);
    for (const each of library?.functions ?? []) this.#functions.delete(each.name);
    return library;
  }

  clear(): void {
    this.#libraries.clear();
    this.#functions.clear();
  }
}
