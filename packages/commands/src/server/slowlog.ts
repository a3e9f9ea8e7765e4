// SLOWLOG: the commands that took long, on whichever thread.

import type { SlowEntry } from '@forgekv/rings';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const DEFAULT_COUNT = 10;
const BAD_COUNT = 'ERR count should be greater than or equal to -1';

/** SLOWLOG GET [count]: newest first, -1 = all. */
export function slowlogGet(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { request, reply } = c;
  if (request.argc > 3) {
    const name = request.text(1);
    return c.fail(
      `ERR unknown subcommand or wrong number of arguments for '${name}'. Try SLOWLOG HELP.`,
    );
  }
  const count = request.argc === 3 ? request.int64(2) : BigInt(DEFAULT_COUNT);
  if (count === null || count < -1n) return c.fail(BAD_COUNT);
  const most = count > BigInt(Number.MAX_SAFE_INTEGER) ? -1 : Number(count);
  const entries = services.diagnostics.slowLog.entries(most);
  reply.array(entries.length);
  for (const entry of entries) writeEntry(c, entry);
  return DONE;
}

function writeEntry({ reply }: CommandContext, entry: SlowEntry): void {
  reply.array(6);
  reply.integer(entry.id);
  reply.integer(entry.unixSeconds);
  reply.integer(Math.floor(entry.microseconds));
  reply.array(entry.args.length);
  for (const arg of entry.args) reply.bulk(arg, 0, arg.length);
  reply.text(entry.address);
  reply.text(entry.name);
}

/** SLOWLOG LEN */
export function slowlogLen(c: CommandContext, _: Session, services: ServerServices): Outcome {
  c.reply.integer(services.diagnostics.slowLog.count);
  return DONE;
}

/** SLOWLOG RESET */
export function slowlogReset(c: CommandContext, _: Session, services: ServerServices): Outcome {
  services.diagnostics.slowLog.reset();
  c.reply.ok();
  return DONE;
}
