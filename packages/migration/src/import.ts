// Takes files of Redis into a running server. They are read twice: a file that is damaged is found
// before anything has changed.

import { asClient } from './as-client.ts';
import { MigrationError } from './migration-error.ts';
import { Progress, type ProgressOutput } from './progress.ts';
import type { RdbKey } from './rdb-file.ts';
import { filesOf, itemsOf, type SourceItem, sizeOf } from './source.ts';
import { type Command, Target } from './target.ts';

/** What is sent at once. */
const BATCH_BYTES = 1024 * 1024;
const BATCH_COMMANDS = 500;
/** Problems that are told one by one. */
const MOST_PROBLEMS = 20;
const MOST_SHOWN_KEY = 80;
/** A refusal of these kinds will be that of every other key, too. */
const HOPELESS = /^(OOM|MISCONF|NOPERM|NOAUTH|READONLY|LOADING|ERR unknown command)/;
const BUSY = /^BUSYKEY/;
/** Of a module that the server does not know. */
const UNKNOWN_VALUE = /^ERR Bad data format/;

export interface ImportOptions {
  /** Where the server is; see Target.connect. */
  readonly url: string;
  readonly password: string | undefined;
  /** Keys and libraries that are there are replaced, not left as they are. */
  readonly replace: boolean;
  /** Where progress is shown. */
  readonly out: ProgressOutput;
}

export interface ImportReport {
  /** Keys restored, libraries of functions loaded, commands of append-only files executed. */
  keys: number;
  functions: number;
  commands: number;
  /** Keys and libraries that were there and were left as they are. */
  existing: number;
  /** Values of modules that the server does not know, by the module's name. */
  readonly modules: Map<string, number>;
  /** What went wrong, in words; and how often, in all. */
  readonly problems: string[];
  problemCount: number;
}

/**
 * Imports an RDB file, an append-only file or a directory of those.
 * @throws MigrationError when a file is damaged, the server is not there, or refuses everything
 */
export async function importFiles(path: string, options: ImportOptions): Promise<ImportReport> {
  const files = filesOf(path);
  verify(files, options.out);
  const target = await Target.connect(options.url, options.password);
  try {
    const importing = new Importing(target, options.replace);
    await importing.run(files, options.out);
    return importing.report;
  } finally {
    target.close();
  }
}

/** Reads everything. @throws MigrationError where something is damaged */
function verify(files: readonly string[], out: ProgressOutput): void {
  const total = sizeOf(files);
  const progress = new Progress(out, 'verifying', 'items');
  let count = 0;
  const events = { read: (bytes: number) => progress.at(bytes, total, count), cutOff: () => {} };
  try {
    for (const _ of itemsOf(files, events, false)) count++;
  } finally {
    progress.end();
  }
}

interface Sent {
  readonly command: Command;
  readonly item: SourceItem | null;
}

class Importing {
  readonly report: ImportReport = {
    ...{ keys: 0, functions: 0, commands: 0, existing: 0 },
    ...{ modules: new Map<string, number>(), problems: [], problemCount: 0 },
  };
  readonly #target: Target;
  readonly #replace: boolean;
  #batch: Sent[] = [];
  #bytes = 0;
  #db = 0;

  constructor(target: Target, replace: boolean) {
    this.#target = target;
    this.#replace = replace;
  }

  async run(files: readonly string[], out: ProgressOutput): Promise<void> {
    const total = sizeOf(files);
    const progress = new Progress(out, 'importing', 'done');
    const { report } = this;
    const events = {
      read: (bytes: number) =>
        progress.at(bytes, total, report.keys + report.functions + report.commands),
      cutOff: (path: string, bytes: number) =>
        this.#problem(`${path}: its last ${bytes} bytes are no whole command and were left out`),
    };
    try {
      for (const item of itemsOf(files, events, true)) {
        this.#add(item);
        if (this.#bytes < BATCH_BYTES && this.#batch.length < BATCH_COMMANDS) continue;
        await this.#send();
      }
      await this.#send();
    } finally {
      progress.end();
    }
  }

  #add(item: SourceItem): void {
    if (item.kind === 'command') {
      const [name, ...args] = asClient(item.command);
      this.#put([name!.toString('latin1'), ...args], item);
      // From here on commands say themselves which database they are for.
      if (name!.toString('latin1').toLowerCase() === 'select') this.#db = Number(args[0]);
    } else if (item.kind === 'function') {
      const replace = this.#replace ? ['REPLACE'] : [];
      this.#put(['FUNCTION', 'LOAD', ...replace, item.code], item);
    } else {
      this.#restore(item, item.payload!);
    }
  }

  #restore(item: RdbKey, payload: Buffer): void {
    const { db, key, expireAtMs, idleSeconds, frequency } = item;
    if (db !== this.#db) {
      this.#put(['SELECT', db], null);
      this.#db = db;
    }
    const options: (string | number)[] = ['ABSTTL'];
    if (this.#replace) options.push('REPLACE');
    if (idleSeconds >= 0) options.push('IDLETIME', idleSeconds);
    if (frequency >= 0) options.push('FREQ', frequency);
    this.#put(['RESTORE', key, `${expireAtMs}`, payload, ...options], item);
  }

  #put(command: Command, item: SourceItem | null): void {
    this.#batch.push({ command, item });
    for (const arg of command) this.#bytes += typeof arg === 'number' ? 8 : arg.length;
  }

  async #send(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    if (batch.length === 0) return;
    const replies = await this.#target.all(batch.map(({ command }) => command));
    for (const [i, { command, item }] of batch.entries()) {
      const reply = replies[i];
      if (reply instanceof Error) this.#refused(command, item, reply.message);
      else if (item?.kind === 'key') this.report.keys++;
      else if (item?.kind === 'function') this.report.functions++;
      else if (item?.kind === 'command') this.report.commands++;
    }
  }

  #refused(command: Command, item: SourceItem | null, reason: string): void {
    if (item === null || (item.kind !== 'command' && HOPELESS.test(reason))) {
      throw new MigrationError(`the server refuses: ${command[0]}: ${reason}`);
    }
    const isThere = item.kind === 'function' && / already exists$/.test(reason);
    if (BUSY.test(reason) || isThere) {
      this.report.existing++;
      return;
    }
    if (item.kind === 'key' && item.module !== '' && UNKNOWN_VALUE.test(reason)) {
      const { modules } = this.report;
      modules.set(item.module, (modules.get(item.module) ?? 0) + 1);
      return;
    }
    const [name, first] = command;
    const shown = Buffer.isBuffer(first) ? ` ${shownKey(first)}` : '';
    this.#problem(`${name}${item.kind === 'function' ? '' : shown}: ${reason}`);
  }

  #problem(text: string): void {
    this.report.problemCount++;
    if (this.report.problems.length < MOST_PROBLEMS) this.report.problems.push(text);
  }
}

function shownKey(key: Buffer): string {
  const text = JSON.stringify(key.toString('latin1'));
  return text.length <= MOST_SHOWN_KEY ? text : `${text.slice(0, MOST_SHOWN_KEY)}..."`;
}
