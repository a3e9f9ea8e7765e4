// Reads the few arguments that key extraction must understand, as bytes or as text.

/** An argument of a request: raw bytes, or text in which each character is one byte. */
export type ArgText = string | Uint8Array;

/** Gives the argument at an index; 0 is the command's name. */
export type ArgReader = (index: number) => ArgText;

/** The largest count with this many digits fits an integer with room to spare. */
const MAX_COUNT_DIGITS = 9;

/** True when `arg` is `upperWord` (A to Z only) in letters of either case. */
export function isWord(arg: ArgText, upperWord: string): boolean {
  if (arg.length !== upperWord.length) return false;
  for (let i = 0; i < arg.length; i++) {
    const expected = upperWord.charCodeAt(i);
    const byte = byteAt(arg, i);
    if (byte !== expected && byte !== expected + 32) return false;
  }
  return true;
}

/** The non-negative integer written in plain digits, or -1 for anything else. */
export function parseCount(arg: ArgText): number {
  if (arg.length === 0 || arg.length > MAX_COUNT_DIGITS) return -1;
  let count = 0;
  for (let i = 0; i < arg.length; i++) {
    const digit = byteAt(arg, i) - 48;
    if (digit < 0 || digit > 9) return -1;
    count = count * 10 + digit;
  }
  return count;
}

function byteAt(arg: ArgText, i: number): number {
  return typeof arg === 'string' ? arg.charCodeAt(i) : arg[i]!;
}
