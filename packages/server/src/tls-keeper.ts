// Keeps the fronts supplied with what TLS connections are made with: at the start, when CONFIG SET
// changes it, and when the files change on disk. Connections that are there are never touched.
//
// Files are looked at once a second, by name and through links: a Kubernetes secret is swapped by
// changing one link of a path, which a watch on the file itself does not see. Certificate and key
// are two files, written one after the other by most programs, so they are read once they have
// stayed the same from one look to the next; and what does not fit together is told and not used.

import { stat } from 'node:fs/promises';
import type { Config } from '@forgekv/config';
import type { FrontHandle, TlsMaterial } from '@forgekv/front';
import type { Logger } from 'pino';
import {
  describeCertificate,
  isOutOfDate,
  readTlsMaterial,
  TlsError,
  tlsPaths,
} from './tls-files.ts';

const LOOK_MS = 1000;

/** True for the directives that say how TLS connections are made. */
export function isAboutTls(name: string): boolean {
  return name.toLowerCase().startsWith('tls-');
}

export interface TlsKeeperModules {
  readonly config: Config;
  /** Names of files are relative to it. */
  readonly directory: string;
  readonly fronts: () => readonly FrontHandle[];
  readonly log: Logger;
}

export class TlsKeeper {
  readonly #m: TlsKeeperModules;
  #material: TlsMaterial | null = null;
  /** How the files looked when they were read last, and in the look before this one. */
  #readAs = '';
  #seenAs = '';
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(modules: TlsKeeperModules) {
    this.#m = modules;
  }

  /** True where TLS is spoken at all. */
  get isOn(): boolean {
    return this.#m.config.integer('tls-port') !== 0;
  }

  /**
   * Reads what is configured, where TLS is spoken at all, and watches the files from then on.
   * @throws TlsError
   */
  async start(): Promise<void> {
    if (!this.isOn) return;
    this.#readAs = await this.#look();
    this.#take(this.#read());
    this.#lookLater();
  }

  /**
   * Reads anew after CONFIG SET when it was about TLS.
   * @param changed names of directives
   * @returns why what is configured now cannot be used, or null
   */
  configured(changed: readonly string[]): string | null {
    if (!this.isOn || !changed.some(isAboutTls)) return null;
    try {
      this.#take(this.#read());
      return null;
    } catch (error) {
      if (error instanceof TlsError) return error.message;
      throw error;
    }
  }

  /** Gives it to the fronts; resolves when new connections are made with what was read last. */
  async handOut(): Promise<void> {
    const material = this.#material;
    if (material === null) return;
    await Promise.all(this.#m.fronts().map((front) => front.secure(material)));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #take(material: TlsMaterial): void {
    this.#material = material;
    const text = describeCertificate(material);
    if (isOutOfDate(material, Date.now())) this.#m.log.warn(`TLS: ${text}: not valid now`);
    else this.#m.log.info(`TLS: ${text}`);
  }

  /** Synchronous, so that no other change of the configuration comes in between. */
  #read(): TlsMaterial {
    return readTlsMaterial(this.#m.config, this.#m.directory);
  }

  #lookLater(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#check(), LOOK_MS).unref();
  }

  async #check(): Promise<void> {
    const looks = await this.#look();
    const isSettled = looks === this.#seenAs;
    this.#seenAs = looks;
    if (isSettled && looks !== this.#readAs) {
      this.#readAs = looks;
      await this.#readAnew();
    }
    this.#lookLater();
  }

  async #readAnew(): Promise<void> {
    let material: TlsMaterial;
    try {
      material = this.#read();
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      const { message } = error;
      this.#m.log.warn(`TLS: files have changed and cannot be used, as before goes on: ${message}`);
      return;
    }
    // Touched, or read already by CONFIG SET: sessions need not begin anew for that.
    if (this.#material !== null && isSame(material, this.#material)) return;
    this.#take(material);
    await this.handOut();
    this.#m.log.info('TLS: files have changed; new connections are made with the new ones');
  }

  /** The state of all files in a line: another line means that one of them has changed. */
  async #look(): Promise<string> {
    const { config, directory } = this.#m;
    let paths: string[];
    try {
      paths = tlsPaths(config, directory);
    } catch (error) {
      // A directory in the middle of being replaced.
      return (error as Error).message;
    }
    return (await Promise.all(paths.map(stateOf))).join(' ');
  }
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  const text = (material: TlsMaterial) => JSON.stringify({ ...material, ticketKeys: null });
  return text(a) === text(b);
}

async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${path}:${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch (error) {
    return `${path}:${(error as NodeJS.ErrnoException).code}`;
  }
}
