// HELP of every container: what its subcommands are, from the catalog, those only that exist.

import type { CommandContext } from '../context.ts';
import type { FrontHandler } from '../handler.ts';
import { DONE } from '../outcome.ts';

/** `index:int` in a syntax tells the type; a reader needs the name only. */
const TYPE_MARK = /:(int|float|time|pattern)\b/g;

/** Makes the HELP function of a container, named in lower case. */
export function helpOn(container: string): FrontHandler['run'] {
  return (c: CommandContext, _, { commands }) => {
    const called = c.request.text(0).toUpperCase();
    const lines = [`${called} <subcommand> [<arg> ...], where <subcommand> is one of:`];
    for (const id of commands.subcommandIds(commands.idOf(container))) {
      const { args, summary, upperName } = commands.specs[id]!;
      const name = upperName.slice(container.length + 1);
      lines.push(`${name} ${args.replace(TYPE_MARK, '')}`.trimEnd(), `    ${summary}`);
    }
    c.reply.array(lines.length);
    for (const line of lines) c.reply.simple(line);
    return DONE;
  };
}
