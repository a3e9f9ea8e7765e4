// Writes a command's arguments as a RESP array.

import type { Request } from '@forgekv/commands';

const CRLF = Buffer.from('\r\n');

/** Returns the command in RESP, for one that came inline. */
export function encodeCommand(request: Request): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${request.argc}\r\n`)];
  for (let i = 0; i < request.argc; i++) {
    parts.push(Buffer.from(`$${request.length(i)}\r\n`), request.slice(i), CRLF);
  }
  return Buffer.concat(parts);
}
