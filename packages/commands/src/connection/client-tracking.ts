// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR: client-side caching as the connection it is
// for sets it up. What is tracked, and who is told of what, is for its front.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import type { ClientPlace, TrackingFacts, TrackingOptions } from '../tracking-services.ts';
import { integerArg, switchArg } from './arguments.ts';

const ERR_TWO_REDIRECTS = 'ERR A client can only redirect to a single other client';
const ERR_NO_TARGET = 'ERR The client ID you want redirect to does not exist';
const ERR_PREFIX = 'ERR PREFIX option requires BCAST mode to be enabled';
const ERR_SWITCH_BROADCAST =
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then " +
  're-enabling it with a different mode.';
const ERR_BROADCAST_OPTIONS = 'ERR OPTIN and OPTOUT are not compatible with BCAST';
const ERR_BOTH_MODES = "ERR You can't specify both OPTIN mode and OPTOUT mode";
const ERR_SWITCH_MODE =
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then " +
  're-enabling it with a different mode.';
const ERR_CACHING =
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or ' +
  'OPTOUT mode enabled';
const ERR_CACHING_YES =
  'ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.';
const ERR_CACHING_NO =
  'ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.';
const APART = 'Prefixes for a single client must not overlap.';
/** Redis: prefixes of any number and length. */
const MOST_PREFIX_BYTES = 64 * 1024;
const ERR_PREFIX_BYTES = `ERR the prefixes of a client are longer than ${MOST_PREFIX_BYTES} bytes`;

interface Asked {
  isOn: boolean | null;
  options: TrackingOptions;
  prefixes: Buffer[];
  /** What was wrong with the arguments behind the client to redirect to; '': nothing. */
  problem: string;
}

/**
 * CLIENT TRACKING ON | OFF [REDIRECT id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP].
 *
 * Redis: of several errors, the one about prefixes of this call that overlap may be followed by an
 * OK, and then takes no effect as an error.
 */
export function clientTracking(
  c: CommandContext,
  session: Session,
  services: ServerServices,
): Outcome {
  const asked = read(c);
  const { redirect } = asked.options;
  if (redirect === 0) return begin(c, session, services, asked, null);
  const place = services.tracking.place(redirect);
  if (!(place instanceof Promise)) return begin(c, session, services, asked, place);
  return services.later(session, place, (reply, target) => {
    const problem = target === null ? ERR_NO_TARGET : change(session, services, asked, target);
    if (problem === '') reply.ok();
    else reply.error(problem);
  });
}

function begin(
  c: CommandContext,
  session: Session,
  services: ServerServices,
  asked: Asked,
  target: ClientPlace | null,
): Outcome {
  const problem = change(session, services, asked, target);
  if (problem !== '') return c.fail(problem);
  c.reply.ok();
  return DONE;
}

function read(c: CommandContext): Asked {
  const { request } = c;
  const options = { isBroadcast: false, isOptIn: false, isOptOut: false, isNoLoop: false };
  let redirect = 0;
  let problem = '';
  const prefixes: Buffer[] = [];
  for (let i = 3; i < request.argc && problem === ''; i++) {
    const hasMore = i + 1 < request.argc;
    if (request.is(i, 'redirect') && hasMore) {
      const id = integerArg(c, ++i);
      if (redirect !== 0) problem = ERR_TWO_REDIRECTS;
      else if (id === null) problem = ERR_NOT_INTEGER;
      else if (id <= 0n) problem = ERR_NO_TARGET;
      else redirect = Number(id);
    } else if (request.is(i, 'prefix') && hasMore) {
      prefixes.push(request.copy(++i));
    } else if (request.is(i, 'bcast')) options.isBroadcast = true;
    else if (request.is(i, 'optin')) options.isOptIn = true;
    else if (request.is(i, 'optout')) options.isOptOut = true;
    else if (request.is(i, 'noloop')) options.isNoLoop = true;
    else problem = ERR_SYNTAX;
  }
  return { isOn: switchArg(c, 2), options: { ...options, redirect }, prefixes, problem };
}

