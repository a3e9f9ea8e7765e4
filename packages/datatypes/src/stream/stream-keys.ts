// The keys of the records that a stream is kept as, in the order in which they have to be read:
// what is named comes before what names it. Numbers are never used again for another meaning.
//
//   0                                            last id, counters
//   1 | id of a node                             the node
//   2 | name of a group                          its last id, its counter
//   3 | length u32 LE | group | consumer         its times
//   4 | length u32 LE | group | id of an entry   who has it, since when, how often handed out

import type { StreamConsumer, StreamGroup } from './stream-group.ts';
import { STREAM_ID_BYTES, type StreamId } from './stream-id.ts';

export const RECORD_HEAD = 0;
export const RECORD_NODE = 1;
export const RECORD_GROUP = 2;
export const RECORD_CONSUMER = 3;
export const RECORD_PENDING = 4;

/** Where the name of a group begins in keys that have something behind it. */
export const GROUP_AT = 5;

/** Makes keys; each is valid until the next one is made. */
export class RecordKeys {
  readonly head: Buffer = Buffer.of(RECORD_HEAD);
  readonly #node = Buffer.alloc(1 + STREAM_ID_BYTES, RECORD_NODE);
  #pendingGroup: StreamGroup | null = null;
  #pending = Buffer.alloc(0);

  node(id: StreamId): Buffer {
    id.writeKey(this.#node, 1);
    return this.#node;
  }

  group({ name }: StreamGroup): Buffer {
    return Buffer.concat([Buffer.of(RECORD_GROUP), name]);
  }

  consumer(group: StreamGroup, { name }: StreamConsumer): Buffer {
    return Buffer.concat([groupPart(RECORD_CONSUMER, group.name), name]);
  }

  pending(group: StreamGroup, id: StreamId): Buffer {
    if (this.#pendingGroup !== group) {
      this.#pendingGroup = group;
      const part = groupPart(RECORD_PENDING, group.name);
      this.#pending = Buffer.concat([part, Buffer.alloc(STREAM_ID_BYTES)]);
    }
    id.writeKey(this.#pending, GROUP_AT + group.name.length);
    return this.#pending;
  }
}

function groupPart(kind: number, name: Buffer): Buffer {
  const part = Buffer.alloc(GROUP_AT + name.length);
  part[0] = kind;
  part.writeUInt32LE(name.length, 1);
  name.copy(part, GROUP_AT);
  return part;
}
