// The records of streams: nodes, groups, consumers, and what is pending. What they say is drawn in
// stream-records.ts of datatypes.

import {
  addStreamRecord,
  type DirtyElements,
  type LargeStream,
  type LargeValueOptions,
  streamRecord,
  walkStreamRecords,
} from '@forgekv/datatypes';
import { TYPE_STREAM } from '@forgekv/keyspace';
import {
  bytesOf,
  type ChangeWalk,
  type CollectionElements,
  MemberChanges,
  type RecordWalk,
  rememberElements,
  type TakeRecord,
  TrackedElements,
} from './element-records.ts';

export class StreamElements
  extends TrackedElements<DirtyElements, LargeStream>
  implements CollectionElements
{
  readonly type = TYPE_STREAM;

  constructor(collection: LargeStream, options: LargeValueOptions) {
    super(
      collection,
      rememberElements(options, () => collection.recordCount),
    );
  }

  get recordCount(): number {
    return this.collection.recordCount;
  }

  changes(): ChangeWalk {
    return new MemberChanges(this.dirty.detach(), (key) =>
      streamRecord(this.collection, bytesOf(key)),
    );
  }

  walk(): RecordWalk {
    let taker: TakeRecord = () => {};
    const records = walkStreamRecords(this.collection, (key, payload) => taker(key, payload));
    return {
      next: (wanted, take) => {
        taker = take;
        for (let i = 0; i < wanted; i++) if (records.next().done) return false;
        return true;
      },
    };
  }

  add(key: Buffer, payload: Buffer): boolean {
    return addStreamRecord(this.collection, key, payload);
  }
}
