// The records of large sketches: one per page of their bytes.

import { DirtyChunks, type LargeSketch } from '@forgekv/datatypes';
import {
  type ChangeWalk,
  type CollectionElements,
  MOST_CHANGED_SHARE,
  type RecordWalk,
  TrackedElements,
} from './element-records.ts';

const LEAST_REMEMBERED = 256;
const KEY_BYTES = 4;

export class SketchElements
  extends TrackedElements<DirtyChunks, LargeSketch>
  implements CollectionElements
{
  readonly type: number;

  constructor(collection: LargeSketch) {
    const bounds = {
      get maxChunks(): number {
        return Math.max(LEAST_REMEMBERED, collection.count / MOST_CHANGED_SHARE);
      },
    };
    super(collection, new DirtyChunks(bounds));
    this.type = collection.type;
  }

  override track(): void {
    super.track();
    // It may have come page by page.
    this.collection.trim();
  }

  get recordCount(): number {
    return this.collection.count;
  }

  changes(): ChangeWalk {
    const part = this.dirty.detach();
    const { all, count } = part;
    return {
      all,
      count,
      next: (wanted, take) =>
        part.next(wanted, (page) => take(keyOf(page), this.collection.page(page))),
    };
  }

  walk(): RecordWalk {
    let page = 0;
    return {
      next: (wanted, take) => {
        const { collection } = this;
        for (let i = 0; i < wanted; i++, page++) {
          const bytes = collection.page(page);
          if (bytes === null) return false;
          take(keyOf(page), bytes);
        }
        return true;
      },
    };
  }

  add(key: Buffer, payload: Buffer): boolean {
    return key.length === KEY_BYTES && this.collection.appendPage(key.readUInt32BE(), payload);
  }
}

function keyOf(page: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key.writeUInt32BE(page);
  return key;
}
