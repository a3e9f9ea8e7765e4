// The package's face: the stores and the write-ahead log.

export { type FileSystem, nodeFileSystem } from './file-system.ts';
export {
  type NamespaceFacts,
  NamespaceFileError,
  NamespaceWriteError,
  readNamespaces,
  writeNamespaces,
} from './namespace-file.ts';
export * from './store/index.ts';
export * from './wal/index.ts';
