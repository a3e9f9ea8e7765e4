// Lists in the RDB format: written as Redis 7 does, in nodes that are listpacks, and read from that
// and the older forms. Every element is read on its own, no bytes are taken over as they are.
//
//   plain        (1)   count, then so many strings
//   ziplist     (10)   a string that is a ziplist
//   quicklist   (14)   count, then so many of these
//   quicklist 2 (18)   count, then each: 1, a string that is an element; 2, one that is a listpack

import {
  DUMP_VERSION,
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
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { ElementsRestoring, type Restoring } from '../restoring.ts';
import type { PayloadPages } from '../sliced-payload.ts';
import { pageOf } from '../sliced-work.ts';
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

/** Writes type byte and value of the packed list opened last. */
export function dumpList(c: CommandContext, entry: number, writer: RdbWriter): void {
  list.load(c, entry);
  writer.byte(RDB_LIST_QUICKLIST_2);
  writer.length(1);
  node.begin();
  list.visit(0, list.count, false, (bytes, offset, length) => node.append(bytes, offset, length));
  writer.length(NODE_PACKED);
  node.write(writer, c.config.boolean('rdbcompression'));
}

/** A large list in nodes. */
export function pagesOfList(c: CommandContext, large: LargeList): PayloadPages {
  return new ListNodes(c, large);
}

class ListNodes implements PayloadPages {
  readonly version = DUMP_VERSION;
  readonly #list: LargeList;
  readonly #page: number;
  readonly #compress: boolean;
  readonly #mostElements: number;
  /** Where the number of nodes is written at the end. */
  #countAt = 0;
  #nodes = 0;
  /** The node that is being filled, and its elements. */
  readonly #node = new ListpackWriter();
  #elements = 0;

  constructor(c: CommandContext, list: LargeList) {
    const { listSize } = c.limits;
    this.#list = list;
    this.#page = pageOf(list);
    this.#compress = c.config.boolean('rdbcompression');
    this.#mostElements = listSize > 0 ? listSize : Infinity;
  }

  get bytes(): number {
    return this.#list.memoryBytes;
  }

  begin(writer: RdbWriter): void {
    writer.byte(RDB_LIST_QUICKLIST_2);
    this.#countAt = writer.position;
    writer.byte(LENGTH_32);
    writer.littleEndian(0, 4);
    this.#node.begin();
  }

  page(writer: RdbWriter, done: number): number {
    const { count } = this.#list;
    const wanted = Math.min(this.#page, count - done);
    this.#list.walk(done, wanted, false, ({ bytes, offset, length }) => {
      this.#add(writer, bytes, offset, length);
    });
    if (done + wanted < count) return done + wanted;
    this.#endNode(writer);
    writer.buffer.writeUInt32BE(this.#nodes, this.#countAt + 1);
    return 0;
  }

  #add(writer: RdbWriter, bytes: Buffer, offset: number, length: number): void {
    const node = this.#node;
    const isFull = this.#elements === this.#mostElements || node.bytes + length > NODE_BYTES;
    if (isFull) this.#endNode(writer);
    if (length > NODE_BYTES) {
      writer.length(NODE_PLAIN);
      writeRdbString(writer, bytes, offset, length, this.#compress);
      this.#nodes++;
    } else {
      node.append(bytes, offset, length);
      this.#elements++;
    }
  }

  #endNode(writer: RdbWriter): void {
    if (this.#elements === 0) return;
    writer.length(NODE_PACKED);
    this.#node.write(writer, this.#compress);
    this.#nodes++;
    this.#elements = 0;
    this.#node.begin();
  }
}

/** Begins to read what the type byte `type` says. */
export function beginList(
  type: number,
): (c: CommandContext, reader: RdbReader) => Restoring | null {
  return (c, reader) => {
    const nodes = type === RDB_LIST_ZIPLIST ? 1 : reader.length();
    return reader.special >= 0 ? null : new NodesRestoring(c, reader, nodes, type);
  };
}

class NodesRestoring extends ElementsRestoring {
  readonly #c: CommandContext;
  readonly #type: number;
  readonly #into = new LargeList();

  constructor(c: CommandContext, reader: RdbReader, nodes: number, type: number) {
    super(reader, nodes);
    this.#c = c;
    this.#type = type;
  }

  protected override read(): boolean {
    const most = Math.min(this.#c.maxStringBytes, MAX_ELEMENT_BYTES);
    readNode(this.#type, this.reader, most, this.#into);
    return !this.reader.failed;
  }

  protected override value(): NewValue | null {
    const into = this.#into;
    return into.count === 0 ? null : newList(this.#c, into);
  }
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
