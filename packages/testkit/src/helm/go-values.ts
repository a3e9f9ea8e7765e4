/**
 * Values as Go's templates see them. Numbers of YAML are floats, as in Helm; whole numbers that
 * templates count with are `bigint`, so that what Go refuses to compare is refused here.
 */
import { stringify } from 'yaml';
import { TemplateError } from './template-lexer.ts';

/** A string, number, bigint, boolean, null, array or map. */
export type Value = unknown;
export type GoMap = Record<string, Value>;

/** From here on Go writes floats with an exponent, which no port or count survives. */
const LARGEST_PLAIN_FLOAT = 1e6;

export function isMap(value: Value): value is GoMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `if`, `with`, `default` and `required` take for nothing. */
export function isEmpty(value: Value): boolean {
  if (value === null || value === undefined || value === false) return true;
  if (value === '' || value === 0 || value === 0n) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}

/**
 * As `{{ value }}` prints it.
 * @throws TemplateError for what is missing, and for what Go prints in a form that is never meant
 */
export function printed(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Math.abs(value) < LARGEST_PLAIN_FLOAT) return String(value);
  throw new TemplateError(`would print ${JSON.stringify(value)}`);
}

/** Block style, keys in order, no newline at the end; as Helm's function. */
export function toYaml(value: Value): string {
  const options = { sortMapEntries: true, lineWidth: 0, indentSeq: false } as const;
  return stringify(value, options).replace(/\n$/, '');
}

/** @throws TemplateError when it is no number */
export function toInteger(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  const number = Number(value);
  if (!Number.isFinite(number)) throw new TemplateError(`${JSON.stringify(value)} is no number`);
  return BigInt(Math.trunc(number));
}

/** -1, 0 or 1. @throws TemplateError for values of two kinds, as Go does */
export function compare(one: Value, other: Value): number {
  if (
    typeof one !== typeof other ||
    !['string', 'number', 'bigint', 'boolean'].includes(typeof one)
  ) {
    throw new TemplateError(`incompatible types: ${typeof one} and ${typeof other}`);
  }
  const [left, right] = [one as string, other as string];
  return left === right ? 0 : left < right ? -1 : 1;
}
