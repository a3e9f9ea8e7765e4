/** Turns command arguments into the bytes of a request; it knows no sockets and no replies. */

/** An argument as a test writes it; numbers are sent as their decimal text, strings as UTF-8. */
export type CommandArg = string | Uint8Array | number | bigint;

const CRLF = Buffer.from('\r\n');
/** Arguments up to this size are copied into one buffer; larger ones are kept as they are. */
const COPY_BYTES = 16_384;

/** The argument's bytes. */
export function toBytes(arg: CommandArg): Buffer {
  if (typeof arg === 'string') return Buffer.from(arg);
  if (typeof arg === 'number' || typeof arg === 'bigint') return Buffer.from(String(arg));
  return Buffer.isBuffer(arg) ? arg : Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength);
}

/** One command as a RESP array of bulk strings. */
export function encodeCommand(args: readonly CommandArg[]): Buffer {
  return encodeCommands([args]);
}

/** Several commands, one after the other, as one buffer. */
export function encodeCommands(commands: readonly (readonly CommandArg[])[]): Buffer {
  const parts: Buffer[] = [];
  let text = '';
  for (const args of commands) {
    text += `*${args.length}\r\n`;
    for (const arg of args) {
      const bytes = toBytes(arg);
      text += `$${bytes.length}\r\n`;
      if (bytes.length <= COPY_BYTES) {
        text += `${bytes.toString('latin1')}\r\n`;
      } else {
        parts.push(Buffer.from(text, 'latin1'), bytes, CRLF);
        text = '';
      }
    }
  }
  parts.push(Buffer.from(text, 'latin1'));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}
