// forgekv import and forgekv export: between files of Redis and a running server. What they do is
// in @forgekv/migration; here are their options, and what they tell.

import { parseArgs } from 'node:util';
import { exportFile, type ImportReport, importFiles, MigrationError } from '@forgekv/migration';

const EXIT_DONE = 0;
/** Something was left out. */
const EXIT_PARTLY = 1;
const EXIT_FAILED = 2;

const USAGE = `Usage: forgekv import FILE [--url URL] [--replace]
       forgekv export FILE [--url URL] [--modules]

import restores what an RDB file (dump.rdb), an append-only file or a directory of
those (appendonlydir) has, on a running server. A damaged file is found before
anything is changed. export writes all databases of a running server as an RDB
file that Redis 7 loads.

  --url URL   the server: redis://USER:PASSWORD@HOST:PORT, rediss:// for TLS, or
              the path of a unix socket (redis://127.0.0.1:6379); a password may
              be in REDISCLI_AUTH instead
  --modules   JSON values are exported, too, as RedisJSON writes them; a Redis
              without it does not load the file then
  --replace   keys and functions that are there are replaced, not left as they are
Exit code: 0 done, 1 some keys could not be taken, 2 nothing could be done, or it
had to stop.
`;

/**
 * Runs one of the two.
 * @param args what follows `forgekv`: `import` or `export` first
 * @returns the exit code
 */
export async function migrate(args: readonly string[]): Promise<number> {
  const parsed = parse(args.slice(1));
  if (parsed === null) {
    process.stderr.write(USAGE);
    return EXIT_FAILED;
  }
  const { file, url, replace, modules } = parsed;
  const common = { url, password: process.env.REDISCLI_AUTH, out: process.stderr };
  try {
    if (args[0] === 'import') return told(await importFiles(file, { ...common, replace }));
    const { keys, functions, skipped } = await exportFile(file, { ...common, modules });
    process.stdout.write(`exported ${keys} keys and ${functions} function libraries to ${file}\n`);
    if (skipped === 0) return EXIT_DONE;
    process.stdout.write(`${skipped} keys of types that Redis does not have were left out\n`);
    return EXIT_PARTLY;
  } catch (error) {
    const isExpected = error instanceof MigrationError || (error as { code?: unknown }).code;
    if (!isExpected) throw error;
    process.stderr.write(`forgekv: ${(error as Error).message}\n`);
    return EXIT_FAILED;
  }
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: 'string', default: 'redis://127.0.0.1:6379' },
        replace: { type: 'boolean', default: false },
        modules: { type: 'boolean', default: false },
      },
    });
    const [file] = positionals;
    return positionals.length === 1 && file !== undefined ? { file, ...values } : null;
  } catch {
    return null;
  }
}

function told(report: ImportReport): number {
  const { keys, functions, commands, existing, modules, problems, problemCount } = report;
  const lines = [`imported ${keys} keys, ${functions} function libraries, ${commands} commands`];
  if (existing > 0) lines.push(`${existing} were there already and were left as they are`);
  for (const [module, count] of modules) {
    lines.push(`${count} keys of the module ${module} were left out`);
  }
  lines.push(...problems);
  if (problemCount > problems.length) lines.push(`and ${problemCount - problems.length} more`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return existing + modules.size + problemCount === 0 ? EXIT_DONE : EXIT_PARTLY;
}
