// The replies to names that are no commands. What the client sent is quoted, cut short, and ends
// at its first NUL byte, as in Redis.

import type { Request } from './request.ts';

const SHOWN_BYTES = 128;

/** Quotes the name and the arguments, 128 characters of each in all. */
export function unknownCommand(request: Request): string {
  let quoted = '';
  for (let i = 1; i < request.argc && quoted.length < SHOWN_BYTES; i++) {
    quoted += `'${shown(request, i, SHOWN_BYTES - quoted.length)}' `;
  }
  const name = shown(request, 0, SHOWN_BYTES);
  return `ERR unknown command '${name}', with args beginning with: ${quoted}`;
}

/** For a subcommand that a container, in lower case, does not have. */
export function unknownSubcommand(container: string, request: Request): string {
  const name = shown(request, 1, SHOWN_BYTES);
  const called = shown(request, 0, SHOWN_BYTES).replace(/[a-z]/g, (letter) => letter.toUpperCase());
  // DEBUG tells no difference.
  const or = container === 'debug' ? ' or wrong number of arguments for' : '';
  return `ERR unknown subcommand${or} '${name}'. Try ${called} HELP.`;
}

function shown(request: Request, index: number, most: number): string {
  const offset = request.offset(index);
  const length = Math.min(request.length(index), most);
  const text = request.bytes.toString('latin1', offset, offset + length);
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}
