// TypeScript without its comments and without what is inside its strings, so that rules can look
// for words of the language. A scanner, not a parser: whether a slash begins a regular expression
// is decided by what stands before it, which is right for code that Biome has formatted.

const REGEX_MAY_FOLLOW = /(?:^|[([{,;:=!&|?+\-*%~^<>]|\b(?:return|typeof|case|of))\s*$/;

/** Returns the text with comments and the inside of strings blanked; every offset stays. */
export function codeOnly(text: string): string {
  const out = text.split('');
  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  // Depths of braces inside the template literals around the current place.
  const templates: number[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    const start = at;
    if (char === '/' && text[at + 1] === '/') {
      at = endOr(text, text.indexOf('\n', at));
      blank(start, at);
    } else if (char === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      at = end < 0 ? text.length : end + 2;
      blank(start, at);
    } else if (char === "'" || char === '"') {
      at = endOfString(text, at);
      blank(start + 1, at - 1);
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop();
      const { end, opens } = endOfTemplatePart(text, at + 1);
      if (opens) templates.push(0);
      at = end;
      blank(start + 1, opens ? at - 2 : at - 1);
    } else if (char === '/' && REGEX_MAY_FOLLOW.test(codeBefore(out, at))) {
      at = endOfRegex(text, at);
      blank(start + 1, at - 1);
    } else {
      if (templates.length > 0 && char === '{') templates[templates.length - 1]! += 1;
      if (templates.length > 0 && char === '}') templates[templates.length - 1]! -= 1;
      at++;
    }
  }
  return out.join('');
}

function endOr(text: string, end: number): number {
  return end < 0 ? text.length : end;
}

/** What stands before an offset, as far as it matters. */
function codeBefore(out: readonly string[], at: number): string {
  return out.slice(Math.max(0, at - 200), at).join('');
}

function endOfString(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** From inside a template literal to behind its end, or behind the `${` that comes first. */
function endOfTemplatePart(text: string, start: number): { end: number; opens: boolean } {
  let at = start;
  while (at < text.length && text[at] !== '`') {
    if (text[at] === '$' && text[at + 1] === '{') return { end: at + 2, opens: true };
    at += text[at] === '\\' ? 2 : 1;
  }
  return { end: at + 1, opens: false };
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
