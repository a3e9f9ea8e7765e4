/** Go's text/template, second step: tokens to a tree. */
import { lexTemplate, type Piece, TemplateError, type Token } from './template-lexer.ts';

export type Operand = (
  | { readonly kind: 'literal'; readonly value: string | number | bigint | boolean | null }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
) & { readonly fields: readonly string[] };

/** Commands, each given the result of the one before as its last argument. */
export interface Pipeline {
  readonly commands: readonly (readonly Operand[])[];
  /** Set to the result: `$name :=` makes one, `$name =` changes one. */
  readonly variable?: { readonly name: string; readonly isNew: boolean } | undefined;
}

/** A condition and what is done if it holds; without a condition: else. */
export interface Branch {
  readonly kind: 'if' | 'with';
  readonly pipeline: Pipeline | undefined;
  readonly body: readonly Node[];
}

export type Node = { readonly where: string } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipeline: Pipeline }
  | { readonly kind: 'branches'; readonly branches: readonly Branch[] }
  | { readonly kind: 'range'; readonly pipeline: Pipeline; readonly body: readonly Node[] }
);

export type Templates = Map<string, readonly Node[]>;

const NO_FIELDS: readonly string[] = [];

/** Adds the file, under its name, and every template it defines. @throws TemplateError */
export function parseTemplate(source: string, name: string, into: Templates): void {
  const parser = new Parser(lexTemplate(source, name), name, into);
  into.set(name, parser.body().nodes);
  parser.mustBeAtEnd();
}

class Parser {
  readonly #pieces: readonly Piece[];
  readonly #name: string;
  readonly #templates: Templates;
  #at = 0;

  constructor(pieces: readonly Piece[], name: string, templates: Templates) {
    this.#pieces = pieces;
    this.#name = name;
    this.#templates = templates;
  }

  mustBeAtEnd(): void {
    if (this.#at < this.#pieces.length) throw new TemplateError(`${this.#name}: stray end or else`);
  }

  /** Up to an `end` or `else` that is not its own, which is returned, too. */
  body(): { nodes: Node[]; stop: readonly Token[] } {
    const nodes: Node[] = [];
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at] as Piece;
      if (piece.kind === 'text') {
        nodes.push({ kind: 'text', text: piece.text, where: this.#name });
        this.#at++;
        continue;
      }
      const where = `${this.#name}:${piece.line}`;
      const [first] = piece.tokens;
      const word = first?.kind === 'word' ? first.text : '';
      if (word === 'end' || word === 'else') return { nodes, stop: piece.tokens };
      this.#at++;
      const rest = piece.tokens.slice(1);
      if (word === 'define') this.#define(rest, where);
      else if (word === 'range') nodes.push(this.#range(rest, where));
      else if (word === 'if' || word === 'with') nodes.push(this.#branches(word, rest, where));
      else nodes.push({ kind: 'output', pipeline: parsePipeline(piece.tokens, where), where });
    }
    return { nodes, stop: [] };
  }

  #define(tokens: readonly Token[], where: string): void {
    const [name] = tokens;
    if (name?.kind !== 'string') throw new TemplateError(`${where}: define needs a name`);
    const { nodes } = this.body();
    this.#end(where);
    this.#templates.set(name.text, nodes);
  }

  #range(tokens: readonly Token[], where: string): Node {
    const { nodes } = this.body();
    this.#end(where);
    return { kind: 'range', pipeline: parsePipeline(tokens, where), body: nodes, where };
  }

  #branches(kind: 'if' | 'with', tokens: readonly Token[], where: string): Node {
    const branches: Branch[] = [];
    let pipeline: Pipeline | undefined = parsePipeline(tokens, where);
    let kindOfBranch = kind;
    for (;;) {
      const { nodes, stop } = this.body();
      branches.push({ kind: kindOfBranch, pipeline, body: nodes });
      if (stop[0]?.text !== 'else') break;
      if (pipeline === undefined) throw new TemplateError(`${where}: two times else`);
      this.#at++;
      const [, word, ...rest] = stop;
      if (word !== undefined && word.text !== 'if') {
        throw new TemplateError(`${where}: else ${word.text} is not known`);
      }
      pipeline = word === undefined ? undefined : parsePipeline(rest, where);
      kindOfBranch = 'if';
    }
    this.#end(where);
    return { kind: 'branches', branches, where };
  }

  #end(where: string): void {
    const piece = this.#pieces[this.#at++];
    const isEnd = piece?.kind === 'action' && piece.tokens[0]?.text === 'end';
    if (!isEnd) throw new TemplateError(`${where}: has no end`);
  }
}

function parsePipeline(tokens: readonly Token[], where: string): Pipeline {
  const [first, second] = tokens;
  const isAssigned = first?.kind === 'variable' && (second?.text === ':=' || second?.text === '=');
  const reader = new PipelineReader(isAssigned ? tokens.slice(2) : tokens, where);
  const commands = reader.commands(false);
  if (!isAssigned) return { commands };
  return { commands, variable: { name: first.text, isNew: second?.text === ':=' } };
}

class PipelineReader {
  readonly #tokens: readonly Token[];
  readonly #where: string;
  #at = 0;

  constructor(tokens: readonly Token[], where: string) {
    this.#tokens = tokens;
    this.#where = where;
  }

  commands(isInner: boolean): Operand[][] {
    const commands: Operand[][] = [[]];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined || token.text === ')') {
        if ((token === undefined) === isInner) throw new TemplateError(`${this.#where}: brackets`);
        if (isInner) this.#at++;
        break;
      }
      if (token.kind === 'mark' && token.text === '|') {
        this.#at++;
        commands.push([]);
      } else commands.at(-1)?.push(this.#operand(token));
    }
    if (commands.some((one) => one.length === 0)) {
      throw new TemplateError(`${this.#where}: an empty command`);
    }
    return commands;
  }

  #operand(token: Token): Operand {
    this.#at++;
    const { kind, text } = token;
    if (kind === 'string') return { kind: 'literal', value: text, fields: NO_FIELDS };
    if (kind === 'number') {
      const value = text.includes('.') ? Number(text) : BigInt(text);
      return { kind: 'literal', value, fields: NO_FIELDS };
    }
    if (kind === 'field') return { kind: 'dot', fields: [text, ...this.#fields()] };
    if (kind === 'variable') return { kind, name: text, fields: this.#fields() };
    if (kind === 'word') return wordOperand(text);
    if (text === '.') return { kind: 'dot', fields: NO_FIELDS };
    if (text !== '(') throw new TemplateError(`${this.#where}: ${text} is not understood`);
    const commands = this.commands(true);
    return { kind: 'pipeline', pipeline: { commands }, fields: this.#fields() };
  }

  #fields(): string[] {
    const fields: string[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'field' || token.isApart) return fields;
      fields.push(token.text);
      this.#at++;
    }
  }
}

function wordOperand(word: string): Operand {
  if (word === 'true' || word === 'false') {
    return { kind: 'literal', value: word === 'true', fields: NO_FIELDS };
  }
  if (word === 'nil') return { kind: 'literal', value: null, fields: NO_FIELDS };
  return { kind: 'function', name: word, fields: NO_FIELDS };
}
