/**
 * What a Redis server can answer, with every wire type kept apart, and how a person reads it.
 * Decoding is in `resp-decoder.ts`; whether two replies agree is decided in `compare-replies.ts`.
 */

/** The three ways to say "nothing": RESP2 null bulk, RESP2 null array, RESP3 null. */
export type NullForm = '$-1' | '*-1' | '_';

/**
 * One reply. `text` fields hold one character per byte (latin1), so no byte is ever lost.
 * Integers are bigint because a Redis integer has 64 bits.
 */
export type Reply =
  | { readonly kind: 'simple'; readonly text: string }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'bulk-error'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'bulk'; readonly bytes: Buffer }
  | { readonly kind: 'null'; readonly form: NullForm }
  | { readonly kind: 'array' | 'set' | 'push'; readonly items: readonly Reply[] }
  | { readonly kind: 'map'; readonly entries: readonly ReplyEntry[] }
  | { readonly kind: 'double'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'verbatim'; readonly format: string; readonly bytes: Buffer }
  | { readonly kind: 'big-number'; readonly text: string }
  | { readonly kind: 'attribute'; readonly entries: readonly ReplyEntry[]; readonly reply: Reply };

/** A key and its value in a map or attribute, in the order of the wire. */
export type ReplyEntry = readonly [key: Reply, value: Reply];

/** A reply together with the exact bytes it was decoded from. */
export interface RawReply {
  readonly reply: Reply;
  readonly raw: Buffer;
}

/** True for both error types. */
export function isErrorReply(reply: Reply): boolean {
  return reply.kind === 'error' || reply.kind === 'bulk-error';
}

const NAMED_ESCAPES: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/**
 * Bytes in double quotes, redis-cli style (`"a\x00b"`); text over `maxBytes` is cut and its full
 * length named.
 */
export function quoteBytes(bytes: Uint8Array, maxBytes = 120): string {
  let text = '"';
  for (const byte of bytes.subarray(0, maxBytes)) {
    const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92;
    text += plain
      ? String.fromCharCode(byte)
      : (NAMED_ESCAPES[byte] ?? `\\x${byte.toString(16).padStart(2, '0')}`);
  }
  text += '"';
  return bytes.length > maxBytes ? `${text}... (${bytes.length} bytes)` : text;
}

/** The arguments of a command as one line, quoted where needed; long ones are cut at `maxBytes`. */
export function describeCommand(args: readonly Uint8Array[], maxBytes = 120): string {
  return args
    .map((arg) => {
      const quoted = quoteBytes(arg, maxBytes);
      return /^"[\w:.{}-]+"$/.test(quoted) ? quoted.slice(1, -1) : quoted;
    })
    .join(' ');
}

/**
 * One reply as one line that also names its wire type.
 * @param maxBytes strings longer than this are cut; Infinity makes the text a canonical form, equal
 *   exactly when the replies are equal.
 */
export function describeReply(reply: Reply, maxBytes = 120): string {
  const within = (items: readonly Reply[]) =>
    items.map((item) => describeReply(item, maxBytes)).join(', ');
  const pairs = (entries: readonly ReplyEntry[]) =>
    entries
      .map(([key, value]) => `${describeReply(key, maxBytes)} => ${describeReply(value, maxBytes)}`)
      .join(', ');
  switch (reply.kind) {
    case 'simple':
      return `+${quoteBytes(Buffer.from(reply.text, 'latin1'), maxBytes)}`;
    case 'error':
      return `(error) ${quoteBytes(Buffer.from(reply.text, 'latin1'), Math.max(maxBytes, 400))}`;
    case 'bulk-error':
      return `(bulk error) ${quoteBytes(Buffer.from(reply.text, 'latin1'), maxBytes)}`;
    case 'integer':
      return `(integer) ${reply.value}`;
    case 'bulk':
      return quoteBytes(reply.bytes, maxBytes);
    case 'null':
      return `(nil ${reply.form})`;
    case 'array':
      return `[${within(reply.items)}]`;
    case 'set':
      return `(set) {${within(reply.items)}}`;
    case 'push':
      return `(push) [${within(reply.items)}]`;
    case 'map':
      return `{${pairs(reply.entries)}}`;
    case 'double':
      return `(double) ${reply.text}`;
    case 'boolean':
      return `(boolean) ${reply.value}`;
    case 'verbatim':
      return `(verbatim ${reply.format}) ${quoteBytes(reply.bytes, maxBytes)}`;
    case 'big-number':
      return `(big number) ${reply.text}`;
    case 'attribute':
      return `(attribute) {${pairs(reply.entries)}} ${describeReply(reply.reply, maxBytes)}`;
  }
}
