/**
 * Cuts a command as a person types it into arguments. Made for lines of test cases: it takes any
 * bytes, but a line is not input of a stranger, so what makes no sense throws.
 */

const ESCAPE = /^\\(?:x([0-9a-fA-F]{2})|(.))/s;
const NAMED: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, r: 13 };

/**
 * The arguments of a line: words apart by white space, or in double quotes. With `escapes`, `\x41`,
 * `\n` and the like stand for bytes, in quotes and outside of them; without, a backslash is itself.
 * @throws Error for a quote that never closes.
 */
export function splitCommandLine(line: string, escapes = false): Buffer[] {
  const args: Buffer[] = [];
  let word: Buffer[] | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; ) {
    const character = String.fromCodePoint(line.codePointAt(at) as number);
    if (escapes && character === '\\') {
      const [text, byte] = readEscape(line.slice(at));
      word = [...(word ?? []), Buffer.of(byte)];
      at += text.length;
      continue;
    }
    at += character.length;
    if (character === '"') {
      quoted = !quoted;
      word ??= [];
    } else if (!quoted && /\s/.test(character)) {
      if (word !== undefined) args.push(Buffer.concat(word));
      word = undefined;
    } else {
      word = [...(word ?? []), Buffer.from(character)];
    }
  }
  if (quoted) throw new Error(`a quote is never closed: ${line}`);
  if (word !== undefined) args.push(Buffer.concat(word));
  return args;
}

function readEscape(text: string): [text: string, byte: number] {
  const [whole, hex, name] = ESCAPE.exec(text) ?? [];
  if (whole === undefined) throw new Error(`nothing follows the backslash: ${text}`);
  if (hex !== undefined) return [whole, Number.parseInt(hex, 16)];
  return [whole, NAMED[name as string] ?? (name as string).charCodeAt(0)];
}
