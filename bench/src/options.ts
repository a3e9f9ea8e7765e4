// The command line of the benchmark.

import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** A smoke run of about half a minute that writes no file. */
  readonly quick: boolean;
  readonly rounds: number;
  /** Either how long a load runs or how many commands it sends. */
  readonly pace: { readonly seconds: number } | { readonly requests: number };
  /** Only scenarios whose name matches. */
  readonly only: RegExp | undefined;
  /** Where the report goes; undefined: the default file, which --quick and --only leave alone. */
  readonly out: string | undefined;
  readonly micro: boolean;
  /** Data larger than memory instead of the comparison. */
  readonly storage: { readonly records: number; readonly valueBytes: number } | undefined;
  /** Memory per element instead of the comparison. */
  readonly memory: boolean;
  /** How long others wait beside a string of so many bytes instead of the comparison. */
  readonly largeStringBytes: number | undefined;
  readonly withAof: boolean;
  /** A second, identical Redis: what it differs by is the noise of the machine. */
  readonly withControl: boolean;
  readonly withForgekv: boolean;
  /** The program to start; undefined for scripts/forgekv of this repository. */
  readonly forgekv: string | undefined;
  /** Arguments every ForgeKV gets. */
  readonly forgekvArgs: readonly string[];
  /** More ForgeKVs to compare, each with arguments of its own. */
  readonly variants: readonly { readonly name: string; readonly args: readonly string[] }[];
  /** Random keys. */
  readonly keyspace: number;
  /** Directory for the servers' data, in a subdirectory that is removed afterwards. */
  readonly dataDirectory: string | undefined;
}

export const USAGE = `npm run bench -- [options]

  --quick                 smoke run of about 30 seconds: few loads, short, writes no file
  --rounds N              measured rounds per load (5; quick: 3)
  --seconds S             length of one load (2; quick: 0.5)
  --requests N            instead of --seconds: commands per load
  --only PATTERN          only loads whose name matches, such as 'SET p16' or '^GET.*2x20'
  --keyspace N            random keys (1000000; quick: 100000)
  --out FILE              report file (BENCHMARK_RESULTS.md at the root; none with --quick, --only)
  --aof                   also a redis-server with --appendonly yes --appendfsync everysec
  --control               also a second identical redis-server, which shows the noise
  --without-forgekv       leave ForgeKV out, to try the machine
  --forgekv FILE          the ForgeKV to start (scripts/forgekv), such as one of another checkout
  --forgekv-args "ARGS"   arguments every ForgeKV gets
  --variant NAME:"ARGS"   one more ForgeKV with these arguments; may be repeated
  --data-dir DIR          where the servers keep their data (a temporary directory)
  --storage               data larger than the hot table instead: load, cold reads, restarts
  --records N             values of --storage (1200000; quick: 60000)
  --record-bytes N        bytes of each (1000)
  --memory                memory per small hash and per element of large collections instead
  --large-string-mb N     how long others wait beside a string of so many MB instead (such as 100)
  --micro                 run the micro-benchmarks of the layers instead (a file only with --out)
  --help
`;

/** A command line that cannot be followed; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the arguments after the program's name. Undefined when help was asked for. */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const values = parseFlags(args);
  if (values.help) return undefined;
  if (values.requests !== undefined && values.seconds !== undefined) {
    throw new UsageError('--seconds or --requests, not both');
  }
  const { quick } = values;
  return {
    quick,
    rounds: number('--rounds', values.rounds ?? (quick ? '3' : '5'), 1, 1000),
    pace:
      values.requests === undefined
        ? { seconds: number('--seconds', values.seconds ?? (quick ? '0.5' : '2'), 0.05, 3600) }
        : { requests: number('--requests', values.requests, 1000, 1e9) },
    only: values.only === undefined ? undefined : pattern(values.only),
    out: values.out,
    micro: values.micro,
    storage: values.storage
      ? {
          records: number('--records', values.records ?? (quick ? '60000' : '1200000'), 1, 1e8),
          valueBytes: number('--record-bytes', values['record-bytes'] ?? '1000', 1, 1e6),
        }
      : undefined,
    memory: values.memory,
    largeStringBytes:
      values['large-string-mb'] === undefined
        ? undefined
        : number('--large-string-mb', values['large-string-mb'], 1, 500) * 2 ** 20,
    withAof: values.aof,
    withControl: values.control,
    withForgekv: !values['without-forgekv'],
    forgekv: values.forgekv,
    forgekvArgs: splitWords(values['forgekv-args'] ?? ''),
    variants: (values.variant ?? []).map(variant),
    keyspace: number('--keyspace', values.keyspace ?? (quick ? '100000' : '1000000'), 1, 1e8),
    dataDirectory: values['data-dir'],
  };
}

function parseFlags(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: flag,
        rounds: text,
        seconds: text,
        requests: text,
        only: text,
        keyspace: text,
        out: text,
        aof: flag,
        control: flag,
        'without-forgekv': flag,
        forgekv: text,
        'forgekv-args': text,
        variant: { type: 'string', multiple: true },
        'data-dir': text,
        micro: flag,
        storage: flag,
        memory: flag,
        'large-string-mb': text,
        records: text,
        'record-bytes': text,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  const whole = name === '--seconds' || Number.isInteger(value);
  if (text.trim() !== '' && whole && value >= min && value <= max) return value;
  throw new UsageError(`${name} must be a number in ${min}..${max}: ${text}`);
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (error) {
    throw new UsageError(`--only: ${(error as Error).message}`, { cause: error });
  }
}

function variant(text: string): { name: string; args: readonly string[] } {
  const [, name, args] = /^([\w.-]+):(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`--variant wants NAME:"ARGS": ${text}`);
  return { name, args: splitWords(args ?? '') };
}

/** Splits as a shell would, quotes included, without any other shell syntax. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
