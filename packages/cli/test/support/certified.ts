// Certificates on disk, for servers that speak TLS.

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority, type CertifiedKey, type TlsClient } from '@forgekv/testkit';
import type { Test } from 'tap';
import { temporaryDirectory } from './spawned.ts';

/** A directory with the files of one server, and the authority that signs them. */
export class Certified {
  readonly authority = new CertificateAuthority();
  readonly dir: string;
  /** What clients need to know. */
  readonly client: TlsClient = { ca: this.authority.cert };

  constructor(t: Test) {
    this.dir = temporaryDirectory(t);
    writeFileSync(this.path('ca.crt'), this.authority.cert);
    this.write(this.authority.issue());
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** Puts a certificate and its key where the server looks for them. */
  write({ cert, key }: CertifiedKey, name = 'server'): void {
    writeFileSync(this.path(`${name}.crt`), cert);
    writeFileSync(this.path(`${name}.key`), key);
  }

  /** The options of a server that speaks TLS; nobody has to show a certificate. */
  get args(): string[] {
    return [
      ...['--tls-cert-file', this.path('server.crt'), '--tls-key-file', this.path('server.key')],
      ...['--tls-auth-clients', 'no'],
    ];
  }
}

/** A secret as Kubernetes mounts it: `name` is a link through `..data`, which is swapped. */
export class MountedSecret {
  readonly #dir: string;
  #version = 0;

  constructor(dir: string, files: Readonly<Record<string, string>>) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
    this.replace(files);
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(dir, name));
  }

  path(name: string): string {
    return join(this.#dir, name);
  }

  /** All files change in one step. */
  replace(files: Readonly<Record<string, string>>): void {
    const before = `..v${this.#version}`;
    const now = `..v${++this.#version}`;
    mkdirSync(join(this.#dir, now));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(this.#dir, now, name), text);
    }
    symlinkSync(now, join(this.#dir, '..data_tmp'));
    renameSync(join(this.#dir, '..data_tmp'), join(this.#dir, '..data'));
    rmSync(join(this.#dir, before), { recursive: true, force: true });
  }
}
