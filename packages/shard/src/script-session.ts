// The connection that commands of a script have: none, but a database and a protocol, for those
// commands that ask for them.

import type { CommandTable } from '@forgekv/catalog';
import type { ReplyMode, ServerServices, Session } from '@forgekv/commands';

export class ScriptSession implements Session {
  readonly id = 0;
  readonly address = 'lua';
  readonly localAddress = 'lua';
  readonly createdAtMs = 0;
  name = '';
  libName = '';
  libVersion = '';
  db = 0;
  /** A push would be the only thing that depends on it. */
  resp: 2 | 3 = 3;
  authenticated = true;
  user = 'default';
  noEvict = false;
  noTouch = false;
  replyMode: ReplyMode = 'on';
  replyIsPush = false;
  readonly isListening = false;
  closeAfterReply = false;
  readonly isQueueing = false;
  readonly isExecuting = true;
  /** What the few commands that scripts may call ask of the server. */
  readonly services: ServerServices;

  constructor(commands: CommandTable) {
    this.services = { commands } as ServerServices;
  }

  beginQueue(): void {}
  forgetWatched(): void {}
  forgetTransaction(): void {}
}
