// Replies of this package, neutral to the protocol version: the command layer writes them as
// RESP2 (where maps and sets become arrays) or RESP3.

/** A reply; `null` is the null reply, a number an integer reply. */
export type ReplyTree =
  | number
  | null
  /** A short text without line breaks: a simple string. */
  | { readonly str: string }
  /** Bytes, or text to be sent as UTF-8. */
  | { readonly bulk: string | Uint8Array }
  | { readonly array: readonly ReplyTree[] }
  | { readonly set: readonly ReplyTree[] }
  | { readonly map: readonly (readonly [key: ReplyTree, value: ReplyTree])[] }
  /** The text of an error with its code, without the leading minus. */
  | { readonly error: string };

/** Texts as simple strings. */
export function simpleStrings(texts: readonly string[]): ReplyTree[] {
  return texts.map((str) => ({ str }));
}

/** Texts as bulk strings. */
export function bulkStrings(texts: readonly string[]): ReplyTree[] {
  return texts.map((bulk) => ({ bulk }));
}

/** A map with bulk string keys; entries whose value is undefined are left out. */
export function mapOf(entries: Readonly<Record<string, ReplyTree | undefined>>): ReplyTree {
  const map: [ReplyTree, ReplyTree][] = [];
  for (const [key, value] of Object.entries(entries)) {
    if (value !== undefined) map.push([{ bulk: key }, value]);
  }
  return { map };
}
