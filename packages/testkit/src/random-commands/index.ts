export { ACL_FAMILY } from './acl-commands.ts';
export * from './argument-source.ts';
export * from './command-generator.ts';
export * from './generated-command.ts';
export { allKeys, GLOBS } from './key-pool.ts';
export * from './prng.ts';
export { WRONG_TYPE_FAMILY } from './wrong-type-commands.ts';
