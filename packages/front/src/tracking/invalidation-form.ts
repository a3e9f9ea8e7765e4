// What a client is sent about keys that have changed. The bytes of the last push are kept: clients
// that are told the same share them.

import { ReplyWriter } from '@forgekv/protocol';
import type { PushForm } from '@forgekv/rings';
import type { MessagePart } from '../message-form.ts';
import type { Told } from './client-tracking.ts';

const CHANNEL = '__redis__:invalidate';

const writer = new ReplyWriter(16 * 1024);
let last: { told: Told; form: PushForm; resp: 2 | 3; part: MessagePart } | null = null;

/**
 * Encodes a push for a client, or, for one that speaks RESP2 and listens, a message.
 * @param form how null is written, where `told` is null
 */
export function invalidationPart(told: Told, form: PushForm, resp: 2 | 3): MessagePart {
  if (last !== null && last.told === told && last.form === form && last.resp === resp) {
    return last.part;
  }
  writer.resp3 = resp === 3;
  writer.push(resp === 3 ? 2 : 3);
  writer.text(resp === 3 ? 'invalidate' : 'message');
  if (resp === 2) writer.text(CHANNEL);
  if (told === null) {
    // Redis: it is the null of the client that tracks, not of the one that is told.
    writer.resp3 = form === 3;
    writer.null();
  } else {
    writer.array(told.length);
    for (const key of told) writer.bulk(key, 0, key.length);
  }
  const part = taken();
  last = { told, form, resp, part };
  return part;
}

/** What a client gets that redirects to one there is no more. */
export function brokenPart(redirect: number): MessagePart {
  writer.resp3 = true;
  writer.push(2);
  writer.text('tracking-redir-broken');
  writer.integer(redirect);
  return taken();
}

function taken(): MessagePart {
  const bytes = Buffer.from(writer.buffer.subarray(0, writer.position));
  writer.reset();
  return { pieces: [bytes], length: bytes.length };
}
