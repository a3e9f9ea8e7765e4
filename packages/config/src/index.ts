// What other packages may use of the configuration.

export { checkConf, type LineReport, type Verdict } from './check-conf.ts';
export { type CliRequest, parseCliArgs } from './cli-args.ts';
export type { ConfSources, ReadConfFile } from './conf-file.ts';
export { Config, type ConfigTransfer, type SetOutcome } from './config.ts';
export {
  COMMAND_LINE,
  ConfigError,
  type ConfigProblem,
  type ConfigWarning,
  type ConfLine,
} from './config-error.ts';
export { configSetError, type Text } from './config-set.ts';
export type { Change, Directive, Status, Value } from './directive.ts';
export {
  type DirectiveName,
  directives,
  findDirective,
  type NamedDirective,
  type NameOf,
  type WordOf,
} from './directives.ts';
export type { OutputBufferLimit, OutputBufferLimits } from './output-buffer-limits.ts';
export { REWRITE_MARKER, RewriteError, type RewriteRequest, rewriteConf } from './rewrite.ts';
