// A file system in memory that forgets what was not synced: after a crash, writes since the last
// fdatasync are there, missing, in another order, or torn; names since the last sync of the
// directory too. Fails on demand. One flat directory; no permissions, no links between files.

import type { Random } from '@forgekv/base';
import type { FileSystem } from '../src/file-system.ts';

export type Operation =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'sync'
  | 'rename'
  | 'unlink'
  | 'syncDirectory';

interface Write {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Inode {
  data: Uint8Array;
  size: number;
  durable: Uint8Array;
  durableSize: number;
  pending: Write[];
}

type NameChange = (names: Map<string, Inode>) => void;

function failure(code: string, operation: string): Error {
  return Object.assign(new Error(`${code}: ${operation}`), { code });
}

function grown(bytes: Uint8Array, size: number): Uint8Array {
  if (size <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(size, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

export class FaultFileSystem implements FileSystem {
  readonly #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  readonly #open = new Map<number, Inode>();
  #nextFd = 3;
  readonly #counts = new Map<Operation, number>();
  #fault: { operation: Operation; at: number; code: string } | undefined;
  /** Bytes all files together may take. */
  spaceBytes = Number.POSITIVE_INFINITY;
  /** Called before each operation that changes something. */
  beforeChange: (operation: Operation) => void = () => {};
  /** Makes some writes and reads stop short. */
  short: Random | undefined;

  /** The n-th operation of this kind from now on fails, once; 1 is the next. */
  failAt(operation: Operation, n: number, code: string): void {
    this.#fault = { operation, at: this.count(operation) + n, code };
  }

  count(operation: Operation): number {
    return this.#counts.get(operation) ?? 0;
  }

  get openCount(): number {
    return this.#open.size;
  }

  #operate(operation: Operation): void {
    if (operation !== 'read' && operation !== 'open') this.beforeChange(operation);
    const count = this.count(operation) + 1;
    this.#counts.set(operation, count);
    if (this.#fault?.operation === operation && this.#fault.at === count) {
      const { code } = this.#fault;
      this.#fault = undefined;
      throw failure(code, operation);
    }
  }

  #inode(fd: number): Inode {
    const inode = this.#open.get(fd);
    if (inode === undefined) throw failure('EBADF', String(fd));
    return inode;
  }

  #openName(path: string): number {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure('ENOENT', path);
    this.#open.set(this.#nextFd, inode);
    return this.#nextFd++;
  }

  #change(change: NameChange): void {
    change(this.#names);
    this.#pendingNames.push(change);
  }

  openRead(path: string): number {
    this.#operate('open');
    return this.#openName(path);
  }

  openWrite(path: string): number {
    this.#operate('open');
    return this.#openName(path);
  }

  create(path: string): number {
    this.#operate('create');
    if (this.#names.has(path)) throw failure('EEXIST', path);
    const none = new Uint8Array(0);
    const inode = { data: none, size: 0, durable: none, durableSize: 0, pending: [] };
    this.#change((names) => names.set(path, inode));
    return this.#openName(path);
  }

  close(fd: number): void {
    this.#inode(fd);
    this.#open.delete(fd);
  }

  pread(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number {
    this.#operate('read');
    const { data, size } = this.#inode(fd);
    let count = Math.max(0, Math.min(length, size - position));
    if (count > 1 && this.short?.chance(0.1)) count = 1 + this.short.below(count - 1);
    bytes.set(data.subarray(position, position + count), offset);
    return count;
  }

  pwrite(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number {
    this.#operate('write');
    const inode = this.#inode(fd);
    let count = length;
    if (count > 1 && this.short?.chance(0.1)) count = 1 + this.short.below(count - 1);
    const growth = Math.max(0, position + count - inode.size);
    if (growth > this.spaceBytes - this.usedBytes) throw failure('ENOSPC', 'write');
    const copy = bytes.slice(offset, offset + count);
    inode.data = grown(inode.data, position + count);
    inode.data.set(copy, position);
    inode.size = Math.max(inode.size, position + count);
    inode.pending.push({ offset: position, bytes: copy });
    return count;
  }

  get usedBytes(): number {
    return [...new Set(this.#names.values())].reduce((sum, { size }) => sum + size, 0);
  }

  fdatasync(fd: number): void {
    const inode = this.#inode(fd);
    try {
      this.#operate('sync');
    } catch (error) {
      // The kernel forgets that these pages were dirty: they are never written.
      inode.pending = [];
      throw error;
    }
    inode.durable = grown(inode.durable, inode.size);
    for (const { offset, bytes } of inode.pending) inode.durable.set(bytes, offset);
    inode.durableSize = inode.size;
    inode.pending = [];
  }

  size(fd: number): number {
    return this.#inode(fd).size;
  }

  rename(from: string, to: string): void {
    this.#operate('rename');
    if (!this.#names.has(from)) throw failure('ENOENT', from);
    this.#change((names) => {
      const inode = names.get(from);
      if (inode === undefined) return;
      names.delete(from);
      names.set(to, inode);
    });
  }

  unlink(path: string): void {
    this.#operate('unlink');
    if (!this.#names.has(path)) throw failure('ENOENT', path);
    this.#change((names) => names.delete(path));
  }

  link(from: string, to: string): void {
    const inode = this.#names.get(from);
    if (inode === undefined) throw failure('ENOENT', from);
    this.#change((names) => names.set(to, inode));
  }

  mkdir(): void {}

  list(path: string): string[] {
    const prefix = `${path}/`;
    return [...this.#names.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  syncDirectory(): void {
    this.#operate('syncDirectory');
    this.#durableNames = new Map(this.#names);
    this.#pendingNames = [];
  }

  exists(path: string): boolean {
    return this.#names.has(path);
  }

  /** The bytes of a file, to look at or to damage. */
  contents(path: string): Uint8Array {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode.data.subarray(0, inode.size);
  }

  /** What a machine finds that lost its power now; this one goes on as if it had not. */
  crash(random: Random): FaultFileSystem {
    const names = new Map(this.#durableNames);
    // Journals keep the order of names; a file system without one keeps what it likes.
    const keepsOrder = random.chance(0.5);
    const kept = keepsOrder ? random.below(this.#pendingNames.length + 1) : 0;
    this.#pendingNames.forEach((change, i) => {
      if (keepsOrder ? i < kept : random.chance(0.5)) change(names);
    });
    const after = new FaultFileSystem();
    const copies = new Map<Inode, Inode>();
    const chance = random.pick([0, 0.2, 0.5, 0.9, 1]);
    for (const [name, inode] of names) {
      const copy = copies.get(inode) ?? survivor(inode, random, chance);
      copies.set(inode, copy);
      after.#names.set(name, copy);
    }
    after.#durableNames = new Map(after.#names);
    return after;
  }

  /** What is found when only the process died. */
  restart(): FaultFileSystem {
    const after = new FaultFileSystem();
    for (const [name, { data, size }] of this.#names) {
      const bytes = data.slice(0, size);
      after.#names.set(name, { data: bytes, size, durable: bytes, durableSize: size, pending: [] });
    }
    after.#durableNames = new Map(after.#names);
    return after;
  }
}

/** The synced bytes, and of each later write all, nothing, or some sectors. */
function survivor(inode: Inode, random: Random, chance: number): Inode {
  let durable: Uint8Array = inode.durable.slice(0, inode.durableSize);
  let size = inode.durableSize;
  for (const { offset, bytes } of inode.pending) {
    if (bytes.length === 0 || !random.chance(chance)) continue;
    const isTorn = random.chance(0.5);
    const sector = isTorn ? random.pick([512, 4096]) : bytes.length;
    for (let at = 0; at < bytes.length; ) {
      // Sectors are aligned in the file, not in the write.
      const end = isTorn
        ? Math.min(bytes.length, at + sector - ((offset + at) % sector))
        : bytes.length;
      if (!isTorn || random.chance(0.6)) {
        durable = grown(durable, offset + end);
        durable.set(bytes.subarray(at, end), offset + at);
        size = Math.max(size, offset + end);
      }
      at = end;
    }
  }
  return { data: durable.slice(), size, durable, durableSize: size, pending: [] };
}
