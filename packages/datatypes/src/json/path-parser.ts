// Paths in JSONPath (RFC 9535), with what RedisJSON has besides: `=~`, names with more characters,
// a dot before a bracket. A parser by recursive descent; length and depth are bounded.

import { numberOf } from './json-value.ts';
import {
  type CompareOperator,
  type FilterOperand,
  type FilterPath,
  type FilterTest,
  JsonPathError,
  type PathQuery,
  type Segment,
  type Selector,
} from './path-query.ts';
import { PathScanner } from './path-scanner.ts';
import { compileRegex } from './regex.ts';

/** Characters. */
const MOST_PATH_LENGTH = 8192;
const MOST_COMPILED = 256;

const OPERATORS: readonly CompareOperator[] = ['==', '!=', '<=', '>=', '<', '>'];

const compiled = new Map<string, PathQuery>();

/**
 * Returns what a path that begins with `$` says. Paths that were met lately are remembered.
 * @throws JsonPathError
 */
export function compilePath(path: string): PathQuery {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  if (path.length > MOST_PATH_LENGTH) throw new JsonPathError('path is too long');
  const scanner = new PathScanner(path);
  scanner.expect('$');
  const query = parseSegments(scanner);
  scanner.skipSpace();
  if (!scanner.isAtEnd) scanner.fail();
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(path, query);
  return query;
}

/** Reads segments as far as there are any. */
function parseSegments(scanner: PathScanner): PathQuery {
  const segments: Segment[] = [];
  for (;;) {
    const resume = scanner.at;
    scanner.skipSpace();
    if (scanner.take('..')) {
      segments.push({ isDescendant: true, selectors: parseShorthandOrBracket(scanner) });
    } else if (scanner.take('.')) {
      segments.push({ isDescendant: false, selectors: parseShorthandOrBracket(scanner) });
    } else if (scanner.take('[')) {
      segments.push({ isDescendant: false, selectors: parseBracket(scanner) });
    } else {
      scanner.at = resume;
      return { segments, isStatic: segments.every(isStatic) };
    }
  }
}

function isStatic({ isDescendant, selectors }: Segment): boolean {
  const [first] = selectors;
  const isOne = selectors.length === 1 && (first!.kind === 'name' || first!.kind === 'index');
  return isOne && !isDescendant;
}

function parseShorthandOrBracket(scanner: PathScanner): Selector[] {
  if (scanner.take('[')) return parseBracket(scanner);
  if (scanner.take('*')) return [{ kind: 'wildcard' }];
  return [{ kind: 'name', name: scanner.shorthand() }];
}

/** Reads what is behind an opening bracket, up to the closing one. */
function parseBracket(scanner: PathScanner): Selector[] {
  const selectors: Selector[] = [];
  do {
    scanner.skipSpace();
    selectors.push(parseSelector(scanner));
    scanner.skipSpace();
  } while (scanner.take(','));
  scanner.expect(']');
  return selectors;
}

function parseSelector(scanner: PathScanner): Selector {
  if (scanner.take('*')) return { kind: 'wildcard' };
  if (scanner.isAhead("'") || scanner.isAhead('"')) return { kind: 'name', name: scanner.string() };
  if (scanner.take('?')) return { kind: 'filter', test: parseFilter(scanner) };
  const start = scanner.isAhead(':') ? null : scanner.integer();
  scanner.skipSpace();
  if (!scanner.take(':')) return { kind: 'index', index: start! };
  scanner.skipSpace();
  const end = scanner.isIntegerAhead ? scanner.integer() : null;
  scanner.skipSpace();
  let step = 1;
  if (scanner.take(':')) {
    scanner.skipSpace();
    if (scanner.isIntegerAhead) step = scanner.integer();
  }
  return { kind: 'slice', start, end, step };
}

function parseFilter(scanner: PathScanner): FilterTest {
  scanner.enter();
  const parts = [parseAnd(scanner)];
  while (takeToken(scanner, '||')) parts.push(parseAnd(scanner));
  scanner.leave();
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
}

function parseAnd(scanner: PathScanner): FilterTest {
  const parts = [parseBasic(scanner)];
  while (takeToken(scanner, '&&')) parts.push(parseBasic(scanner));
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
}

function parseBasic(scanner: PathScanner): FilterTest {
  if (takeToken(scanner, '!')) {
    scanner.enter();
    const test = parseBasic(scanner);
    scanner.leave();
    return { kind: 'not', test };
  }
  scanner.skipSpace();
  if (scanner.take('(')) {
    const test = parseFilter(scanner);
    scanner.skipSpace();
    scanner.expect(')');
    return test;
  }
  const matching = parseMatch(scanner);
  if (matching !== null) return matching;
  const left = parseOperand(scanner);
  scanner.skipSpace();
  if (scanner.take('=~')) return matches(left, parseOperand(scanner), false);
  const operator = OPERATORS.find((one) => scanner.take(one));
  if (operator !== undefined) {
    return { kind: 'compare', operator, left, right: parseOperand(scanner) };
  }
  if (left.kind !== 'path') return scanner.fail();
  return { kind: 'exists', path: left.path };
}

/** Reads `match(...)` or `search(...)`; null: neither is there. */
function parseMatch(scanner: PathScanner): FilterTest | null {
  const isWhole = scanner.take('match(');
  if (!isWhole && !scanner.take('search(')) return null;
  const text = parseOperand(scanner);
  scanner.skipSpace();
  scanner.expect(',');
  const pattern = parseOperand(scanner);
  scanner.skipSpace();
  scanner.expect(')');
  return matches(text, pattern, isWhole);
}

function matches(text: FilterOperand, pattern: FilterOperand, isWhole: boolean): FilterTest {
  const isLiteral = pattern.kind === 'literal';
  const source = isLiteral && typeof pattern.value === 'string' ? pattern.value : null;
  const known = source === null ? null : compileRegex(source);
  return { kind: 'matches', text, pattern, isWhole, regex: isLiteral ? known : undefined };
}

function parseOperand(scanner: PathScanner): FilterOperand {
  scanner.skipSpace();
  if (scanner.take('@')) return { kind: 'path', path: parsePath(scanner, false) };
  if (scanner.take('$')) return { kind: 'path', path: parsePath(scanner, true) };
  if (scanner.isAhead("'") || scanner.isAhead('"')) {
    return { kind: 'literal', value: scanner.string() };
  }
  const number = scanner.number();
  if (number !== null) return { kind: 'literal', value: numberOf(number) };
  const word = scanner.word();
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  if (word === 'null') return { kind: 'literal', value: null };
  if (word !== 'length' && word !== 'count' && word !== 'value') return scanner.fail();
  scanner.expect('(');
  scanner.enter();
  const of = parseOperand(scanner);
  scanner.leave();
  scanner.skipSpace();
  scanner.expect(')');
  if (word !== 'length' && of.kind !== 'path') return scanner.fail();
  return { kind: word, of };
}

function parsePath(scanner: PathScanner, isFromRoot: boolean): FilterPath {
  scanner.enter();
  const query = parseSegments(scanner);
  scanner.leave();
  return { isFromRoot, query };
}

function takeToken(scanner: PathScanner, token: string): boolean {
  const resume = scanner.at;
  scanner.skipSpace();
  if (token === '!' && scanner.isAhead('!=')) return false;
  if (scanner.take(token)) return true;
  scanner.at = resume;
  return false;
}
