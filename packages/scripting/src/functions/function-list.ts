// The reply of FUNCTION LIST.

import { globMatch } from '@forgekv/base';
import type { ReplyWriter } from '@forgekv/protocol';
import { type FunctionLibrary, flagNames } from './function-library.ts';

export interface FunctionListOptions {
  /** A glob; null: all libraries. */
  readonly pattern: Uint8Array | null;
  readonly withCode: boolean;
}

/** Writes the libraries whose name the pattern matches. */
export function writeFunctionList(
  reply: ReplyWriter,
  libraries: readonly FunctionLibrary[],
  { pattern, withCode }: FunctionListOptions,
): void {
  const shown = libraries.filter(
    ({ name }) => pattern === null || globMatch(pattern, Buffer.from(name, 'latin1'), true),
  );
  reply.array(shown.length);
  for (const { name, code, functions } of shown) {
    reply.map(withCode ? 4 : 3);
    reply.text('library_name');
    reply.text(name);
    reply.text('engine');
    reply.text('LUA');
    reply.text('functions');
    reply.array(functions.length);
    for (const each of functions) {
      reply.map(3);
      reply.text('name');
      reply.text(each.name);
      reply.text('description');
      if (each.description === null) reply.null();
      else reply.text(each.description);
      reply.text('flags');
      const flags = flagNames(each.flags);
      reply.set(flags.length);
      for (const flag of flags) reply.simple(flag);
    }
    if (withCode) {
      reply.text('library_code');
      reply.bulk(code, 0, code.length);
    }
  }
}
