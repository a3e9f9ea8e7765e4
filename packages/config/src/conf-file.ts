// Reads redis.conf text into lines of words and follows `include`. It knows no other directive.

import { closeSync, openSync, readSync } from 'node:fs';
import { type ConfigProblem, type ConfLine, MAX_PROBLEMS, problemOf } from './config-error.ts';
import { WRONG_ARGUMENT_COUNT } from './outcome.ts';
import { decodeUtf8, splitWords } from './words.ts';

/** Bytes of everything that is read. A stock redis.conf has about 110,000. */
export const MAX_CONF_BYTES = 4 * 1024 * 1024;

/** Lines that are no comment; a stock redis.conf has about 70. Repeated lines of lists add up. */
export const MAX_CONF_LINES = 10_000;

/** How deep an included file may include. */
export const MAX_INCLUDE_DEPTH = 16;

/** How many files one configuration may read, so that a few includes cannot multiply. */
export const MAX_CONF_FILES = 256;

/** Reads a file, at most a little more than MAX_CONF_BYTES of it; throws when it cannot. */
export type ReadConfFile = (path: string) => Uint8Array;

/** Where the lines of a configuration come from, in the order they count; later ones win. */
export interface ConfSources {
  /** A path, relative to the working directory; `-` is standard input. */
  readonly file?: string | undefined;
  /** Text in the format of the file. */
  readonly text?: string | Uint8Array | undefined;
  /** What the command line says. */
  readonly overrides?: readonly ConfLine[] | undefined;
  /** Names of the commands there are, without which `rename-command` takes any new name. */
  readonly commands?: readonly string[] | undefined;
  /** Instead of the file system, for tests. */
  readonly readFile?: ReadConfFile | undefined;
}

export interface ConfLines {
  /** But for those that include. */
  readonly lines: readonly ConfLine[];
  readonly includes: readonly ConfLine[];
  readonly problems: readonly ConfigProblem[];
}

/** Collects the lines of all sources; never throws, whatever is in the bytes. */
export function collectLines(sources: ConfSources): ConfLines {
  const reader = new ConfReader(sources.readFile ?? readConfFile);
  const { file, text, overrides = [] } = sources;
  if (file !== undefined) reader.addFile(file, { file, line: 0, text: '' });
  if (text !== undefined) reader.addText(Buffer.from(text), '(text)');
  for (const line of overrides) reader.addLine(line);
  return reader.result();
}

/** Where an `include` stands, for what may be wrong with the included file. */
type Place = Omit<ConfLine, 'words'>;

class ConfReader {
  readonly #readFile: ReadConfFile;
  readonly #lines: ConfLine[] = [];
  readonly #includes: ConfLine[] = [];
  readonly #problems: ConfigProblem[] = [];
  /** Files being read, outermost first. */
  readonly #open: string[] = [];
  #fileCount = 0;
  #byteCount = 0;
  #lineCount = 0;

  constructor(readFile: ReadConfFile) {
    this.#readFile = readFile;
  }

  result(): ConfLines {
    return { lines: this.#lines, includes: this.#includes, problems: this.#problems };
  }

  addFile(path: string, includedAt: Place): void {
    const why = this.#refusal(path);
    if (why !== undefined) {
      this.#complain(includedAt, why);
      return;
    }
    this.#fileCount++;
    let bytes: Uint8Array;
    try {
      bytes = this.#readFile(path);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#complain(includedAt, `can't read config file '${path}': ${cause}`);
      return;
    }
    this.#open.push(path);
    this.addText(bytes, path);
    this.#open.pop();
  }

  addText(bytes: Uint8Array, file: string): void {
    this.#byteCount += bytes.length;
    if (this.#byteCount > MAX_CONF_BYTES) {
      const reason = `the configuration is larger than ${MAX_CONF_BYTES} bytes`;
      this.#complain({ file, line: 0, text: '' }, reason);
      return;
    }
    // One char per byte: a comment in another encoding must not matter.
    const lines = Buffer.from(bytes).toString('latin1').split('\n');
    for (const [index, raw] of lines.entries()) {
      const text = trimmed(index === 0 ? raw.replace(/^\xef\xbb\xbf/, '') : raw);
      if (text === '' || text.startsWith('#')) continue;
      this.#addRaw(text, file, index + 1);
    }
  }

  addLine(line: ConfLine): void {
    const [name = '', path = ''] = line.words;
    if (this.#lineCount === MAX_CONF_LINES) {
      this.#complain(line, `the configuration has more than ${MAX_CONF_LINES} lines`);
    }
    if (++this.#lineCount > MAX_CONF_LINES) return;
    if (name.toLowerCase() !== 'include') this.#lines.push(line);
    else if (line.words.length !== 2) this.#complain(line, WRONG_ARGUMENT_COUNT);
    else {
      this.#includes.push(line);
      this.addFile(path, line);
    }
  }

  #addRaw(raw: string, file: string, line: number): void {
    const split = splitWords(raw);
    const text = decodeUtf8(Buffer.from(raw, 'latin1')) ?? raw;
    if (!split.ok) this.#complain({ file, line, text }, split.why);
    else if (split.value.length > 0) this.addLine({ file, line, text, words: split.value });
  }

  /** Why a file is not read at all. */
  #refusal(path: string): string | undefined {
    // Redis: 7.0 expands wildcards in an include.
    if (/[*?[]/.test(path)) return 'wildcards in an include are not supported';
    if (this.#open.includes(path)) return 'config file includes itself';
    if (this.#open.length > MAX_INCLUDE_DEPTH) {
      return `includes are nested more than ${MAX_INCLUDE_DEPTH} deep`;
    }
    return this.#fileCount >= MAX_CONF_FILES ? `more than ${MAX_CONF_FILES} files` : undefined;
  }

  #complain(where: Place, reason: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problemOf(where, reason));
  }
}

function trimmed(line: string): string {
  return line.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '');
}

/** Reads no more than it needs to see that a file is too long: the path may be /dev/zero. */
export function readConfFile(path: string): Uint8Array {
  const descriptor = path === '-' ? 0 : openSync(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    let total = 0;
    while (total <= MAX_CONF_BYTES) {
      const chunk = Buffer.alloc(65_536);
      const count = readSync(descriptor, chunk, 0, chunk.length, null);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      total += count;
    }
    return Buffer.concat(chunks);
  } finally {
    if (descriptor !== 0) closeSync(descriptor);
  }
}
