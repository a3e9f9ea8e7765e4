// A connection as one line of text, as CLIENT LIST and CLIENT INFO show it: the fields of
// Redis 7.2 in its order.

import type { ClientFacts } from '../session.ts';

/** Returns the line with its newline. */
export function clientLine(facts: ClientFacts): string {
  const { inputBytes, outputBytes } = facts;
  const fields: (readonly [name: string, value: string | number])[] = [
    ['id', facts.id],
    ['addr', facts.address],
    ['laddr', facts.localAddress],
    ['fd', facts.fileDescriptor],
    ['name', facts.name],
    ['age', facts.ageSeconds],
    ['idle', facts.idleSeconds],
    ['flags', facts.flags],
    ['db', facts.db],
    ['sub', facts.channels],
    ['psub', facts.patterns],
    ['ssub', facts.shardChannels],
    ['multi', facts.queued],
    ['qbuf', inputBytes],
    // A request is run from the buffer it was read into, and replies are written to one that all
    // connections of a front share: there is no free room, copy or fixed buffer of a connection.
    ['qbuf-free', 0],
    ['argv-mem', 0],
    ['multi-mem', 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', 0],
    ['omem', outputBytes],
    ['tot-mem', inputBytes + outputBytes],
    ['events', outputBytes > 0 ? 'rw' : 'r'],
    ['cmd', facts.lastCommand === '' ? 'NULL' : facts.lastCommand],
    ['user', facts.user],
    ['redir', facts.redirect],
    ['resp', facts.resp],
    ['lib-name', facts.libName],
    ['lib-ver', facts.libVersion],
  ];
  return `${fields.map(([name, value]) => `${name}=${value}`).join(' ')}\n`;
}
