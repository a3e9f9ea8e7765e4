// What a message looks like to those who get it. It is encoded once for each protocol and each
// pattern it is sent for, however many connections that is; a long message is not even copied for
// each of these, they share it.

import { ReplyWriter } from '@forgekv/protocol';
import { type Message, MONITORED, SHARD_CHANNEL } from '@forgekv/rings';

/** Longer messages are shared by all forms: so they must stay as they are while they are sent. */
const SHARED_BYTES = 4096;
const CR_LF = Buffer.from('\r\n');

/** The bytes of a message for some connections, in up to three pieces. */
export interface MessagePart {
  readonly pieces: readonly Buffer[];
  readonly length: number;
}

const writer = new ReplyWriter(16 * 1024);

/** A message on its way to those who listen to its channel, or to one pattern. */
export class MessageForm {
  readonly #message: Message;
  readonly #pattern: Buffer | null;
  #resp2: MessagePart | null = null;
  #resp3: MessagePart | null = null;

  constructor(message: Message, pattern: Buffer | null) {
    this.#message = message;
    this.#pattern = pattern;
  }

  /** @param resp version of the protocol */
  of(resp: 2 | 3): MessagePart {
    if (resp === 3) {
      this.#resp3 ??= this.#encode(true);
      return this.#resp3;
    }
    this.#resp2 ??= this.#encode(false);
    return this.#resp2;
  }

  #encode(resp3: boolean): MessagePart {
    const { channel, body, kind } = this.#message;
    // Encoded where it was made.
    if (kind === MONITORED) return { pieces: [Buffer.from(body)], length: body.length };
    const pattern = this.#pattern;
    writer.resp3 = resp3;
    writer.push(pattern === null ? 3 : 4);
    if (pattern !== null) {
      writer.text('pmessage');
      writer.bulk(pattern, 0, pattern.length);
    } else {
      writer.text(kind === SHARD_CHANNEL ? 'smessage' : 'message');
    }
    writer.bulk(channel, 0, channel.length);
    const pieces: Buffer[] = [];
    if (body.length <= SHARED_BYTES) {
      writer.bulk(body, 0, body.length);
    } else {
      writer.bulkHead(body.length);
      pieces.push(Buffer.from(body.buffer, body.byteOffset, body.length), CR_LF);
    }
    pieces.unshift(Buffer.from(writer.buffer.subarray(0, writer.position)));
    writer.reset();
    return { pieces, length: pieces.reduce((sum, piece) => sum + piece.length, 0) };
  }
}

/** True when the bytes of a message must stay as they are while it is sent. */
export function isKept(bytes: number): boolean {
  return bytes > SHARED_BYTES;
}
