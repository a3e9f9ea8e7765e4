// Keys of one length, one behind the other in a buffer, as a pipeline of requests has them.

/** `count` different keys of `keyBytes` bytes each: `key:000000000042`. */
export class KeySet {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly keyBytes: number;

  constructor(count: number, keyBytes: number) {
    this.keyBytes = keyBytes;
    this.bytes = Buffer.alloc(count * keyBytes);
    for (let i = 0; i < count; i += 1) {
      const key = `key:${String(i).padStart(keyBytes - 4, '0')}`;
      this.bytes.write(key, i * keyBytes, 'latin1');
    }
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  /** Where a key begins. */
  offset(index: number): number {
    return index * this.keyBytes;
  }
}
