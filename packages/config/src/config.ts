// The configuration of a running server: typed reading by name, CONFIG GET, CONFIG SET, and the
// way to other threads. It does not put a value into effect; whoever calls `set` does that.

import { globMatch, invariant } from '@forgekv/base';
import { type ConfSources, collectLines } from './conf-file.ts';
import { ConfigError, type ConfigWarning } from './config-error.ts';
import { planChanges, type Text } from './config-set.ts';
import type { Value } from './directive.ts';
import {
  type DirectiveName,
  findDirective,
  type NamedDirective,
  type NameOf,
  namedDirectives,
  type WordOf,
} from './directives.ts';
import { defaultValues, loadLines } from './load.ts';
import { type OutputBufferLimits, readOutputBufferLimits } from './output-buffer-limits.ts';
import { formatValue, sameValue } from './values.ts';

/** A plain copy for postMessage or workerData; it contains the secrets. */
export type ConfigTransfer = readonly (readonly [name: string, value: Value])[];

/** `changed` holds the canonical names whose value is another one now. */
export type SetOutcome =
  | { readonly ok: true; readonly changed: readonly DirectiveName[] }
  | { readonly ok: false; readonly error: string };

/** CONFIG GET: no directive can be meant by a longer pattern. */
const MAX_PATTERN_BYTES = 1024;

export class Config {
  /** Under canonical names; every directive is there. */
  readonly #values: Map<string, Value> = defaultValues();

  /**
   * Reads file, text and command line, in this order, over the defaults.
   * @throws ConfigError naming file, line and reason of everything that is wrong
   */
  static load(sources: ConfSources = {}): { config: Config; warnings: readonly ConfigWarning[] } {
    const collected = collectLines(sources);
    const loaded = loadLines(collected.lines, sources.commands);
    const problems = [...collected.problems, ...loaded.problems];
    if (problems.length > 0) throw new ConfigError(problems);
    return { config: Config.fromTransfer([...loaded.values]), warnings: loaded.warnings };
  }

  /** The same configuration in another thread. */
  static fromTransfer(transfer: ConfigTransfer): Config {
    const config = new Config();
    config.adopt(transfer);
    return config;
  }

  /** Every value, for `fromTransfer` and `adopt`. */
  toTransfer(): ConfigTransfer {
    return [...this.#values];
  }

  /** Takes over the values of another Config: a thread follows CONFIG SET, or a set is undone. */
  adopt(transfer: ConfigTransfer): void {
    for (const [name, value] of transfer) {
      invariant(this.#values.has(name), `no directive ${name} to take over`);
      this.#values.set(name, value);
    }
  }

  boolean(name: NameOf<'boolean'>): boolean {
    return this.#value(name) as boolean;
  }

  /** Also for octal values such as unixsocketperm. */
  integer(name: NameOf<'integer' | 'octal'>): number {
    return this.#value(name) as number;
  }

  /** A memory size in bytes. */
  bytes(name: NameOf<'memory'>): number {
    return this.#value(name) as number;
  }

  /** A memory size, or a percentage (0..100) of something only the caller knows. */
  share(name: NameOf<'memory-or-percent'>): { unit: 'bytes' | 'percent'; amount: number } {
    const value = this.#value(name) as number;
    return { unit: value < 0 ? 'percent' : 'bytes', amount: Math.abs(value) };
  }

  text(name: NameOf<'string'>): string {
    return this.#value(name) as string;
  }

  /** The word of an enum directive, in its canonical spelling. */
  word<N extends NameOf<'enum'>>(name: N): WordOf<N> {
    return this.#value(name) as WordOf<N>;
  }

  /** The words of one value, e.g. the addresses of bind. */
  list(name: NameOf<'list'>): readonly string[] {
    return this.#value(name) as readonly string[];
  }

  /** The words behind the name, for each line there was; byte strings of `user`. */
  lines(name: NameOf<'lines'>): readonly (readonly string[])[] {
    return this.#value(name) as readonly (readonly string[])[];
  }

  /** What `rename-command` says, line by line; '' for the new name takes the command away. */
  renamedCommands(): readonly (readonly [name: string, newName: string])[] {
    return this.lines('rename-command').map(([name = '', newName = '']) => [name, newName]);
  }

  outputBufferLimits(): OutputBufferLimits {
    return readOutputBufferLimits(this.list('client-output-buffer-limit'));
  }

  /**
   * CONFIG GET: names and values of what the patterns match, each name once, in table order per
   * pattern. A name without `*?[` is answered under the spelling it was asked by.
   */
  get(patterns: readonly Text[]): (readonly [name: string, value: string])[] {
    const found = new Map<NamedDirective, string>();
    for (const pattern of patterns) {
      if (pattern.length > MAX_PATTERN_BYTES) continue;
      const bytes = Buffer.from(pattern);
      const literal = bytes.toString();
      if (/[[*?]/.test(literal)) addMatches(found, bytes);
      else addLiteral(found, literal);
    }
    return [...found].map(([named, shown]) => {
      const value = this.#values.get(named.directive.name) as Value;
      return [shown, formatValue(named, value)] as const;
    });
  }

  /**
   * CONFIG SET: all of the pairs or none. `error` is the text of the error reply.
   * @param peer.isLocal whether the client came over loopback or a unix socket, which is what
   * `enable-protected-configs local` asks for
   */
  set(
    pairs: readonly (readonly [name: Text, value: Text])[],
    peer: { readonly isLocal: boolean } = { isLocal: false },
  ): SetOutcome {
    const allowed = this.word('enable-protected-configs');
    const allowProtected = allowed === 'yes' || (allowed === 'local' && peer.isLocal);
    const plan = planChanges(pairs, this.#values, allowProtected);
    if (!plan.ok) return plan;
    const changed: DirectiveName[] = [];
    for (const [name, value] of plan.values) {
      if (sameValue(this.#value(name as DirectiveName), value)) continue;
      this.#values.set(name, value);
      changed.push(name as DirectiveName);
    }
    return { ok: true, changed };
  }

  #value(name: DirectiveName): Value {
    const value = this.#values.get(name);
    invariant(value !== undefined, `no directive ${name}`);
    return value;
  }
}

function addLiteral(found: Map<NamedDirective, string>, name: string): void {
  const named = findDirective(name);
  if (named === undefined || named.directive.kind === 'lines' || found.has(named)) return;
  found.set(named, name);
}

function addMatches(found: Map<NamedDirective, string>, pattern: Uint8Array): void {
  for (const named of namedDirectives) {
    const { hidden, kind } = named.directive;
    if (hidden || kind === 'lines' || found.has(named)) continue;
    if (matchesName(pattern, named.shown)) found.set(named, named.shown);
  }
}

/** Both spellings are tried, so that `memtable_*` finds what `memtable-*` does. */
function matchesName(pattern: Uint8Array, name: string): boolean {
  return [name, name.replaceAll('-', '_'), name.replaceAll('_', '-')].some((spelling) =>
    globMatch(pattern, Buffer.from(spelling), true),
  );
}
