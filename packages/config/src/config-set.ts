// The checks of CONFIG SET, in the order of Redis 7.0 and with its texts. Works out what would
// change; `Config` then makes the change.

import type { Value } from './directive.ts';
import { findDirective, type NamedDirective } from './directives.ts';
import type { Values } from './load.ts';
import { parseValue } from './values.ts';
import { decodeUtf8 } from './words.ts';

/** A name, pattern or value as it comes from the caller; bytes must be UTF-8 to be accepted. */
export type Text = string | Uint8Array;

export type PlannedChanges =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly error: string };

/**
 * First every name is looked at (known, changeable, not twice), then every value, and the first
 * objection wins. `allowProtected`: protected directives may be set.
 */
export function planChanges(
  pairs: readonly (readonly [name: Text, value: Text])[],
  values: Values,
  allowProtected: boolean,
): PlannedChanges {
  const wanted: (readonly [NamedDirective, Text])[] = [];
  const seen = new Set<NamedDirective>();
  for (const [rawName, value] of pairs) {
    const name = shownText(rawName);
    const named = findDirective(name);
    if (named === undefined || named.directive.kind === 'lines') {
      const problem = 'Unknown option or number of arguments for CONFIG SET';
      return { ok: false, error: `ERR ${problem} - '${name}'` };
    }
    const { change } = named.directive;
    if (change === 'start') return failed(name, "can't set immutable config");
    if (change === 'protected' && !allowProtected) {
      return failed(name, "can't set protected config");
    }
    // Redis: an alias beside its directive is not a duplicate; the later one wins.
    if (seen.has(named)) return failed(name, 'duplicate parameter');
    seen.add(named);
    wanted.push([named, value]);
  }
  return parseAll(wanted, values);
}

function parseAll(
  wanted: readonly (readonly [NamedDirective, Text])[],
  values: Values,
): PlannedChanges {
  const planned = new Map<string, Value>();
  for (const [named, raw] of wanted) {
    const { name } = named.directive;
    const text = typeof raw === 'string' ? raw : decodeUtf8(raw);
    if (text === undefined) return failed(named.shown, 'argument is not UTF-8 text');
    const current = planned.get(name) ?? (values.get(name) as Value);
    const parsed = parseValue(named, [text], current, true);
    if (!parsed.ok) return failed(named.shown, parsed.why);
    planned.set(name, parsed.value);
  }
  return { ok: true, values: planned };
}

/**
 * The error of CONFIG SET when a value could not be used, also for a value that is well-formed but
 * could not be put into effect (`Unable to listen on this port. Check server logs.`).
 */
export function configSetError(name: string, why: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`;
}

function failed(name: string, why: string): PlannedChanges {
  return { ok: false, error: configSetError(name, why) };
}

/** Redis: echoes a name of any length. */
const MAX_ECHOED_CHARS = 128;

/** A name for an error reply: one line, not endless. */
function shownText(text: Text): string {
  const start = text.slice(0, MAX_ECHOED_CHARS);
  const shown = typeof start === 'string' ? start : Buffer.from(start).toString();
  return shown.replace(/[\r\n]/g, ' ');
}
