// The table of all directives, the types that follow from it, and the lookup by any name. Adding
// a directive is one line in one of the `directives-*` files.

import type { Directive, EnumDirective } from './directive.ts';
import { clusterDirectives, replicationDirectives } from './directives-cluster.ts';
import { encodingDirectives, memoryDirectives, persistenceDirectives } from './directives-data.ts';
import { ownDirectives } from './directives-own.ts';
import {
  clientDirectives,
  networkDirectives,
  processDirectives,
  tlsDirectives,
} from './directives-server.ts';

/** Every directive this version knows, in the order CONFIG GET lists them. */
export const directives = [
  ...networkDirectives,
  ...tlsDirectives,
  ...clientDirectives,
  ...processDirectives,
  ...memoryDirectives,
  ...encodingDirectives,
  ...persistenceDirectives,
  ...replicationDirectives,
  ...clusterDirectives,
  ...ownDirectives,
] as const;

type Known = (typeof directives)[number];

/** The canonical names. */
export type DirectiveName = Known['name'];

/** The canonical names of one kind, e.g. `NameOf<'integer'>`. */
export type NameOf<K extends Known['kind']> = Extract<Known, { readonly kind: K }>['name'];

/** The words an enum directive can have. */
export type WordOf<N extends NameOf<'enum'>> =
  Extract<Known, { readonly name: N }> extends EnumDirective<N, infer W> ? W : never;

/** One name of a directive. */
export interface NamedDirective {
  /** This name, as CONFIG GET prints it. */
  readonly shown: string;
  readonly directive: Directive;
  /** The vocabulary under this name, where it is not the directive's own. */
  readonly twinWords: readonly string[] | undefined;
}

/** Every name and alias, in table order. */
export const namedDirectives: readonly NamedDirective[] = directives.flatMap(namesOf);

// A Map, so that `__proto__` and `constructor` are names like any other: unknown.
const byName = new Map(namedDirectives.map((named) => [normalise(named.shown), named]));

/** No directive has a longer name; a client may claim one of 512 MB. */
const MAX_NAME_CHARS = 64;

/**
 * Finds a directive by name or alias. ASCII case does not matter and `_` is `-`.
 * Redis: does not take `_` for `-`.
 */
export function findDirective(name: string): NamedDirective | undefined {
  return name.length > MAX_NAME_CHARS ? undefined : byName.get(normalise(name));
}

function normalise(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replaceAll('_', '-');
}

function namesOf(directive: Directive): NamedDirective[] {
  const names = [directive.name, ...directive.aliases];
  const named: NamedDirective[] = names.map((shown) => ({
    shown,
    directive,
    twinWords: undefined,
  }));
  const twin = directive.kind === 'enum' ? directive.twin : undefined;
  if (twin !== undefined) named.push({ shown: twin.name, directive, twinWords: twin.words });
  return named;
}
