// The files the log and its tests need, synchronous and small, so that a model with faults can
// stand in for it. Not a general file system: no streams, no permissions, no watching.

import fs from 'node:fs';

/**
 * Every call throws NodeJS.ErrnoException (`code`, and mostly `errno`) when it fails. A file
 * descriptor is a plain number that all threads of the process may use; worker threads that
 * share them must be started with `trackUnmanagedFds: false`.
 */
export interface FileSystem {
  /** Opens an existing file for reading. */
  openRead(path: string): number;
  /** Opens an existing file for reading and writing. */
  openWrite(path: string): number;
  /** Makes a new, empty file for reading and writing; EEXIST when the name is taken. */
  create(path: string): number;
  close(fd: number): void;
  /** Reads at most `length` bytes into `bytes` at `offset`; returns how many, 0 at the end. */
  pread(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  /** Writes at most `length` bytes of `bytes` from `offset`; returns how many. */
  pwrite(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  /** Returns when the file's bytes and its length are durable. */
  fdatasync(fd: number): void;
  /** Bytes in the file. */
  size(fd: number): number;
  /** Replaces `to` when it exists. Durable after `syncDirectory`, as the next three. */
  rename(from: string, to: string): void;
  unlink(path: string): void;
  link(from: string, to: string): void;
  /** Makes a directory and those above it; no error when it is there. */
  mkdir(path: string): void;
  /** Names in a directory, in no order. */
  list(path: string): string[];
  /** Returns when the directory's names are durable. */
  syncDirectory(path: string): void;
  exists(path: string): boolean;
}

/** The operating system's files. */
export const nodeFileSystem: FileSystem = {
  openRead: (path) => fs.openSync(path, 'r'),
  openWrite: (path) => fs.openSync(path, 'r+'),
  create: (path) => fs.openSync(path, 'wx+', 0o600),
  close: (fd) => fs.closeSync(fd),
  pread: (fd, bytes, offset, length, position) => fs.readSync(fd, bytes, offset, length, position),
  pwrite: (fd, bytes, offset, length, position) =>
    fs.writeSync(fd, bytes, offset, length, position),
  fdatasync: (fd) => fs.fdatasyncSync(fd),
  size: (fd) => fs.fstatSync(fd).size,
  rename: (from, to) => fs.renameSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  link: (from, to) => fs.linkSync(from, to),
  mkdir: (path) => {
    fs.mkdirSync(path, { recursive: true });
  },
  list: (path) => fs.readdirSync(path),
  syncDirectory: (path) => {
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  exists: (path) => fs.existsSync(path),
};

/** Writes all of `length` bytes; a kernel that takes none of them is an EIO. */
export function writeFully(
  files: FileSystem,
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): void {
  let done = 0;
  while (done < length) {
    const count = files.pwrite(fd, bytes, offset + done, length - done, position + done);
    if (count <= 0) throw Object.assign(new Error('EIO: nothing was written'), { code: 'EIO' });
    done += count;
  }
}

/** Reads until `length` bytes are there or the file ends; returns how many. */
export function readFully(
  files: FileSystem,
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  let done = 0;
  while (done < length) {
    const count = files.pread(fd, bytes, offset + done, length - done, position + done);
    if (count <= 0) break;
    done += count;
  }
  return done;
}
