// What a worker has to know of a connection to execute its commands.

import { RUN_NO_TOUCH, RUN_RESP3, RUN_USER_SHIFT } from '@forgekv/rings';
import type { Connection } from './connection.ts';

/** RUN_ flags | database << 8 | number of the user << 18 */
export function runFlags(connection: Connection): number {
  return (
    (connection.resp === 3 ? RUN_RESP3 : 0) |
    (connection.noTouch ? RUN_NO_TOUCH : 0) |
    (connection.db << 8) |
    (connection.userNumber << RUN_USER_SHIFT)
  );
}
