// Lists in the RDB format: written as Redis 7 does, in nodes that are listpacks, and read from that
// and the older forms. Every element is read on its own, no bytes are taken over as they are.
//
//   plain        (1)   count, then so many strings
//   ziplist     (10)   a string that is a ziplist
//   quicklist   (14)   count, then so many of these
//   quicklist 2 (18)   count, then each: 1, a string that is an element; 2, one that is a listpack

import {
  LargeList,
  ListpackReader,
  ListpackWriter,
  MAX_ELEMENT_BYTES,
  type RdbEntries,
  type RdbReader,
  type RdbText,
  type RdbWriter,
  readRdbString,
  writeRdbString,
  ZiplistReader,
} from '@forgekv/datatypes';
import { TYPE_LIST } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { SlicedPayload } from '../sliced-payload.ts';
import { SLICE_PAGE } from '../sliced-work.ts';
import { ListElements } from './list-elements.ts';
import { newList } from './list-packing.ts';

export const RDB_LIST = 1;
export const RDB_LIST_ZIPLIST = 10;
export const RDB_LIST_QUICKLIST = 14;
export const RDB_LIST_QUICKLIST_2 = 18;

const NODE_PLAIN = 1;
const NODE_PACKED = 2;
/** A node that has so many bytes takes no more elements. */
const NODE_BYTES = 8192;
/** A count that is known only later, in the long form. */
const LENGTH_32 = 0x80;

const list = new ListElements();
const listpacks = new ListpackReader();
const ziplists = new ZiplistReader();
const node = new ListpackWriter();

/** Writes type byte and value of the list opened last. */
export function dumpList(c: CommandContext, entry: number, writer: RdbWriter): void {
  const compress = c.config.boolean('rdbcompression');
  list.load(c, entry);
  writer.byte(RDB_LIST_QUICKLIST_2);
  if (c.collection === null) {
    writer.length(1);
    node.begin();
    list.visit(0, list.count, false, (bytes, offset, length) => node.append(bytes, offset, length));
    writer.length(NODE_PACKED);
    node.write(writer, compress);
    return;
  }
  writeNodes(writer, compress, c.limits.listSize);
  list.close();
}

function writeNodes(writer: RdbWriter, compress: boolean, listSize: number): void {
  const mostElements = listSize > 0 ? listSize : Infinity;
  const countAt = writer.position;
  writer.byte(LENGTH_32);
  writer.littleEndian(0, 4);
  let nodes = 0;
  let elements = 0;
  const endNode = (): void => {
    if (elements === 0) return;
    writer.length(NODE_PACKED);
    node.write(writer, compress);
    nodes++;
    elements = 0;
  };
  node.begin();
  list.visit(0, list.count, false, (bytes, offset, length) => {
    if (elements === mostElements || (elements > 0 && node.bytes + length > NODE_BYTES)) {
      endNode();
      node.begin();
    }
    if (length > NODE_BYTES) {
      writer.length(NODE_PLAIN);
      writeRdbString(writer, bytes, offset, length, compress);
      nodes++;
    } else {
      node.append(bytes, offset, length);
      elements++;
    }
  });
  endNode();
  writer.buffer.writeUInt32BE(nodes, countAt + 1);
}

/** Makes the payload of a list that is not empty and nobody else has, page by page. */
export function payloadOfList(c: CommandContext, large: LargeList, bytes: number): SlicedPayload {
  const compress = c.config.boolean('rdbcompression');
  const { count } = large;
  return new SlicedPayload(RDB_LIST, count, bytes, (writer, done) => {
    const wanted = Math.min(SLICE_PAGE, count - done);
    large.walk(done, wanted, false, (element) => {
      writeRdbString(writer, element.bytes, element.offset, element.length, compress);
    });
    return done + wanted < count ? done + wanted : 0;
  });
}

/** Reads what the type byte `type` says; null when it is damaged or empty. */
export function restoreList(
  type: number,
): (c: CommandContext, reader: RdbReader, mayPack: boolean) => NewValue | null {
  return (c, reader, mayPack) => {
    const most = Math.min(c.maxStringBytes, MAX_ELEMENT_BYTES);
    const into = new LargeList();
    const nodes = type === RDB_LIST_ZIPLIST ? 1 : reader.length();
    if (reader.special >= 0) reader.fail();
    for (let i = 0; i < nodes && !reader.failed; i++) readNode(type, reader, most, into);
    if (reader.failed || into.count === 0) return null;
    return mayPack ? newList(c, into) : { type: TYPE_LIST, collection: into };
  };
}

/** Reads a node, or an element, to the end of a list; fails the reader when it is damaged. */
function readNode(type: number, reader: RdbReader, mostBytes: number, into: LargeList): void {
  const container = type === RDB_LIST_QUICKLIST_2 ? reader.length() : 0;
  const text = readRdbString(reader, mostBytes);
  if (text === null) return;
  const { bytes, offset, length } = text;
  if (type === RDB_LIST || container === NODE_PLAIN) into.pushLast(bytes, offset, length);
  else if (!pushEntries(type, container, text, into)) reader.fail();
}

function pushEntries(type: number, container: number, text: RdbText, into: LargeList): boolean {
  const isListpack = type === RDB_LIST_QUICKLIST_2;
  if (isListpack && container !== NODE_PACKED) return false;
  const entries: RdbEntries & { next(): boolean } = isListpack ? listpacks : ziplists;
  const { bytes, offset, length } = text;
  const isOpen = isListpack
    ? listpacks.open(bytes, offset, length)
    : ziplists.open(bytes, offset, length);
  if (!isOpen) return false;
  while (entries.next()) into.pushLast(entries.bytes, entries.offset, entries.length);
  return !entries.failed;
}
