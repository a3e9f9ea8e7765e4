// A path as it is understood: segments, their selectors, and what filters say. RFC 9535's terms.

import type { JsonValue } from './json-value.ts';
import type { Regex } from './regex.ts';

export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'wildcard' }
  | {
      readonly kind: 'slice';
      readonly start: number | null;
      readonly end: number | null;
      readonly step: number;
    }
  | { readonly kind: 'filter'; readonly test: FilterTest };

export interface Segment {
  /** `..`: of the value and of all that lies in it. */
  readonly isDescendant: boolean;
  readonly selectors: readonly Selector[];
}

export interface PathQuery {
  readonly segments: readonly Segment[];
  /** Names and indexes only, one at a time: at most one value. */
  readonly isStatic: boolean;
}

/** True or false of a value. */
export type FilterTest =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly FilterTest[] }
  | { readonly kind: 'not'; readonly test: FilterTest }
  | { readonly kind: 'exists'; readonly path: FilterPath }
  | {
      readonly kind: 'compare';
      readonly operator: CompareOperator;
      readonly left: FilterOperand;
      readonly right: FilterOperand;
    }
  | {
      readonly kind: 'matches';
      readonly text: FilterOperand;
      readonly pattern: FilterOperand;
      /** All of the text, not a part of it. */
      readonly isWhole: boolean;
      /** When the pattern is a literal; null: it is not valid, and nothing matches. */
      readonly regex: Regex | null | undefined;
    };

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

export interface FilterPath {
  readonly isFromRoot: boolean;
  readonly query: PathQuery;
}

export type FilterOperand =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'path'; readonly path: FilterPath }
  | { readonly kind: 'length' | 'count' | 'value'; readonly of: FilterOperand };

/** Why a path is none. */
export class JsonPathError extends Error {}
