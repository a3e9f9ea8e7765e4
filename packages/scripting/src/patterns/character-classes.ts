// The classes of characters in Lua patterns (`%a`, `%d`, ...), as in C's own locale.

const ALPHA = 1;
const CONTROL = 2;
const DIGIT = 4;
const LOWER = 8;
const PUNCTUATION = 16;
const SPACE = 32;
const UPPER = 64;
const HEXADECIMAL = 128;

/** What each byte is. */
const kinds = new Uint8Array(256);
for (let byte = 0; byte < 128; byte++) {
  const text = String.fromCharCode(byte);
  let kind = 0;
  if (/[a-z]/.test(text)) kind |= ALPHA | LOWER;
  if (/[A-Z]/.test(text)) kind |= ALPHA | UPPER;
  if (/[0-9]/.test(text)) kind |= DIGIT;
  if (/[0-9a-fA-F]/.test(text)) kind |= HEXADECIMAL;
  if (byte === 32 || (byte >= 9 && byte <= 13)) kind |= SPACE;
  if (byte < 32 || byte === 127) kind |= CONTROL;
  if (byte > 32 && byte < 127 && !/[A-Za-z0-9]/.test(text)) kind |= PUNCTUATION;
  kinds[byte] = kind;
}

/** By the letter of a class, in lower case. */
const masks = new Uint8Array(256);
const letters: Readonly<Record<string, number>> = {
  a: ALPHA,
  c: CONTROL,
  d: DIGIT,
  l: LOWER,
  p: PUNCTUATION,
  s: SPACE,
  u: UPPER,
  w: ALPHA | DIGIT,
  x: HEXADECIMAL,
};
for (const [letter, mask] of Object.entries(letters)) {
  masks[letter.charCodeAt(0)] = mask;
  masks[letter.toUpperCase().charCodeAt(0)] = mask;
}

const LOWER_BIT = 32;
const LOWER_Z = 122;
const UPPER_Z = 90;

/** True when a byte is of the class with a letter; what is no class stands for itself. */
export function isInClass(byte: number, letter: number): boolean {
  const mask = masks[letter]!;
  if (mask !== 0) return ((kinds[byte]! & mask) !== 0) === ((letter & LOWER_BIT) !== 0);
  if (letter === LOWER_Z) return byte === 0;
  return letter === UPPER_Z ? byte !== 0 : letter === byte;
}
