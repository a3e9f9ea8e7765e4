// What the package offers.

export { type ExportOptions, type ExportReport, exportFile } from './export.ts';
export { type ImportOptions, type ImportReport, importFiles } from './import.ts';
export { MigrationError } from './migration-error.ts';
export { NEWEST_RDB_VERSION } from './rdb-file.ts';
