/** The functions of Go, sprig and Helm that the chart uses, with their arguments in that order. */
import { createHash, randomInt } from 'node:crypto';
import {
  compare,
  type GoMap,
  isEmpty,
  isMap,
  printed,
  toInteger,
  toYaml,
  type Value,
} from './go-values.ts';
import { TemplateError } from './template-lexer.ts';

export type TemplateFunction = (...args: Value[]) => Value;

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function text(value: Value): string {
  if (typeof value !== 'string') throw new TemplateError(`${JSON.stringify(value)} is no string`);
  return value;
}

function indented(spaces: Value, value: Value): string {
  const before = ' '.repeat(Number(spaces));
  return text(value)
    .split('\n')
    .map((line) => before + line)
    .join('\n');
}

function dict(...args: Value[]): GoMap {
  const map: GoMap = {};
  for (let i = 0; i < args.length; i += 2) map[text(args[i])] = args[i + 1];
  return map;
}

/** The first that has a key wins, at every depth; the first is changed. */
function merge(into: Value, ...others: Value[]): Value {
  if (!isMap(into)) throw new TemplateError('merge needs maps');
  for (const other of others) {
    if (!isMap(other)) throw new TemplateError('merge needs maps');
    for (const [key, value] of Object.entries(other)) {
      const old = into[key];
      if (isMap(old) && isMap(value)) merge(old, value);
      else if (isEmpty(old)) into[key] = structuredClone(value);
    }
  }
  return into;
}

/** %s, %d and %q, each with its kind of value. */
function printf(format: Value, ...args: Value[]): string {
  let next = 0;
  const result = text(format).replace(/%(.)/g, (_, verb: string) => {
    const value = args[next++];
    if (verb === 'd' && typeof value === 'bigint') return String(value);
    if (verb === 's') return text(value);
    if (verb === 'q') return JSON.stringify(text(value));
    throw new TemplateError(`printf: %${verb} of ${JSON.stringify(value)}`);
  });
  if (next !== args.length) throw new TemplateError(`printf: too many arguments: ${format}`);
  return result;
}

function regexMatch(pattern: Value, value: Value): boolean {
  const [, flags = '', body = ''] = /^(?:\(\?(\w+)\))?(.*)$/s.exec(text(pattern)) ?? [];
  return new RegExp(body, flags).test(text(value));
}

function index(value: Value, key: Value): Value {
  if (isMap(value)) return value[text(key)];
  if (Array.isArray(value)) return value[Number(key)];
  throw new TemplateError('index needs a map or a list');
}

function equal(one: Value, ...others: Value[]): boolean {
  return others.some((other) => compare(one, other) === 0);
}

function randAlphaNum(count: Value): string {
  const pick = (): string => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)] as string;
  return Array.from({ length: Number(count) }, pick).join('');
}

/** Without `and`, `or`, `include` and `lookup`, which need more than their values. */
export const TEMPLATE_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries<TemplateFunction>({
    add: (...args) => args.map(toInteger).reduce((a, b) => a + b, 0n),
    b64dec: (value) => Buffer.from(text(value), 'base64').toString(),
    b64enc: (value) => Buffer.from(text(value)).toString('base64'),
    contains: (part, whole) => text(whole).includes(text(part)),
    default: (instead, value) => (isEmpty(value) ? instead : value),
    dict,
    eq: equal,
    fail: (why) => {
      throw new TemplateError(text(why));
    },
    gt: (one, other) => compare(one, other) > 0,
    hasSuffix: (part, whole) => text(whole).endsWith(text(part)),
    index,
    int: toInteger,
    lt: (one, other) => compare(one, other) < 0,
    merge,
    mul: (...args) => args.map(toInteger).reduce((a, b) => a * b, 1n),
    mulf: (...args) => args.map(Number).reduce((a, b) => a * b, 1),
    ne: (one, other) => !equal(one, other),
    nindent: (spaces, value) => `\n${indented(spaces, value)}`,
    not: isEmpty,
    print: (...args) => args.map(text).join(''),
    printf,
    quote: (value) => JSON.stringify(printed(value)),
    randAlphaNum,
    regexMatch,
    replace: (old, fresh, value) => text(value).replaceAll(text(old), text(fresh)),
    required: (why, value) => {
      if (value === undefined || value === null || value === '') throw new TemplateError(text(why));
      return value;
    },
    sha256sum: (value) => createHash('sha256').update(text(value)).digest('hex'),
    toString: printed,
    toYaml,
    trimSuffix: (part, value) => {
      const whole = text(value);
      return whole.endsWith(text(part)) ? whole.slice(0, whole.length - text(part).length) : whole;
    },
    trunc: (length, value) => text(value).slice(0, Number(length)),
  }),
);
