export { checkDirectory, type DirectoryReport } from './check-directory.ts';
export { commandNames } from './config-keeper.ts';
export { DataDirectoryError } from './data-directory.ts';
export { canSharePort, type Reachable } from './listeners.ts';
export { createLog } from './log.ts';
export { Server, type ServerOptions } from './server.ts';
export { VERSION } from './version.ts';
