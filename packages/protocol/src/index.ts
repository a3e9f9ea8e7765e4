export { doubleText } from './double-text.ts';
export { ReplyWriter } from './reply-writer.ts';
export {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  COMMAND_WORDS,
  MAX_COMMANDS_PER_PARSE,
  MAX_INLINE_BYTES,
  type PartialCommand,
  type RequestLimits,
  RequestParser,
} from './request-parser.ts';
