export {
  fitsInt64,
  integerTextLength,
  MAX_INTEGER_TEXT,
  parseInt64,
  parseSafeInteger,
  writeInteger,
} from './integer-text.ts';
export { type CommonRun, isLcsTooLarge, lcsLength, lcsRuns } from './lcs.ts';
export {
  addLongDoubles,
  LONG_DOUBLE_ZERO,
  type LongDouble,
  longDoubleText,
  NOT_FINITE,
  parseLongDouble,
} from './long-double.ts';
export {
  STRING_PLAIN,
  STRING_RAW,
  STRING_TEXT,
  stringEncoding,
} from './string-encoding.ts';
