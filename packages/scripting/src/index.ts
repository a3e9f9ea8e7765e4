export { FunctionEngine } from './functions/function-engine.ts';
export {
  FunctionLibraries,
  type FunctionLibrary,
  flagNames,
  type LibraryFunction,
  parseLibraryHead,
  readOnlyProblem,
} from './functions/function-library.ts';
export { type FunctionListOptions, writeFunctionList } from './functions/function-list.ts';
export {
  dumpLibraries,
  RESTORE_APPEND,
  RESTORE_FLUSH,
  RESTORE_REPLACE,
  type RestorePolicy,
  readLibraryCodes,
} from './functions/function-payload.ts';
export { DEFAULT_LIMITS, LuaEngine } from './lua-engine.ts';
export { FLAG_NAMES, parseShebang, type Shebang } from './script-flags.ts';
export * from './script-host.ts';
