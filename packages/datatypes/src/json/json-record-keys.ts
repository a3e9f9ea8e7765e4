// Keys of the records that a document is kept as, made of a kind and what the record is about:
//
//   0                                            the document: its text, or a reference
//   1 | id of a container u32 BE | position      a page of it
// Positions are doubles in eight bytes whose order is that of the numbers.

export const RECORD_ROOT = 0;
export const RECORD_PAGE = 1;
export const PAGE_KEY_BYTES = 13;

const root = Buffer.of(RECORD_ROOT);
const page = Buffer.alloc(PAGE_KEY_BYTES, RECORD_PAGE);

export function headKey(): Buffer {
  return root;
}

/** Valid until the next one is made. */
export function pageKey(id: number, position: number): Buffer {
  page.writeUInt32BE(id, 1);
  // Zero has one sign only.
  page.writeDoubleBE(position + 0, 5);
  if (page[5]! < 128) page[5]! |= 128;
  else for (let i = 5; i < PAGE_KEY_BYTES; i++) page[i] = ~page[i]!;
  return page;
}

/** Of the key of a page. */
export function positionOf(key: Buffer): number {
  const bytes = Buffer.from(key.subarray(5));
  if (bytes[0]! >= 128) bytes[0]! &= 127;
  else for (let i = 0; i < 8; i++) bytes[i] = ~bytes[i]!;
  return bytes.readDoubleBE();
}
