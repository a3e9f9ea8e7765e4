// Writes what a running server has as an RDB file. Each key is as it is when it is looked at: while
// others write, the file is not the state of one moment. For that, start a server on a backup.

import { MigrationError } from './migration-error.ts';
import { Progress, type ProgressOutput } from './progress.ts';
import { RdbOutput } from './rdb-output.ts';
import { isKnownType, RDB_MODULE_2 } from './rdb-value.ts';
import { type Command, type Reply, Target } from './target.ts';

const SCAN_COUNT = 500;
/** Replies of DUMP that may come at once; more of long values are asked for one by one. */
const BATCH_KEYS = 50;
const NEVER = -1n;
const GONE = -2n;

export interface ExportOptions {
  /** Where the server is; see Target.connect. */
  readonly url: string;
  readonly password: string | undefined;
  /** Values of modules are written, too: a server without those does not load the file at all. */
  readonly modules: boolean;
  /** Where progress is shown. */
  readonly out: ProgressOutput;
}

export interface ExportReport {
  keys: number;
  functions: number;
  /** Keys of types that Redis does not know without a module, or at all. */
  skipped: number;
}

/**
 * Exports all databases to a file; one of that name is replaced when the new one is whole.
 * @throws MigrationError when the server is not there or refuses; Error of `fs`
 */
export async function exportFile(path: string, options: ExportOptions): Promise<ExportReport> {
  const target = await Target.connect(options.url, options.password);
  const progress = new Progress(options.out, 'exporting', 'keys');
  try {
    const sizes = await databasesOf(target);
    const seconds = `${Math.floor(Date.now() / 1000)}`;
    const output = new RdbOutput(path, { 'redis-bits': '64', ctime: seconds });
    try {
      const total = [...sizes.values()].reduce((sum, keys) => sum + keys, 0);
      const exporting = new Exporting(target, output, options.modules, (report) => {
        progress.at(report.keys, total, report.keys);
      });
      await exporting.functions();
      for (const db of sizes.keys()) await exporting.database(db);
      output.end();
      return exporting.report;
    } catch (error) {
      output.abandon();
      throw error;
    }
  } finally {
    progress.end();
    target.close();
  }
}

/** The databases that have keys, and how many. */
async function databasesOf(target: Target): Promise<Map<number, number>> {
  const info = String(await target.one('INFO', 'keyspace'));
  const found = info.matchAll(/^db(\d+):keys=(\d+)/gm);
  return new Map([...found].map(([, db, keys]) => [Number(db), Number(keys)]));
}

class Exporting {
  readonly report: ExportReport = { keys: 0, functions: 0, skipped: 0 };
  readonly #target: Target;
  readonly #output: RdbOutput;
  readonly #withModules: boolean;
  readonly #told: (report: ExportReport) => void;

  constructor(
    target: Target,
    output: RdbOutput,
    withModules: boolean,
    told: (report: ExportReport) => void,
  ) {
    this.#target = target;
    this.#output = output;
    this.#withModules = withModules;
    this.#told = told;
  }

  /** Libraries of functions; a server that knows none has none. */
  async functions(): Promise<void> {
    const [reply] = await this.#target.all([['FUNCTION', 'LIST', 'WITHCODE']]);
    if (!Array.isArray(reply)) return;
    for (const library of reply as (Buffer | unknown)[][]) {
      const at = library.findIndex((name) => String(name) === 'library_code');
      this.#output.library(library[at + 1] as Buffer);
      this.report.functions++;
    }
  }

  async database(db: number): Promise<void> {
    await this.#target.one('SELECT', db);
    // SCAN may show a key twice; a file that has it twice is not loaded.
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const page = (await this.#target.one('SCAN', cursor, 'COUNT', SCAN_COUNT)) as [
        Buffer,
        Buffer[],
      ];
      cursor = String(page[0]);
      const keys = page[1].filter((key) => {
        const name = key.toString('latin1');
        const isNew = !seen.has(name);
        seen.add(name);
        return isNew;
      });
      for (let from = 0; from < keys.length; from += BATCH_KEYS) {
        await this.#keys(db, keys.slice(from, from + BATCH_KEYS));
      }
    } while (cursor !== '0');
  }

  /** Asks again for those that got another expiry while they were looked at. */
  async #keys(db: number, keys: readonly Buffer[]): Promise<void> {
    for (let left = keys; left.length > 0; ) {
      const commands = left.flatMap((key): Command[] => [
        ['PEXPIRETIME', key],
        ['DUMP', key],
        ['PEXPIRETIME', key],
      ]);
      const replies = await this.#target.all(commands);
      left = left.filter((key, i) => {
        const [before, payload, expiry] = replies.slice(3 * i, 3 * i + 3);
        if (String(before) !== String(expiry)) return true;
        this.#key(db, key, expiry, payload);
        return false;
      });
      this.#told(this.report);
    }
  }

  #key(db: number, key: Buffer, expiry: Reply, payload: Reply): void {
    for (const reply of [expiry, payload]) {
      if (!(reply instanceof Error)) continue;
      throw new MigrationError(`DUMP ${JSON.stringify(key.toString('latin1'))}: ${reply.message}`);
    }
    const expireAtMs = BigInt(String(expiry));
    // It went meanwhile.
    if (expireAtMs === GONE || !Buffer.isBuffer(payload)) return;
    const [type] = payload;
    if (!isKnownType(type!) || (type === RDB_MODULE_2 && !this.#withModules)) {
      this.report.skipped++;
      return;
    }
    this.#output.key(db, key, expireAtMs === NEVER ? 0n : expireAtMs, payload);
    this.report.keys++;
  }
}
