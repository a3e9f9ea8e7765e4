// Commands of an append-only file as a client may send them: Redis lets what it reads itself say a
// little more.

const TRIMMED = new Set(['xadd', 'xtrim']);

/**
 * Returns a command that means the same. Where Redis trims a stream about, it writes down how long
 * the stream was then, exactly, but leaves a LIMIT that is for trimming about only.
 */
export function asClient(command: readonly Buffer[]): readonly Buffer[] {
  const word = (index: number): string => command[index]?.toString('latin1').toLowerCase() ?? '';
  if (!TRIMMED.has(word(0))) return command;
  let isExact = false;
  for (let i = 2; i < command.length; ) {
    if (word(i) === 'nomkstream') {
      i++;
    } else if (word(i) === 'maxlen' || word(i) === 'minid') {
      isExact = word(i + 1) === '=';
      i += isExact || word(i + 1) === '~' ? 3 : 2;
    } else if (word(i) === 'limit') {
      return isExact ? [...command.slice(0, i), ...command.slice(i + 2)] : command;
    } else {
      break;
    }
  }
  return command;
}
