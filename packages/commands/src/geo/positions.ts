// GEOADD, GEOPOS, GEODIST and GEOHASH: members and where they are.

import { decodeGeohash, encodeGeohash, geoDistance, geohashText } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { additions, addMembers } from '../sorted-set/add-members.ts';
import { zset } from '../sorted-set/sorted-set-value.ts';
import { ERR_UNIT, readPoint, readUnit } from './geo-arguments.ts';
import { replyDistance, replyPoint } from './geo-reply.ts';

const point = { longitude: 0, latitude: 0 };
const other = { longitude: 0, latitude: 0 };

/** GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]. */
export function geoAdd(c: CommandContext): Outcome {
  const { request } = c;
  additions.begin();
  let at = 2;
  while (at < request.argc && readOption(c, at)) at++;
  const rest = request.argc - at;
  if (rest === 0 || rest % 3 !== 0 || (additions.nx && additions.xx)) return c.fail(ERR_SYNTAX);
  additions.first = at + 2;
  additions.step = 3;
  additions.expect(rest / 3);
  for (let i = 0; i < additions.pairs; i++) {
    const wrong = readPoint(c, at + 3 * i, point);
    if (wrong !== '') return c.fail(wrong);
    additions.scores[i] = encodeGeohash(point.longitude, point.latitude);
  }
  return addMembers(c);
}

function readOption({ request }: CommandContext, index: number): boolean {
  if (request.is(index, 'nx')) additions.nx = true;
  else if (request.is(index, 'xx')) additions.xx = true;
  else if (request.is(index, 'ch')) additions.countsChanged = true;
  else return false;
  return true;
}

/** GEOPOS key [member [member ...]]. */
export function geoPos(c: CommandContext): Outcome {
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { argc } = c.request;
  c.reply.array(argc - 2);
  for (let i = 2; i < argc; i++) {
    if (zset.findArgument(c, i)) {
      decodeGeohash(zset.score, point);
      replyPoint(c, point);
    } else {
      c.reply.nullArray();
    }
  }
  return DONE;
}

/** GEOHASH key [member [member ...]]. */
export function geoHash(c: CommandContext): Outcome {
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { argc } = c.request;
  c.reply.array(argc - 2);
  for (let i = 2; i < argc; i++) {
    if (zset.findArgument(c, i)) {
      decodeGeohash(zset.score, point);
      c.reply.text(geohashText(point));
    } else {
      c.reply.null();
    }
  }
  return DONE;
}

/** GEODIST key member1 member2 [M|KM|FT|MI]. */
export function geoDist(c: CommandContext): Outcome {
  const { argc } = c.request;
  const unit = argc === 5 ? readUnit(c, 4) : 1;
  if (argc === 5 && unit === 0) return c.fail(ERR_UNIT);
  if (argc > 5) return c.fail(ERR_SYNTAX);

  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (!zset.findArgument(c, 2)) {
    c.reply.null();
    return DONE;
  }
  decodeGeohash(zset.score, point);
  if (!zset.findArgument(c, 3)) {
    c.reply.null();
    return DONE;
  }
  decodeGeohash(zset.score, other);
  const { longitude, latitude } = point;
  replyDistance(c, geoDistance(longitude, latitude, other.longitude, other.latitude) / unit);
  return DONE;
}
