// The records of collections that say themselves how they are kept: streams as nodes, groups and
// what is pending, JSON documents as pages of their containers. What the records say is drawn in
// stream-records.ts and json-records.ts of datatypes.

import {
  addJsonRecord,
  addStreamRecord,
  type DirtyElements,
  jsonRecord,
  type LargeJson,
  type LargeStream,
  type LargeValueOptions,
  streamRecord,
  walkJsonRecords,
  walkStreamRecords,
} from '@forgekv/datatypes';
import { TYPE_JSON, TYPE_STREAM } from '@forgekv/keyspace';
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

/** What a type knows about its records. */
interface Drawing<C> {
  /** Of entries. */
  readonly type: number;
  /** The record of a key, null: there is none. */
  readonly record: (collection: C, key: Buffer) => Buffer | null;
  /** Hands out all records, one in each step. */
  readonly walk: (collection: C, take: (key: Buffer, payload: Buffer) => void) => Iterator<void>;
  /** Adds a record; false: it is damaged. */
  readonly add: (collection: C, key: Buffer, payload: Buffer) => boolean;
}

const STREAM: Drawing<LargeStream> = {
  type: TYPE_STREAM,
  record: streamRecord,
  walk: walkStreamRecords,
  add: addStreamRecord,
};
const DOCUMENT: Drawing<LargeJson> = {
  type: TYPE_JSON,
  record: jsonRecord,
  walk: walkJsonRecords,
  add: addJsonRecord,
};

class DrawnElements<C extends LargeStream | LargeJson>
  extends TrackedElements<DirtyElements, C>
  implements CollectionElements
{
  readonly #drawing: Drawing<C>;

  constructor(collection: C, drawing: Drawing<C>, options: LargeValueOptions) {
    super(
      collection,
      rememberElements(options, () => collection.recordCount),
    );
    this.#drawing = drawing;
  }

  get type(): number {
    return this.#drawing.type;
  }

  get recordCount(): number {
    return this.collection.recordCount;
  }

  changes(): ChangeWalk {
    const { record } = this.#drawing;
    return new MemberChanges(this.dirty.detach(), (key) => record(this.collection, bytesOf(key)));
  }

  walk(): RecordWalk {
    let taker: TakeRecord = () => {};
    const records = this.#drawing.walk(this.collection, (key, payload) => taker(key, payload));
    return {
      next: (wanted, take) => {
        taker = take;
        for (let i = 0; i < wanted; i++) if (records.next().done) return false;
        return true;
      },
    };
  }

  add(key: Buffer, payload: Buffer): boolean {
    return this.#drawing.add(this.collection, key, payload);
  }
}

export function streamElements(
  collection: LargeStream,
  options: LargeValueOptions,
): CollectionElements {
  return new DrawnElements(collection, STREAM, options);
}

export function documentElements(
  collection: LargeJson,
  options: LargeValueOptions,
): CollectionElements {
  return new DrawnElements(collection, DOCUMENT, options);
}
