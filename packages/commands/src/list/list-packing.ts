// Lists that come as a whole, from a payload or a command with STORE, or that have become short
// again: collected as a large list, and packed when Redis would keep them as one listpack.

import {
  ElementBytes,
  type LargeList,
  listMayPack,
  listpackEntryBytes,
  MAX_PACKED_BYTES,
  PackedList,
} from '@forgekv/datatypes';
import { TYPE_LIST } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewBytes, NewValue } from '../new-value.ts';

const packed = new PackedList();
const element = new ElementBytes();
const scratch = Buffer.allocUnsafeSlow(MAX_PACKED_BYTES);
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);

/**
 * Returns the packed form of a list that is not empty, good until the next call; null: it is longer
 * than `mostBytes`.
 */
export function packList(list: LargeList, mostBytes: number): NewBytes | null {
  const { count } = list;
  let bytes = 0;
  let listpack = 0;
  list.walk(0, count, false, (one) => {
    bytes += packed.elementBytes(one.length);
    listpack += listpackEntryBytes(one.bytes, one.offset, one.length);
    return bytes <= mostBytes;
  });
  packed.openEmpty();
  const length = packed.planPush(false, count, bytes, listpack);
  if (bytes > mostBytes || length > mostBytes) return null;
  packed.rebase(scratch, scratchView, 0);
  packed.applyPush();
  list.walk(0, count, false, (one) => {
    element.set(one.bytes, viewOf(one.bytes), one.offset, one.length);
    packed.writePushed(element);
  });
  return { type: TYPE_LIST, encoding: 0, bytes: scratch, offset: 0, length };
}

/** Returns a list as it is stored: packed where Redis would have one listpack of it. */
export function newList(c: CommandContext, list: LargeList): NewValue {
  const listpack = list.listpackBytes(MAX_PACKED_BYTES);
  if (listpack < Infinity && listMayPack(listpack, list.count, c.limits.listSize)) {
    const bytes = packList(list, c.mostPackedBytes);
    if (bytes !== null) return bytes;
  }
  return { type: TYPE_LIST, collection: list };
}

let lastBytes: Buffer = scratch;
let lastView: DataView = scratchView;

/** The elements of a chunk lie in the same memory. */
function viewOf(bytes: Buffer): DataView {
  if (bytes !== lastBytes) {
    lastBytes = bytes;
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return lastView;
}
