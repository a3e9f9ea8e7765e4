/** The family of commands about the connection itself: PING, ECHO, its name, silent replies. */
import type { ArgumentSource } from './argument-source.ts';
import { type CommandFamily, type GeneratedCommand, generated } from './generated-command.ts';

const NAMES: readonly (string | Buffer)[] = [
  ...['worker-1', 'a', '', 'with space', 'line\nbreak', '!~', 'имя', '"q"', 'x'.repeat(300)],
  ...[Buffer.from('nul\0'), Buffer.from([127]), Buffer.from([255])],
];

function makePing(source: ArgumentSource): GeneratedCommand {
  return generated(source.percent(60) ? ['PING'] : ['PING', source.value(source.key())]);
}

function makeEcho(source: ArgumentSource): GeneratedCommand {
  return generated(['ECHO', source.value(source.key())]);
}

function makeWrongClient(source: ArgumentSource): GeneratedCommand {
  const wrong = [
    ...[['CLIENT'], ['CLIENT', 'NOSUCH'], ['CLIENT', ''], ['CLIENT', 'GETNAME', 'x']],
    ...[
      ['CLIENT', 'SETNAME'],
      ['CLIENT', 'SETNAME', 'a', 'b'],
      ['CLIENT', 'REPLY'],
    ],
    ...[
      ['CLIENT', 'REPLY', 'MAYBE'],
      ['CLIENT', 'REPLY', 'ON', 'x'],
      ['CLIENT', 'NOSUCH', 'a b'],
    ],
  ];
  return generated(source.prng.pick(wrong), { label: 'CLIENT (wrong)' });
}

/** A command that cannot change how many replies follow, to be run silently. */
function quiet(source: ArgumentSource): GeneratedCommand {
  const key = source.key();
  const args = source.prng.pick([
    ['SET', key, source.value(key)],
    ['APPEND', key, 'q'],
    ['GET', key],
    ['DEL', key],
    ['NOSUCHCOMMAND'],
    ['GET'],
    ['CLIENT', 'REPLY', 'SKIP'],
    ['CLIENT', 'REPLY', 'NOSUCH'],
  ]);
  return generated(args, { label: 'CLIENT REPLY', keys: [key], silent: true, fixed: true });
}

/**
 * OFF, a few commands nobody answers, ON (which answers OK); or SKIP, one such command, and a PING.
 * A run ends with a reply because only a reply tells that the silent commands were executed.
 */
function makeReply(source: ArgumentSource): GeneratedCommand[] {
  const reply = (word: string, silent: boolean) =>
    generated(['CLIENT', 'REPLY', word], { label: 'CLIENT REPLY', silent, fixed: true });
  const skipped = () => {
    let command = quiet(source);
    // After SKIP a second SKIP, or an ON, would concern the command after it.
    while (command.args[0]?.toString() === 'CLIENT') command = quiet(source);
    return command;
  };
  if (source.percent(20)) return [reply('ON', false)];
  if (source.percent(40)) {
    const ping = generated(['PING'], { label: 'CLIENT REPLY', fixed: true });
    return [reply('SKIP', true), skipped(), ping];
  }
  const middle = Array.from({ length: source.prng.below(6) }, () => quiet(source));
  return [reply('OFF', true), ...middle, reply('ON', false)];
}

export const CONNECTION_FAMILY: CommandFamily = {
  name: 'connection',
  recipes: [
    { name: 'PING', weight: 8, make: makePing },
    { name: 'ECHO', weight: 8, make: makeEcho },
    {
      name: 'CLIENT GETNAME',
      weight: 5,
      make: () => generated(['CLIENT', 'GETNAME'], { label: 'CLIENT GETNAME' }),
    },
    {
      name: 'CLIENT SETNAME',
      weight: 5,
      make: (source) =>
        generated(['CLIENT', 'SETNAME', source.prng.pick(NAMES)], { label: 'CLIENT SETNAME' }),
    },
    { name: 'CLIENT REPLY', weight: 4, make: makeReply },
    { name: 'CLIENT (wrong)', weight: 3, make: makeWrongClient },
  ],
};
