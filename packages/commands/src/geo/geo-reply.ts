// Positions and distances as replies.

import { fixedText, type GeoPoint } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

/** Writes a distance with four decimals, rounded half to even as Redis rounds it. */
export function replyDistance(c: CommandContext, distance: number): void {
  const units = distance * 10_000;
  const below = Math.floor(units);
  const rest = units - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  const digits = String(isUp ? below + 1 : below).padStart(5, '0');
  c.reply.text(`${digits.slice(0, -4)}.${digits.slice(-4)}`);
}

/** Writes longitude and latitude, as doubles in RESP3, with up to 17 decimals. */
export function replyPoint(c: CommandContext, point: GeoPoint): void {
  c.reply.array(2);
  replyCoordinate(c, point.longitude);
  replyCoordinate(c, point.latitude);
}

function replyCoordinate({ reply }: CommandContext, degrees: number): void {
  const text = fixedText(degrees);
  if (!reply.resp3) {
    reply.text(text);
    return;
  }
  const line = Buffer.from(`,${text}\r\n`, 'latin1');
  reply.encoded(line, 0, line.length);
}

interface WantedFacts {
  readonly withDistance: boolean;
  readonly withHash: boolean;
  readonly withPoint: boolean;
}

/** What is replied of each member that was found. */
export class Facts {
  readonly withPoint: boolean;
  readonly #withDistance: boolean;
  readonly #withHash: boolean;
  readonly #unit: number;
  readonly #count: number;

  /** @param unit of distances, in meters */
  constructor({ withDistance, withHash, withPoint }: WantedFacts, unit: number) {
    this.withPoint = withPoint;
    this.#withDistance = withDistance;
    this.#withHash = withHash;
    this.#unit = unit;
    this.#count = Number(withDistance) + Number(withHash) + Number(withPoint);
  }

  /** Writes a member; `distance` is in meters. */
  reply(
    c: CommandContext,
    bytes: Buffer,
    offset: number,
    length: number,
    score: number,
    distance: number,
    point: GeoPoint,
  ): void {
    const { reply } = c;
    if (this.#count > 0) reply.array(1 + this.#count);
    reply.bulk(bytes, offset, length);
    if (this.#withDistance) replyDistance(c, distance / this.#unit);
    if (this.#withHash) reply.integer(score);
    if (this.withPoint) replyPoint(c, point);
  }
}
