// The command line of the server, as redis-server reads it: an optional config file, then options
// that are lines of configuration. It only splits; the values are parsed by `Config.load`.

import { COMMAND_LINE, ConfigError, type ConfLine, problemOf } from './config-error.ts';
import { areBytes, splitWords } from './words.ts';

export type CliRequest =
  | { readonly kind: 'version' | 'help' }
  | {
      readonly kind: 'run';
      /** `-` is standard input. */
      readonly configFile: string | undefined;
      /** In order; a later one wins over an earlier one and over the file. */
      readonly overrides: readonly ConfLine[];
    };

/**
 * Parses the arguments behind the program's name: `[FILE | -] [--config FILE] [--name value ...]
 * [--name=value ...] [--version | -v] [--help | -h]`.
 *
 * The argument behind `--name` is its value even if it starts with `--`; further ones up to the
 * next `--` are too. Redis: `--name=value`, --config, and --version behind other options are ours.
 * @throws ConfigError for what is no option, and for two config files
 */
export function parseCliArgs(args: readonly string[]): CliRequest {
  const [first] = args;
  if (first === '-v') return { kind: 'version' };
  if (first === '-h') return { kind: 'help' };
  let configFile = first === undefined || first.startsWith('--') ? undefined : first;
  if (configFile !== undefined && /^-./.test(configFile)) throw stray(configFile, 1);
  const overrides: ConfLine[] = [];
  let at = configFile === undefined ? 0 : 1;
  while (at < args.length) {
    const arg = args[at] as string;
    if (arg === '--version') return { kind: 'version' };
    if (arg === '--help') return { kind: 'help' };
    const option = readOption(args, at);
    at = option.end;
    if (option.line.words[0] !== 'config') {
      overrides.push(option.line);
      continue;
    }
    const [, path, ...more] = option.line.words;
    if (path === undefined || more.length > 0) throw wrong(option.line, 'expected one file name');
    if (configFile !== undefined) throw wrong(option.line, 'there already is a config file');
    configFile = path;
  }
  return { kind: 'run', configFile, overrides };
}

/** The option at `start` with all of its values, and where the next one begins. */
function readOption(args: readonly string[], start: number): { line: ConfLine; end: number } {
  const arg = args[start] as string;
  const parts = /^--([\w.-]+)(?:(=)(.*)|[ \t](.*))?$/s.exec(arg);
  if (parts === null) throw stray(arg, start + 1);
  const [, name = '', equals, assigned = '', blankSeparated] = parts;
  const words = equals === undefined ? [name] : [name, assigned];
  if (blankSeparated !== undefined)
    words.push(...splitArgument(`${name} ${blankSeparated}`, start));
  let end = start + 1;
  const takesNext = words.length === 1 && !standsAlone(name, args[end]);
  if (takesNext && end < args.length) words.push(args[end++] as string);
  while (end < args.length && !(args[end] as string).startsWith('--')) {
    words.push(args[end++] as string);
  }
  const text = args.slice(start, end).join(' ');
  if (areBytes(name) && blankSeparated === undefined) {
    for (const [i, word] of words.entries()) words[i] = Buffer.from(word).toString('latin1');
  }
  return { line: { file: COMMAND_LINE, line: start + 1, text, words }, end };
}

/** `--save --port 1`: redis-server lets a bare save mean "no snapshots". */
function standsAlone(name: string, next: string | undefined): boolean {
  return name.toLowerCase() === 'save' && next?.startsWith('--') === true;
}

/** The values of an option that is one argument with them, `'--port 7000'`, quoted as in a file. */
function splitArgument(text: string, index: number): readonly string[] {
  const split = splitWords(Buffer.from(text).toString('latin1'));
  if (split.ok) return split.value.slice(1);
  throw wrong({ file: COMMAND_LINE, line: index + 1, text: '' }, split.why);
}

function stray(arg: string, position: number): ConfigError {
  const where = { file: COMMAND_LINE, line: position, text: arg };
  return wrong(where, 'expected an option that starts with --');
}

function wrong(where: Omit<ConfLine, 'words'>, reason: string): ConfigError {
  return new ConfigError([problemOf(where, reason)]);
}
