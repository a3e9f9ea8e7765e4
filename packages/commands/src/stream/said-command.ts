// A request as RESP with some arguments said otherwise: what `$` stood for when it came.

import type { Request } from '../request.ts';

const END = Buffer.from('\r\n');

/** @param said latin-1 text by argument index */
export function commandSaying(request: Request, said: ReadonlyMap<number, string>): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${request.argc}\r\n`)];
  for (let i = 0; i < request.argc; i++) {
    const text = said.get(i);
    const argument = text === undefined ? request.slice(i) : Buffer.from(text, 'latin1');
    parts.push(Buffer.from(`$${argument.length}\r\n`), argument, END);
  }
  return Buffer.concat(parts);
}
