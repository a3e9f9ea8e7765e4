// DEBUG: for tests of clients, and for looking inside. Whether a connection may use it at all is
// decided where commands are admitted.

import { globMatch } from '@forgekv/base';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';

const MS_PER_SECOND = 1000;
/** A timer takes no longer time. */
const MOST_SLEEP_MS = 2 ** 31 - 1;
const PACKED_BOUND = 4 * 1024 ** 3;
const ERR_PACKED = 'ERR argument must be a memory value bigger than 1 and smaller than 4gb';
const ERR_TYPE =
  'ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|' +
  'null|array|set|map|attrib|push|verbatim|true|false';
const ERR_RESP2 = 'ERR RESP2 is not supported by this command';
/** Not a bad pi, but what Redis replies. */
const EXAMPLE_DOUBLE = 3141 / 1000;
const BIG_NUMBER = 1234567999999999999999999999999999999n;

/** DEBUG CHANGE-REPL-ID. Redis: the id before that is not kept as the second one either. */
export function debugChangeReplicationId(
  c: CommandContext,
  _: Session,
  services: ServerServices,
): Outcome {
  services.changeReplicationId();
  c.reply.ok();
  return DONE;
}

/** DEBUG SLEEP seconds: nobody is served meanwhile; what is no number is 0, as in Redis. */
export function debugSleep(c: CommandContext, session: Session, services: ServerServices): Outcome {
  const seconds = Number.parseFloat(c.request.text(2));
  const ms = seconds > 0 ? Math.min(seconds * MS_PER_SECOND, MOST_SLEEP_MS) : 0;
  return services.later(session, services.sleep(ms), (reply) => reply.ok());
}

/** DEBUG SET-ACTIVE-EXPIRE 0 | 1. */
export function debugSetActiveExpire(
  c: CommandContext,
  _: Session,
  services: ServerServices,
): Outcome {
  services.setActiveExpire(Number.parseInt(c.request.text(2), 10) > 0);
  c.reply.ok();
  return DONE;
}

/** DEBUG QUICKLIST-PACKED-THRESHOLD size: checked; lists here have no nodes it could be about. */
export function debugPackedThreshold(c: CommandContext): Outcome {
  const parts = /^([0-9]{1,10})(b|k|kb|m|mb|g|gb)?$/i.exec(c.request.text(2));
  const exponent = ['k', 'm', 'g'].indexOf((parts?.[2] ?? '').slice(0, 1).toLowerCase()) + 1;
  const bytes = parts === null ? PACKED_BOUND : Number(parts[1]) * 1024 ** exponent;
  if (bytes >= PACKED_BOUND) return c.fail(ERR_PACKED);
  c.reply.ok();
  return DONE;
}

/** DEBUG STRINGMATCH-LEN pattern string. */
export function debugStringMatch(c: CommandContext): Outcome {
  c.reply.integer(globMatch(c.request.slice(2), c.request.slice(3), false) ? 1 : 0);
  return DONE;
}

/** DEBUG ERROR message. */
export function debugError(c: CommandContext): Outcome {
  const text = c.request
    .slice(2)
    .toString('latin1')
    .replace(/[\r\n]/g, ' ');
  return c.fail(text);
}

/** DEBUG LOG message. */
export function debugLog(c: CommandContext, _: Session, services: ServerServices): Outcome {
  services.log(`DEBUG LOG: ${c.request.slice(2).toString()}`);
  c.reply.ok();
  return DONE;
}

/** DEBUG PROTOCOL type: an example of it, the same as Redis gives. */
export function debugProtocol(c: CommandContext): Outcome {
  const { reply } = c;
  const type = c.request.text(2).toLowerCase();
  switch (type) {
    case 'string':
      reply.text('Hello World');
      break;
    case 'integer':
      reply.integer(12345);
      break;
    case 'double':
      reply.double(EXAMPLE_DOUBLE);
      break;
    case 'bignum':
      if (reply.resp3) writeRaw(c, `(${BIG_NUMBER}\r\n`);
      else reply.text(String(BIG_NUMBER));
      break;
    case 'null':
      reply.null();
      break;
    case 'array':
    case 'set':
      reply[type](3);
      for (let i = 0; i < 3; i++) reply.integer(i);
      break;
    case 'map':
      reply.map(3);
      for (let i = 0; i < 3; i++) {
        reply.integer(i);
        reply.boolean(i === 1);
      }
      break;
    case 'attrib':
      if (reply.resp3) writeRaw(c, '|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n');
      reply.text('Some real reply following the attribute');
      break;
    case 'push':
      if (!reply.resp3) return c.fail(ERR_RESP2);
      reply.push(2);
      reply.text('server-cpu-usage');
      reply.integer(42);
      reply.text('Some real reply following the push reply');
      break;
    case 'verbatim':
      reply.verbatim('This is a verbatim\nstring');
      break;
    case 'true':
    case 'false':
      reply.boolean(type === 'true');
      break;
    default:
      return c.fail(ERR_TYPE);
  }
  return DONE;
}

function writeRaw({ reply }: CommandContext, text: string): void {
  const bytes = Buffer.from(text);
  reply.encoded(bytes, 0, bytes.length);
}
