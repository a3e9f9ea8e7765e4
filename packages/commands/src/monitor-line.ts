// The line that MONITOR shows of a command that was executed. A worker knows of a connection only
// its number: it makes a record, of which the connection's front makes the line.
//
// Redis: shows all of every argument; here a line has a bound.

import { FLAG_ADMIN, FLAG_SKIP_MONITOR } from '@forgekv/catalog';
import type { CommandContext } from './context.ts';
import type { CommandRegistry } from './registry.ts';
import type { Request } from './request.ts';
import { secretArguments } from './timing/secret-arguments.ts';

/** Bytes of arguments that one line shows. */
const MOST_SHOWN_BYTES = 64 * 1024;
const SECRET = '"(redacted)"';
/** For those that call scripts: they have no secrets. */
const SCRIPT = '';
/** Begins a record; a line begins with a plus. */
const RECORD = '?';
/** Where the address belongs: no line has such a byte. */
const HOLE = '\0';

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' },
  ...{ '\x07': '\\a', '\b': '\\b' },
};

/**
 * Tells the monitors of the command in the context's request, unless it is of a kind that is not
 * shown.
 * @param who the address of its connection, or on workers its number
 */
export function tellMonitors(
  c: CommandContext,
  { table }: CommandRegistry,
  id: number,
  who: string | number,
): void {
  if ((table.flagBits[id]! & (FLAG_ADMIN | FLAG_SKIP_MONITOR)) !== 0) return;
  tell(c, who, table.names[id]!);
}

/** The same for a command that calls a script: before the commands of that are told. */
export function tellOfScript(c: CommandContext, connection: number): void {
  tell(c, connection, SCRIPT);
}

/** @param name the command's own */
function tell(c: CommandContext, who: string | number, name: string): void {
  const words = shownWords(c.request, name);
  const address = typeof who === 'string' ? shown(who) : HOLE;
  const line = `+${seconds()} [${c.db} ${address}] ${words}\r\n`;
  c.publisher.publishCommand(
    Buffer.from(typeof who === 'string' ? line : `${RECORD}${who} ${line}`, 'latin1'),
  );
}

/** The same for an EXEC whose commands were executed elsewhere. @param name what it is called */
export function tellOfExec(c: CommandContext, db: number, address: string, name: string): void {
  const line = `+${seconds()} [${db} ${shown(address)}] "${escaped(name)}"\r\n`;
  c.publisher.publishCommand(Buffer.from(line, 'latin1'));
}

/**
 * Makes a line of a worker's record; a line stays what it is.
 * @param addressOf the address of a connection by its number
 */
export function lineOf(record: Uint8Array, addressOf: (connection: number) => string): Uint8Array {
  if (record[0] !== RECORD.charCodeAt(0)) return record;
  const text = Buffer.from(record.buffer, record.byteOffset, record.length).toString('latin1');
  const space = text.indexOf(' ');
  const address = shown(addressOf(Number(text.slice(1, space))));
  return Buffer.from(
    text.slice(space + 1).replace(HOLE, () => address),
    'latin1',
  );
}

/** Unix time with microseconds. */
function seconds(): string {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return `${Math.floor(micros / 1e6)}.${`${micros % 1e6}`.padStart(6, '0')}`;
}

/** Of a Unix socket its path. */
function shown(address: string): string {
  return address.startsWith('/') ? `unix:${address.replace(/:0$/, '')}` : address;
}

function shownWords(request: Request, name: string): string {
  const isSecret = secretArguments(request, name);
  const words: string[] = [];
  let room = MOST_SHOWN_BYTES;
  for (let i = 0; i < request.argc && room > 0; i++) {
    if (isSecret(i)) {
      words.push(SECRET);
      continue;
    }
    const length = request.length(i);
    const bytes = request.slice(i).subarray(0, room);
    const rest = length - bytes.length;
    const text = escaped(bytes.toString('latin1'));
    words.push(`"${text}${rest > 0 ? `... (${rest} more bytes)` : ''}"`);
    room -= length;
  }
  if (words.length < request.argc)
    words.push(`... (${request.argc - words.length} more arguments)`);
  return words.join(' ');
}

function escaped(text: string): string {
  return text.replace(/[\\"]|[^ -~]/g, escapeOf);
}

function escapeOf(letter: string): string {
  const code = letter.charCodeAt(0).toString(16).padStart(2, '0');
  return ESCAPES[letter] ?? `\\x${code}`;
}
