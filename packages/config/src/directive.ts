// What a directive is, as data: the record of each kind and the small builders the tables are
// written with. No directive is named here and no value is parsed.

/** Whether a directive does something in this version, or is only known and named in a warning. */
export type Status = 'honoured' | 'accepted';

/** When a value may change: by CONFIG SET, by CONFIG SET of trusted peers, or only at the start. */
export type Change = 'live' | 'protected' | 'start';

/** What every directive may state beside its kind; the defaults are in brackets. */
export interface Traits {
  /** [accepted] */
  readonly status?: Status;
  /** [live] */
  readonly change?: Change;
  /** [false] CONFIG GET shows it only under its exact name. */
  readonly hidden?: boolean;
  /** [false] Its value must not appear in a log, MONITOR, SLOWLOG or an error text. */
  readonly secret?: boolean;
  /** [none] Other names of the same value; CONFIG GET lists them too. */
  readonly aliases?: readonly string[];
}

interface Base<N extends string, K extends string> extends Required<Traits> {
  /** The name as CONFIG GET prints it. */
  readonly name: N;
  readonly kind: K;
}

export interface BooleanDirective<N extends string = string> extends Base<N, 'boolean'> {
  readonly default: boolean;
}

export type NumberKind = 'integer' | 'octal' | 'memory' | 'memory-or-percent';

/** `memory` is bytes; `memory-or-percent` holds bytes, or a percentage as a negative number. */
export interface NumberDirective<N extends string = string, K extends NumberKind = NumberKind>
  extends Base<N, K> {
  readonly default: number;
  /** Inclusive. */
  readonly min: number;
  /** Inclusive, at most Number.MAX_SAFE_INTEGER. */
  readonly max: number;
  /** Values inside min..max are quietly moved into these inclusive bounds. */
  readonly clamp: readonly [low: number, high: number] | undefined;
}

export interface EnumDirective<N extends string = string, W extends string = string>
  extends Base<N, 'enum'> {
  readonly default: W;
  readonly words: readonly W[];
  /** A second name with a vocabulary of its own, index by index the same as `words`. */
  readonly twin: { readonly name: string; readonly words: readonly string[] } | undefined;
}

/** Names a check of one text, see `text-rules.ts`. */
export type TextRule = 'any' | 'base-name' | 'hostname' | 'title-template' | 'keyspace-events';

export interface StringDirective<N extends string = string> extends Base<N, 'string'> {
  readonly default: string;
  readonly rule: TextRule;
}

/** Names the check of a list of words, see `list-rules.ts`. */
export type ListRule =
  | 'bind'
  | 'save'
  | 'output-buffer-limits'
  | 'oom-score'
  | 'replica-of'
  | 'percentiles'
  | 'shutdown-flags';

/** One value of several words. What a second line of it in a file means is up to the rule. */
export interface ListDirective<N extends string = string> extends Base<N, 'list'> {
  readonly default: readonly string[];
  readonly rule: ListRule;
}

/** Every line counts, in order. Not visible to CONFIG GET and CONFIG SET. */
export interface LinesDirective<N extends string = string> extends Base<N, 'lines'> {
  /** How many words a line has behind the name, inclusive. */
  readonly words: readonly [min: number, max: number];
}

export type Directive =
  | BooleanDirective
  | NumberDirective
  | EnumDirective
  | StringDirective
  | ListDirective
  | LinesDirective;

/** A parsed value; which of these a directive has follows from its kind. */
export type Value = boolean | number | string | readonly string[] | readonly (readonly string[])[];

function base<const N extends string, K extends string>(
  name: N,
  kind: K,
  traits: Traits,
): Base<N, K> {
  const { status = 'accepted', change = 'live', hidden = false, secret = false } = traits;
  return { name, kind, status, change, hidden, secret, aliases: traits.aliases ?? [] };
}

export function boolean<const N extends string>(
  name: N,
  byDefault: boolean,
  traits: Traits = {},
): BooleanDirective<N> {
  return { ...base(name, 'boolean', traits), default: byDefault };
}

type Bounds = readonly [min: number, max: number];
type NumberTraits = Traits & { readonly clamp?: Bounds };

function numeric<N extends string, K extends NumberKind>(
  name: N,
  kind: K,
  byDefault: number,
  [min, max]: Bounds,
  traits: NumberTraits,
): NumberDirective<N, K> {
  return { ...base(name, kind, traits), default: byDefault, min, max, clamp: traits.clamp };
}

export function integer<const N extends string>(
  name: N,
  byDefault: number,
  bounds: Bounds,
  traits: NumberTraits = {},
): NumberDirective<N, 'integer'> {
  return numeric(name, 'integer', byDefault, bounds, traits);
}

export function octal<const N extends string>(
  name: N,
  byDefault: number,
  bounds: Bounds,
  traits: NumberTraits = {},
): NumberDirective<N, 'octal'> {
  return numeric(name, 'octal', byDefault, bounds, traits);
}

export function memory<const N extends string>(
  name: N,
  defaultBytes: number,
  bounds: Bounds,
  traits: NumberTraits = {},
): NumberDirective<N, 'memory'> {
  return numeric(name, 'memory', defaultBytes, bounds, traits);
}

export function memoryOrPercent<const N extends string>(
  name: N,
  byDefault: number,
  bounds: Bounds,
  traits: NumberTraits = {},
): NumberDirective<N, 'memory-or-percent'> {
  return numeric(name, 'memory-or-percent', byDefault, bounds, traits);
}

export function oneOf<const N extends string, const W extends string>(
  name: N,
  words: readonly W[],
  byDefault: NoInfer<W>,
  traits: Traits & { readonly twin?: NonNullable<EnumDirective['twin']> } = {},
): EnumDirective<N, W> {
  return { ...base(name, 'enum', traits), default: byDefault, words, twin: traits.twin };
}

export function string<const N extends string>(
  name: N,
  byDefault: string,
  traits: Traits & { readonly rule?: TextRule } = {},
): StringDirective<N> {
  return { ...base(name, 'string', traits), default: byDefault, rule: traits.rule ?? 'any' };
}

export function list<const N extends string>(
  name: N,
  rule: ListRule,
  byDefault: readonly string[],
  traits: Traits = {},
): ListDirective<N> {
  return { ...base(name, 'list', traits), default: byDefault, rule };
}

export function lines<const N extends string>(
  name: N,
  words: readonly [min: number, max: number],
  traits: Traits = {},
): LinesDirective<N> {
  return { ...base(name, 'lines', traits), words };
}
