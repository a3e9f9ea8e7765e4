// The records of JSON documents: pages of their containers. What they say is drawn in
// json-records.ts of datatypes.

import {
  addJsonRecord,
  type DirtyElements,
  jsonRecord,
  type LargeJson,
  type LargeValueOptions,
  walkJsonRecords,
} from '@forgekv/datatypes';
import { TYPE_JSON } from '@forgekv/keyspace';
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

export class JsonElements
  extends TrackedElements<DirtyElements, LargeJson>
  implements CollectionElements
{
  readonly type = TYPE_JSON;

  constructor(collection: LargeJson, options: LargeValueOptions) {
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
      jsonRecord(this.collection, bytesOf(key)),
    );
  }

  walk(): RecordWalk {
    let taker: TakeRecord = () => {};
    const records = walkJsonRecords(this.collection, (key, payload) => taker(key, payload));
    return {
      next: (wanted, take) => {
        taker = take;
        for (let i = 0; i < wanted; i++) if (records.next().done) return false;
        return true;
      },
    };
  }

  add(key: Buffer, payload: Buffer): boolean {
    return addJsonRecord(this.collection, key, payload);
  }
}
