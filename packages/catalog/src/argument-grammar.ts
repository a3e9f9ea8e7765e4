// The grammar of argument syntax: text to nodes. What the nodes mean is in `argument-syntax.ts`.

/** A word, a bracketed group of alternatives, or nodes that occur once or more. */
export type SyntaxNode =
  | { readonly kind: 'word'; readonly text: string }
  | {
      readonly kind: 'group';
      readonly isOptional: boolean;
      readonly alternatives: readonly (readonly SyntaxNode[])[];
    }
  | { readonly kind: 'repeat'; readonly body: readonly SyntaxNode[] };

type Group = Extract<SyntaxNode, { kind: 'group' }>;

const LEXEME = /[[\]<>|]|[^\s[\]<>|]+/g;
const ELLIPSIS = '...';

/** Parses a whole syntax; throws when brackets do not match or a repetition repeats nothing. */
export function parseSyntax(syntax: string): SyntaxNode[] {
  const parser = new Parser(syntax);
  const alternatives = parser.parseAlternatives(null);
  if (alternatives.length !== 1) throw new Error(`'${syntax}': alternatives outside brackets`);
  return alternatives[0]!;
}

class Parser {
  readonly #syntax: string;
  readonly #lexemes: readonly string[];
  #at = 0;

  constructor(syntax: string) {
    this.#syntax = syntax;
    this.#lexemes = syntax.match(LEXEME) ?? [];
  }

  /** Reads up to and over `close`, or to the end when that is null. */
  parseAlternatives(close: string | null): SyntaxNode[][] {
    const alternatives: SyntaxNode[][] = [[]];
    for (;;) {
      const lexeme = this.#lexemes[this.#at++] ?? null;
      if (lexeme === close) return alternatives;
      if (lexeme === null || lexeme === ']' || lexeme === '>') {
        throw new Error(`'${this.#syntax}': brackets do not match`);
      }
      if (lexeme === '|') alternatives.push([]);
      else this.#append(alternatives.at(-1)!, lexeme);
    }
  }

  #append(nodes: SyntaxNode[], lexeme: string): void {
    if (lexeme !== '[' && lexeme !== '<') {
      nodes.push({ kind: 'word', text: lexeme });
      return;
    }
    const isOptional = lexeme === '[';
    const alternatives = this.parseAlternatives(isOptional ? ']' : '>');
    const group: Group = { kind: 'group', isOptional, alternatives };
    const body = repeatedNodes(group);
    if (body === null) {
      nodes.push(group);
      return;
    }
    // `a b [a b ...]`: what is repeated was written out once before.
    const once = nodes.splice(-body.length, body.length);
    if (JSON.stringify(once) !== JSON.stringify(body)) {
      throw new Error(`'${this.#syntax}': a repetition must repeat what is before it`);
    }
    nodes.push({ kind: 'repeat', body });
  }
}

/** What `[... ...]` repeats, or null for any other group. */
function repeatedNodes(group: Group): readonly SyntaxNode[] | null {
  const [nodes, ...others] = group.alternatives;
  const last = nodes?.at(-1);
  const isRepetition = last?.kind === 'word' && last.text === ELLIPSIS;
  if (!isRepetition || !group.isOptional || others.length > 0) return null;
  return nodes!.slice(0, -1);
}
