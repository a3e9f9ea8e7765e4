// A copy of a stream, groups and all, made record by record.

import { invariant } from '@forgekv/base';
import { addStreamRecord, LargeStream, walkStreamRecords } from '@forgekv/datatypes';

/** @param wanted records that are copied at once */
export function copyStream(
  from: LargeStream,
  wanted: number,
): { readonly copy: LargeStream; step(): boolean } {
  const copy = new LargeStream();
  const records = walkStreamRecords(from, (key, payload) => {
    invariant(addStreamRecord(copy, key, payload), 'what is a stream can be made again');
  });
  return {
    copy,
    step: () => {
      for (let i = 0; i < wanted; i++) if (records.next().done) return true;
      return false;
    },
  };
}
