// LOLWUT: an anvil and the sparks of one blow, never the same twice.

import { Random } from '@forgekv/base';
import { integerArg } from '../connection/arguments.ts';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { REDIS_VERSION } from './versions.ts';

const WIDTH = 44;
const SKY_ROWS = 8;
/** Where the hammer hits: the middle of the anvil's face. */
const STRIKE_COLUMN = 20;
const FEWEST_SPARKS = 40;
const MORE_SPARKS = 40;
const GLOW = ['#', '*', '*', '+', ':', "'", '.'];

const ANVIL = [
  '      ____________________________',
  '  ====____________               /',
  '                  \\            /',
  '                   )          (',
  '                 _/____________\\_',
  '                |________________|',
];

/** LOLWUT [VERSION version]. There is one drawing, whatever version is asked for. */
export function lolwut(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { request, reply } = c;
  if (request.argc > 2 && request.is(1, 'version')) {
    if (integerArg(c, 2) === null) return c.fail(ERR_NOT_INTEGER);
  }
  const version = `Redis ver. ${REDIS_VERSION}, ForgeKV ver. ${services.facts.version}`;
  reply.verbatim(`${drawForge(new Random(c.nowMs))}\n${version}\n`);
  return DONE;
}

/** Returns the drawing, lines of at most WIDTH characters, each with its newline. */
export function drawForge(random: Random): string {
  const sky = Array.from({ length: SKY_ROWS }, () => new Array<string>(WIDTH).fill(' '));
  const sparks = FEWEST_SPARKS + random.below(MORE_SPARKS);
  for (let i = 0; i < sparks; i++) {
    const flight = random.below(1000) / 1000;
    const angle = (Math.PI * (50 + random.below(900))) / 1000;
    // Twice as wide as high, since a character is twice as high as wide.
    const column = STRIKE_COLUMN + Math.round(Math.cos(angle) * flight * SKY_ROWS * 2);
    const row = SKY_ROWS - 1 - Math.floor(Math.sin(angle) * flight * SKY_ROWS);
    // Near the blow they glow brightest.
    const cell = sky[row];
    if (cell?.[column] === ' ') cell[column] = GLOW[Math.floor(flight * GLOW.length)]!;
  }
  const lines = [...sky.map((cells) => cells.join('').trimEnd()), ...ANVIL];
  return lines.map((line) => `${line}\n`).join('');
}
