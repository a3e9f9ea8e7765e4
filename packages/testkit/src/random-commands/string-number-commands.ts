/** Random commands that read a string as a number: the INCR group. */
import type { ArgumentSource } from './argument-source.ts';
import { type CommandRecipe, keyRecipe } from './generated-command.ts';
import { BAD_FLOATS, EDGE_FLOATS, shortFloat } from './value-texts.ts';

const counterKey = (source: ArgumentSource) => source.keyOf('counter');
const floatKey = (source: ArgumentSource) => source.keyOf(source.percent(20) ? 'counter' : 'float');

function floatText(source: ArgumentSource): string | Buffer {
  const dice = source.prng.below(12);
  if (dice < 2) return source.prng.pick(EDGE_FLOATS);
  return dice === 2 ? source.prng.pick(BAD_FLOATS) : shortFloat(source.prng);
}

export const STRING_NUMBER_RECIPES: readonly CommandRecipe[] = [
  keyRecipe('INCR', 40, () => [], counterKey),
  keyRecipe('DECR', 25, () => [], counterKey),
  keyRecipe('INCRBY', 30, (source) => [source.integer(-1000, 1000)], counterKey),
  keyRecipe('DECRBY', 25, (source) => [source.integer(-1000, 1000)], counterKey),
  keyRecipe('INCRBYFLOAT', 40, (source) => [floatText(source)], floatKey),
];
