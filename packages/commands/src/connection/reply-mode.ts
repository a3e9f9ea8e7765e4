// The steps of CLIENT REPLY, for whoever runs commands and sends what they wrote.
//
//   client sends        mode before   while it runs   mode after    reply is sent
//   CLIENT REPLY SKIP   on            on              skip          no (there is none)
//   any command         skip          skipping        on            no
//   CLIENT REPLY ON     skip, off     skipping, off   on            yes
//   CLIENT REPLY OFF    any           any             off           no (there is none)
//   any command         off           off             off           no
//
// A command that never ran, being unknown or refused, takes the same steps.

import type { Session } from '../session.ts';

/** To be called before each command of a connection whose mode is not `on`. */
export function beginReply(session: Session): void {
  if (session.replyMode === 'skip') session.replyMode = 'skipping';
}

/**
 * To be called when a command's reply is complete.
 * @returns true when the reply is to be sent, false when it is to be dropped
 */
export function endReply(session: Session): boolean {
  if (session.replyMode === 'on') return true;
  if (session.replyMode === 'skipping') session.replyMode = 'on';
  return false;
}