/** Does what was asked for; returns '' or an error reply. */
function change(
  session: Session,
  { tracking }: ServerServices,
  { isOn, options, prefixes, problem }: Asked,
  target: ClientPlace | null,
): string {
  if (problem !== '') return problem;
  if (isOn === null) return ERR_SYNTAX;
  if (!isOn) {
    tracking.end(session);
    return '';
  }
  const facts = tracking.factsOf(session);
  const conflict = conflictOf(facts, options, prefixes);
  if (conflict !== '') return conflict;
  // Redis: without prefixes the empty one is added, whichever there are.
  const all = options.isBroadcast && prefixes.length === 0 ? [Buffer.alloc(0)] : prefixes;
  const bytes = [...facts.prefixes, ...all].reduce((sum, { length }) => sum + length, 0);
  if (bytes > MOST_PREFIX_BYTES) return ERR_PREFIX_BYTES;
  tracking.begin(session, options, target, all);
  return '';
}

function conflictOf(
  facts: TrackingFacts,
  options: TrackingOptions,
  prefixes: readonly Buffer[],
): string {
  const { isBroadcast, isOptIn, isOptOut } = options;
  if (!isBroadcast && prefixes.length > 0) return ERR_PREFIX;
  if (facts.isOn && facts.isBroadcast !== isBroadcast) return ERR_SWITCH_BROADCAST;
  if (isBroadcast && (isOptIn || isOptOut)) return ERR_BROADCAST_OPTIONS;
  if (isOptIn && isOptOut) return ERR_BOTH_MODES;
  if ((isOptIn && facts.isOptOut) || (isOptOut && facts.isOptIn)) return ERR_SWITCH_MODE;
  return overlapOf(facts.prefixes, prefixes);
}

function overlapOf(existing: readonly Buffer[], prefixes: readonly Buffer[]): string {
  for (const [i, prefix] of prefixes.entries()) {
    const other = existing.find((one) => overlap(one, prefix));
    if (other !== undefined) {
      return overlapping(prefix, `an existing prefix '${shown(other)}'`);
    }
    const second = prefixes.slice(i + 1).find((one) => overlap(one, prefix));
    if (second !== undefined) {
      return overlapping(prefix, `another provided prefix '${shown(second)}'`);
    }
  }
  return '';
}

function overlapping(prefix: Buffer, what: string): string {
  return `ERR Prefix '${shown(prefix)}' overlaps with ${what}. ${APART}`;
}

function overlap(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return a.compare(b, 0, length, 0, length) === 0;
}

function shown(prefix: Buffer): string {
  return prefix.toString('latin1').replace(/[\r\n]/g, ' ');
}

/** CLIENT CACHING YES | NO. */
export function clientCaching(
  c: CommandContext,
  session: Session,
  { tracking }: ServerServices,
): Outcome {
  const { isOn, isOptIn, isOptOut } = tracking.factsOf(session);
  if (!isOn) return c.fail(ERR_CACHING);
  if (c.request.is(2, 'yes')) {
    if (!isOptIn) return c.fail(ERR_CACHING_YES);
  } else if (!c.request.is(2, 'no')) {
    return c.fail(ERR_SYNTAX);
  } else if (!isOptOut) {
    return c.fail(ERR_CACHING_NO);
  }
  tracking.cacheNext(session);
  c.reply.ok();
  return DONE;
}

/** CLIENT GETREDIR. */
export function clientGetRedir(
  c: CommandContext,
  session: Session,
  { tracking }: ServerServices,
): Outcome {
  c.reply.integer(redirectOf(tracking.factsOf(session)));
  return DONE;
}

/** The client that is told, 0: itself, -1: nobody is. */
function redirectOf({ isOn, redirect }: TrackingFacts): number {
  return isOn ? redirect : -1;
}

/** CLIENT TRACKINGINFO. */
export function clientTrackingInfo(
  c: CommandContext,
  session: Session,
  { tracking }: ServerServices,
): Outcome {
  const { reply } = c;
  const facts = tracking.factsOf(session);
  const flags = [facts.isOn ? 'on' : 'off'];
  if (facts.isBroadcast) flags.push('bcast');
  if (facts.isOptIn) flags.push('optin');
  if (facts.isOptIn && facts.isCaching) flags.push('caching-yes');
  if (facts.isOptOut) flags.push('optout');
  if (facts.isOptOut && facts.isCaching) flags.push('caching-no');
  if (facts.isNoLoop) flags.push('noloop');
  if (facts.isBroken) flags.push('broken_redirect');
  reply.map(3);
  reply.text('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.text(flag);
  reply.text('redirect');
  reply.integer(redirectOf(facts));
  reply.text('prefixes');
  reply.array(facts.prefixes.length);
  for (const prefix of facts.prefixes) reply.bulk(prefix, 0, prefix.length);
  return DONE;
}
