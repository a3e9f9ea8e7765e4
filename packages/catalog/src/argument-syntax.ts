// Parses the argument syntax of the catalog into the tree that COMMAND DOCS shows.
//
//   name             a value; `name:int`, `:float`, `:time`, `:pattern` say of which type
//   TOKEN            a literal word: in capitals, or a sign such as * = ~ $ ""
//   TOKEN name       the values behind a token belong to it, up to the next optional part
//   [ ... ]          optional          < a | b >   exactly one of them (also inside brackets)
//   a [a ...]        a once or more; the same for a sequence: a b [a b ...]
import { parseSyntax, type SyntaxNode } from './argument-grammar.ts';
import type { KeySpec } from './command-spec.ts';

/** Argument types of COMMAND DOCS. */
export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

/** One argument, or a group of them (`oneof`, `block`). */
export interface ArgumentSpec {
  readonly name: string;
  readonly type: ArgumentType;
  /** The literal word in front of the value, or the whole argument for a `pure-token`. */
  readonly token?: string;
  /** For a key: which of the command's key specs finds it. */
  readonly keySpecIndex?: number;
  readonly optional?: true;
  readonly multiple?: true;
  /** When repeated, the token is repeated too. */
  readonly multipleToken?: true;
  readonly arguments?: readonly ArgumentSpec[];
}

const TYPE_BY_SUFFIX: ReadonlyMap<string, ArgumentType> = new Map([
  ['int', 'integer'],
  ['float', 'double'],
  ['time', 'unix-time'],
  ['pattern', 'pattern'],
]);

const NAME_BY_SIGN: ReadonlyMap<string, string> = new Map([
  ['=', 'exact'],
  ['~', 'approximate'],
  ['*', 'auto-id'],
  ['$', 'last-id'],
  ['""', 'empty-string'],
]);

const KEY_NAME = /^(?:key\d?|(?:new|dest|source)key|source|destination|dst|src|\w+-key)$/;

/** Members a group may have before its name, made of theirs, gets too long to read. */
const MAX_NAMED_MEMBERS = 4;

/** Parses `syntax`; `keys` are the command's key specs. Throws on a mistake in the syntax. */
export function parseArguments(syntax: string, keys: readonly KeySpec[]): ArgumentSpec[] {
  return new SyntaxReader(keys).read(parseSyntax(syntax));
}

/** Turns syntax nodes into arguments, handing out the key specs in the order of the keys. */
class SyntaxReader {
  readonly #keyIndexes: readonly number[];
  /** The key spec for keys that patterns name, as in SORT BY: unknown and only read; or -1. */
  readonly #patternIndex: number;
  #keysSeen = 0;

  constructor(keys: readonly KeySpec[]) {
    this.#patternIndex = keys.findIndex(
      ({ begin, flags }) => begin.kind === 'unknown' && flags.includes('RO'),
    );
    this.#keyIndexes = [...keys.keys()].filter((index) => index !== this.#patternIndex);
  }

  read(nodes: readonly SyntaxNode[]): ArgumentSpec[] {
    const args: ArgumentSpec[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (!isToken(node)) {
        args.push(this.#readNode(node));
        continue;
      }
      const end = endOfTokenValues(nodes, i + 1);
      args.push(withToken(node.text, this.read(nodes.slice(i + 1, end))));
      i = end - 1;
    }
    return args;
  }

  #readNode(node: SyntaxNode): ArgumentSpec {
    if (node.kind === 'word') return this.#readWord(node.text);
    if (node.kind === 'repeat') {
      const arg = asOne(this.read(node.body));
      const hasToken = isToken(node.body[0]!);
      return { ...arg, multiple: true, ...(hasToken && { multipleToken: true }) };
    }
    const choices = node.alternatives.map((alternative) => asOne(this.read(alternative)));
    const arg = choices.length === 1 ? choices[0]! : group('oneof', choices);
    return node.isOptional ? { ...arg, optional: true } : arg;
  }

  #readWord(text: string): ArgumentSpec {
    const colon = text.lastIndexOf(':');
    const type = colon < 0 ? undefined : TYPE_BY_SUFFIX.get(text.slice(colon + 1));
    if (type === 'pattern' && this.#patternIndex >= 0) {
      return { name: text.slice(0, colon), type, keySpecIndex: this.#patternIndex };
    }
    if (type !== undefined) return { name: text.slice(0, colon), type };
    if (!KEY_NAME.test(text) || this.#keyIndexes.length === 0)
      return { name: text, type: 'string' };
    const position = Math.min(this.#keysSeen++, this.#keyIndexes.length - 1);
    return { name: text, type: 'key', keySpecIndex: this.#keyIndexes[position]! };
  }
}

function isToken(node: SyntaxNode): node is SyntaxNode & { kind: 'word' } {
  return node.kind === 'word' && !/[a-z:]/.test(node.text);
}

/** The values of a token are the required parts behind it that do not start with a token. */
function endOfTokenValues(nodes: readonly SyntaxNode[], from: number): number {
  let end = from;
  for (; end < nodes.length; end++) {
    const node = nodes[end]!;
    const first = node.kind === 'repeat' ? node.body[0]! : node;
    if (isToken(first) || (node.kind === 'group' && node.isOptional)) break;
  }
  return end;
}

function withToken(token: string, values: readonly ArgumentSpec[]): ArgumentSpec {
  if (values.length === 0) {
    return { name: NAME_BY_SIGN.get(token) ?? token.toLowerCase(), type: 'pure-token', token };
  }
  const [first] = values;
  if (values.length === 1 && first!.token === undefined) return { ...first!, token };
  return { ...group('block', values), token };
}

function asOne(args: readonly ArgumentSpec[]): ArgumentSpec {
  return args.length === 1 ? args[0]! : group('block', args);
}

function group(type: 'oneof' | 'block', members: readonly ArgumentSpec[]): ArgumentSpec {
  const isShort = members.length <= MAX_NAMED_MEMBERS;
  const name = isShort ? members.map((member) => member.name).join('_') : 'options';
  return { name, type, arguments: members };
}
