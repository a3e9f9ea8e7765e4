// Bytes to commands and replies to bytes.

import { ReplyWriter, RequestParser } from '@forgekv/protocol';
import type { Micro } from './harness.ts';

const PIPELINE = 16;
const VALUE_BYTES = 64;
/** Replies written before the writer is reset, as at the end of a tick. */
const REPLIES_PER_TICK = 256;
const LIMITS = { maxBulkBytes: 512 * 1024 * 1024, authenticated: true };

function command(...args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

function parserMicro(name: string, one: (i: number) => string): Micro {
  return {
    name: `parser: ${name} p${PIPELINE}`,
    operationsPerIteration: PIPELINE,
    prepare() {
      const bytes = Buffer.from(Array.from({ length: PIPELINE }, (_, i) => one(i)).join(''));
      const parser = new RequestParser();
      return {
        run(iterations) {
          let sum = 0;
          for (let i = 0; i < iterations; i += 1) {
            sum += parser.parse(bytes, 0, bytes.length, LIMITS) + parser.args[1]!;
          }
          return sum + parser.commandCount;
        },
      };
    },
  };
}

function replyMicro(name: string, write: (writer: ReplyWriter, i: number) => void): Micro {
  return {
    name: `reply: ${name}`,
    prepare() {
      const writer = new ReplyWriter();
      return {
        run(iterations) {
          for (let i = 0; i < iterations; i += 1) {
            if (i % REPLIES_PER_TICK === 0) writer.reset();
            write(writer, i);
          }
          return writer.position + writer.buffer[0]!;
        },
      };
    },
  };
}

const value = Buffer.alloc(VALUE_BYTES, 'v');
const memory = new SharedArrayBuffer(1 << 16);
const words = new Int32Array(memory);
const shared = Buffer.from(memory);

/** The parser on pipelines and the writer on the commonest replies. */
export const protocolMicros: readonly Micro[] = [
  parserMicro(`SET of ${VALUE_BYTES} bytes`, (i) =>
    command('SET', `key:${String(i).padStart(12, '0')}`, 'v'.repeat(VALUE_BYTES)),
  ),
  parserMicro('GET', (i) => command('GET', `key:${String(i).padStart(12, '0')}`)),
  replyMicro('OK', (writer) => writer.ok()),
  replyMicro('integer of 1 to 6 digits', (writer, i) => writer.integer((i * 7) & 0xfffff)),
  replyMicro('null', (writer) => writer.null()),
  replyMicro(`bulk of ${VALUE_BYTES} bytes`, (writer) => writer.bulk(value, 0, VALUE_BYTES)),
  replyMicro(`bulk of ${VALUE_BYTES} bytes out of shared memory`, (writer, i) =>
    writer.bulkWords(words, shared, (i & 1023) * 16, VALUE_BYTES),
  ),
  replyMicro('double', (writer, i) => writer.double((i & 0xffff) / 8)),
];
