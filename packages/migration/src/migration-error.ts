// What a person has to be told when a file cannot be taken in or written.

/** A file that is no such file, is damaged or cut off, or a server that refuses to go on. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
