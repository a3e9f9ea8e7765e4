/**
 * What a history consists of: operations with the moments they were called and answered, and their
 * replies in a form a model can work out. Recording is in `history-recorder.ts`, judging in
 * `linearizability.ts`.
 */
import type { Reply } from '../reply.ts';

/**
 * A reply without its wire type: integers as numbers, bulk strings as they are, `+` before simple
 * strings, `!` before errors. No value of a history begins with one of these two.
 */
export type Plain = number | string | null | readonly Plain[];

/** A command as the model sees it, its large values in short. */
export type PlainCommand = readonly string[];

/** A read and what it answered, which must still hold when its block is executed (WATCH). */
export interface SeenValue {
  readonly command: PlainCommand;
  readonly reply: Plain;
}

/** What happened at one moment between its call and its answer, or did not happen at all. */
export interface Operation {
  /** Its connection: operations of one happen in the order they were called. */
  readonly client: number;
  /** One, or those of a transaction. */
  readonly commands: readonly PlainCommand[];
  /** The reply is an array with one of each command. */
  readonly isBlock: boolean;
  readonly seen: readonly SeenValue[];
  /** Numbers of one clock that all clients of the history share. */
  readonly calledAt: number;
  /** With no answer: when it cannot happen any more; Infinity = it always can. */
  readonly returnedAt: number;
  /** Undefined: it was not answered, so it may have happened or not. */
  readonly reply: Plain | undefined;
}

/** Bytes of a large value. */
const LARGE_BYTES = 200;
/** Ends what the model knows of a large value; padding follows on the wire. */
const LARGE_MARK = '~';
const PADDING = 'x';

/** A value's name as a large value; names are word characters. */
export function largeName(name: string): string {
  return name + LARGE_MARK;
}

/** An argument as it is sent. */
export function toWire(arg: string): string {
  return arg.endsWith(LARGE_MARK) ? arg.padEnd(LARGE_BYTES, PADDING) : arg;
}

/** A value as the model knows it; one that is not whole stays as it is, and matches nothing. */
function fromWire(text: string): string {
  const at = text.indexOf(LARGE_MARK);
  if (at < 0) return text;
  const name = text.slice(0, at + 1);
  return text === toWire(name) ? name : text;
}

/** A reply as the model would say it. Sets are sorted by who knows that they are sets. */
export function toPlain(reply: Reply): Plain {
  switch (reply.kind) {
    case 'integer':
      return Number(reply.value);
    case 'bulk':
      return fromWire(reply.bytes.toString('latin1'));
    case 'simple':
      return `+${reply.text}`;
    case 'error':
      return `!${reply.text}`;
    case 'null':
      return null;
    case 'array':
    case 'set':
      return reply.items.map(toPlain);
    default:
      throw new Error(`no reply of a history: ${reply.kind}`);
  }
}

/** An operation as one line. */
export function describeOperation(operation: Operation): string {
  const { client, commands, isBlock, seen, calledAt, returnedAt, reply } = operation;
  const text = commands.map((command) => command.join(' ')).join('; ');
  const saw = seen.map((one) => `${one.command.join(' ')} = ${JSON.stringify(one.reply)}; `);
  const what = isBlock ? `${saw.join('')}MULTI ${text}` : text;
  const said = reply === undefined ? 'no answer' : JSON.stringify(reply);
  return `${calledAt}..${returnedAt} client ${client}: ${what} -> ${said}`;
}
