// The text of a Lua script as tokens, as Lua 5.1 reads them: without comments, strings whole. For
// who looks at a script without running it; what is no Lua at all is cut into something, too.

export type LuaTokenKind = 'name' | 'string' | 'number' | 'operator';

export interface LuaToken {
  readonly kind: LuaTokenKind;
  /** As it is written; of a string what is between its quotes. */
  readonly text: string;
}

/** One token, or what lies between two; the named groups say which. */
const TOKEN = new RegExp(
  [
    String.raw`(?<blank>\s+|--\[(?<c>=*)\[[\s\S]*?(?:\]\k<c>\]|$)|--[^\n]*)`,
    String.raw`(?<name>[A-Za-z_]\w*)`,
    String.raw`\[(?<l>=*)\[(?<long>[\s\S]*?)(?:\]\k<l>\]|$)`,
    String.raw`"(?<double>(?:[^"\\\n]|\\[\s\S])*)"?`,
    String.raw`'(?<single>(?:[^'\\\n]|\\[\s\S])*)'?`,
    String.raw`(?<number>\.?\d(?:[eEpP][-+]|[\w.])*)`,
    String.raw`(?<operator>\.\.\.|\.\.|[=~<>]=|[\s\S])`,
  ].join('|'),
  'y',
);

/** Returns the tokens of a text, in time linear in its length. */
export function luaTokens(text: string): LuaToken[] {
  const tokens: LuaToken[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const { blank, name, long, double, single, number, operator } = TOKEN.exec(text)!.groups!;
    const string = long ?? double ?? single;
    if (blank !== undefined) continue;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else tokens.push({ kind: 'operator', text: operator! });
  }
  return tokens;
}
