// Documents in the RDB format: a value of the module ReJSON-RL, version 3, as RedisJSON writes it.
//
//   type 7 | id of the module, 64 bits | 5, a string follows | the text | 0, the end
// Other modules' values, and other versions, are refused.

import {
  DUMP_VERSION,
  JsonSyntaxError,
  jsonBytes,
  jsonText,
  LargeJson,
  parseJson,
  type RdbReader,
  type RdbWriter,
  readRdbString,
  writeJson,
  writeRdbString,
} from '@forgekv/datatypes';
import { TYPE_JSON } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import type { PayloadPages } from '../sliced-payload.ts';

export const RDB_MODULE_2 = 7;
const OPCODE_END = 0;
const OPCODE_STRING = 5;

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VERSION = 3n;

/** Nine characters of six bits, and ten bits of version. */
export function moduleId(name: string, version: bigint): bigint {
  let id = 0n;
  for (const character of name) id = (id << 6n) | BigInt(CHARACTERS.indexOf(character));
  return (id << 10n) | version;
}

/** Of a document, version 3. */
export const JSON_MODULE = moduleId('ReJSON-RL', VERSION);
const HIGH = Number(BigInt.asIntN(32, JSON_MODULE >> 32n));
const LOW = Number(BigInt.asIntN(32, JSON_MODULE));

/** Writes a packed document, whose text was opened last. */
export function dumpJson(c: CommandContext, _entry: number, writer: RdbWriter): void {
  const { valueBytes, valueOffset, valueLength } = c;
  writeText(c, writer, valueBytes, valueOffset, valueLength);
}

function writeText(
  c: CommandContext,
  writer: RdbWriter,
  bytes: Buffer,
  offset: number,
  length: number,
): void {
  writer.byte(RDB_MODULE_2);
  writer.length64(HIGH, LOW);
  writer.length(OPCODE_STRING);
  writeRdbString(writer, bytes, offset, length, c.config.boolean('rdbcompression'));
  writer.length(OPCODE_END);
}

/** A large document, written in one go. */
export function pagesOfJson(c: CommandContext, document: LargeJson): PayloadPages {
  return {
    version: DUMP_VERSION,
    bytes: document.textBytes,
    begin: (writer) => {
      const text = Buffer.allocUnsafe(document.textBytes);
      let at = 0;
      writeJson(document.root, (part) => {
        at += text.write(part, at, 'utf8');
      });
      writeText(c, writer, text, 0, text.length);
    },
    page: () => 0,
  };
}

/** Reads what is behind the id of the module; null when it is damaged. */
export function restoreJson(c: CommandContext, reader: RdbReader): NewValue | null {
  if (reader.length() !== OPCODE_STRING || reader.special >= 0) return null;
  const text = readRdbString(reader, c.maxStringBytes);
  if (text === null || reader.length() !== OPCODE_END || reader.failed) return null;
  try {
    const root = parseJson(text.bytes, text.offset, text.length);
    if (jsonBytes(root) > c.mostPackedBytes) {
      return { type: TYPE_JSON, collection: new LargeJson(root, true) };
    }
    const bytes = Buffer.from(jsonText(root));
    return { type: TYPE_JSON, encoding: 0, bytes, offset: 0, length: bytes.length };
  } catch (error) {
    if (error instanceof JsonSyntaxError) return null;
    throw error;
  }
}
