// forgekv check-config FILE: says of every line of a redis.conf what it does here. What a line does
// is decided in @forgekv/config.

import {
  type CliRequest,
  COMMAND_LINE,
  type ConfigWarning,
  checkConf,
  type LineReport,
  parseCliArgs,
} from '@forgekv/config';
import { commandNames } from '@forgekv/server';

const EXIT_STARTS = 0;
const EXIT_REFUSED = 1;
const EXIT_UNREADABLE = 2;
const USAGE = 'Usage: forgekv check-config FILE [--name value ...]\n';
const MOST_TEXT_COLUMNS = 48;

/**
 * Runs the command.
 * @param args what follows `check-config`: a file, and options as a start takes them
 * @returns the exit code: 0 a server starts from it, 1 it does not, 2 it cannot be read
 */
export function checkConfig(args: readonly string[]): number {
  let request: CliRequest | undefined;
  try {
    request = parseCliArgs(args);
  } catch (error) {
    process.stderr.write(`forgekv: ${(error as Error).message}\n`);
  }
  if (request?.kind !== 'run' || request.configFile === undefined) {
    process.stderr.write(USAGE);
    return EXIT_UNREADABLE;
  }
  const reports = checkConf({
    ...{ file: request.configFile, overrides: request.overrides },
    commands: commandNames(),
  });
  const [unreadable] = reports.filter(({ line }) => line === 0);
  if (unreadable !== undefined) {
    process.stderr.write(`forgekv: ${unreadable.reason}\n`);
    return EXIT_UNREADABLE;
  }
  process.stdout.write(`${describe(reports).join('\n')}\n`);
  return reports.some(({ verdict }) => verdict === 'refused') ? EXIT_REFUSED : EXIT_STARTS;
}

function describe(reports: readonly LineReport[]): string[] {
  const lines: string[] = [];
  let file = '';
  const width = Math.min(Math.max(...reports.map(({ text }) => text.length)), MOST_TEXT_COLUMNS);
  for (const report of reports) {
    if (report.file !== file) lines.push(report.file);
    file = report.file;
    const place = `${report.line}`.padStart(6);
    const why = report.reason === '' ? '' : `: ${report.reason}`;
    lines.push(`${place}  ${report.text.padEnd(width)}  ${report.verdict}${why}`);
  }
  const count = (verdict: LineReport['verdict']): number =>
    reports.filter((report) => report.verdict === verdict).length;
  const refused = count('refused');
  const sum = `${reports.length} directives: ${count('honoured')} honoured, `;
  lines.push(`${sum}${count('without effect')} without effect, ${refused} refused`);
  return lines;
}

/** The lines of a start about what has no effect: one for each file, with numbers of lines. */
export function withoutEffect(warnings: readonly ConfigWarning[]): string[] {
  const files = new Map<string, string[]>();
  for (const { file, line, name } of warnings) {
    const places = files.get(file);
    const place = file === COMMAND_LINE ? `--${name}` : `${line} ${name}`;
    if (places === undefined) files.set(file, [place]);
    else places.push(place);
  }
  return [...files].map(([file, places]) => {
    const tells = file === COMMAND_LINE ? '' : `; forgekv check-config ${file} tells why`;
    return `${file}: without effect here: ${places.join(', ')}${tells}`;
  });
}
