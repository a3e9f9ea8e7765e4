/**
 * Go's text/template, first step: text apart from actions, and actions as tokens. Only what the
 * chart uses is understood; anything else is an error.
 */

export interface Token {
  readonly kind: 'string' | 'number' | 'field' | 'variable' | 'word' | 'mark';
  /** Without the quotes, the dot of a field, the dollar of a variable. */
  readonly text: string;
  /** Behind white space: `(x) .y` are two operands, `(x).y` is one. */
  readonly isApart: boolean;
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

/** A template that cannot be read or executed. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const ACTION =
  /\{\{(-(?=\s))?(\s*\/\*[\s\S]*?\*\/\s*|(?:"(?:\\.|[^"\\])*"|`[^`]*`|[^"`])*?)(-)?\}\}/g;

const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:\\.|[^"\\])*"|`[^`]*`/y],
  ['number', /-?\d+(?:\.\d+)?\b/y],
  ['field', /\.[A-Za-z_]\w*/y],
  ['variable', /\$\w*/y],
  ['word', /[A-Za-z_]\w*/y],
  ['mark', /:=|[=|(),.]/y],
];

/** @throws TemplateError for what is no template */
export function lexTemplate(source: string, name: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimsNext = false;
  const addText = (raw: string, trimsEnd: boolean): void => {
    let text = trimsNext ? raw.trimStart() : raw;
    if (trimsEnd) text = text.trimEnd();
    if (text.includes('{{')) throw new TemplateError(`${name}: an action without an end`);
    if (text !== '') pieces.push({ kind: 'text', text });
  };
  for (const match of source.matchAll(ACTION)) {
    const [whole, trimsBefore, body = '', trimsAfter] = match;
    addText(source.slice(at, match.index), trimsBefore !== undefined);
    const line = source.slice(0, match.index).split('\n').length;
    const isComment = body.trim().startsWith('/*');
    if (!isComment)
      pieces.push({ kind: 'action', tokens: lexAction(body, `${name}:${line}`), line });
    trimsNext = trimsAfter !== undefined;
    at = match.index + whole.length;
  }
  addText(source.slice(at), false);
  return pieces;
}

function lexAction(body: string, where: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < body.length) {
    const space = /\s*/y;
    space.lastIndex = at;
    const skipped = space.exec(body)?.[0].length ?? 0;
    at += skipped;
    if (at === body.length) break;
    const token = tokenAt(body, at);
    if (token === undefined) throw new TemplateError(`${where}: cannot read ${body.slice(at)}`);
    const [kind, raw] = token;
    tokens.push({ kind, text: textOf(kind, raw), isApart: skipped > 0 || at === 0 });
    at += raw.length;
  }
  return tokens;
}

function tokenAt(body: string, at: number): readonly [Token['kind'], string] | undefined {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const match = pattern.exec(body);
    if (match !== null) return [kind, match[0]];
  }
  return undefined;
}

function textOf(kind: Token['kind'], raw: string): string {
  if (kind === 'field' || kind === 'variable') return raw.slice(1);
  if (kind !== 'string') return raw;
  return raw.startsWith('`') ? raw.slice(1, -1) : (JSON.parse(raw) as string);
}
