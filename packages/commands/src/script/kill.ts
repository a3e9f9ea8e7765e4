// What works on scripts and functions from outside, on fronts, which answer while workers are busy.

import type { CommandContext } from '../context.ts';
import { BUSY_FUNCTION, BUSY_SCRIPT, NOT_BUSY, UNKILLABLE } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { KillAnswer } from '../script-services.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

/** Why nothing was killed. */
const REFUSALS: Readonly<Record<Exclude<KillAnswer, 'killed'>, string>> = {
  'not busy': NOT_BUSY,
  unkillable: UNKILLABLE,
  script: BUSY_SCRIPT,
  function: BUSY_FUNCTION,
};

const ERR_DEBUG = 'ERR Use SCRIPT DEBUG YES/SYNC/NO';
/** Redis: has a debugger. */
const ERR_NO_DEBUGGER = 'ERR this server has no debugger for scripts';

/** SCRIPT KILL. */
export function scriptKill(c: CommandContext, _: Session, { scripts }: ServerServices): Outcome {
  return killed(c, scripts.kill('script'));
}

/** FUNCTION KILL. */
export function functionKill(c: CommandContext, _: Session, { scripts }: ServerServices): Outcome {
  return killed(c, scripts.kill('function'));
}

function killed(c: CommandContext, answer: KillAnswer): Outcome {
  if (answer !== 'killed') return c.fail(REFUSALS[answer]);
  c.reply.ok();
  return DONE;
}

/** SCRIPT DEBUG YES | SYNC | NO. */
export function scriptDebug(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.is(2, 'yes') || request.is(2, 'sync')) return c.fail(ERR_NO_DEBUGGER);
  if (!request.is(2, 'no')) return c.fail(ERR_DEBUG);
  reply.ok();
  return DONE;
}
