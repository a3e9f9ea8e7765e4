// The package's face: the stores and the write-ahead log.

export { type FileSystem, nodeFileSystem } from './file-system.ts';
export {
  FUNCTION_FILE,
  type FunctionFacts,
  FunctionFileError,
  readFunctions,
  writeFunctions,
} from './function-file.ts';
export {
  type NamespaceFacts,
  NamespaceFileError,
  NamespaceWriteError,
  readNamespaces,
  writeNamespaces,
} from './namespace-file.ts';
export * from './store/index.ts';
export * from './wal/index.ts';
