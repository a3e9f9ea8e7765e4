// The configuration of the running server: CONFIG SET for all threads, CONFIG REWRITE of the file.

import { readFileSync } from 'node:fs';
import { CATALOG, runnableNames } from '@forgekv/catalog';
import { type Config, type ConfigTransfer, configSetError, rewriteConf } from '@forgekv/config';
import type { Logger } from 'pino';
import type { AclKeeper } from './acl-keeper.ts';
import { setLogLevel } from './log.ts';
import { reasonOf, replaceFile } from './replace-file.ts';
import { isAboutTls, type TlsKeeper } from './tls-keeper.ts';

/** Redis: 7.0 listens anew when these are set. Here that takes a restart, and is not pretended. */
const FIXED_AT_START = ['port', 'tls-port', 'bind'];

export interface ConfigKeeperModules {
  readonly config: Config;
  /** The absolute path of the file it was read from, or ''. */
  readonly configFile: string;
  /** The absolute path of the data directory. */
  readonly directory: string;
  /** A password that is not to be written into the file; '' = there is none. */
  readonly secretPassword: string;
  readonly users: AclKeeper;
  readonly tls: TlsKeeper;
  readonly threads: () => readonly { configure(config: ConfigTransfer): Promise<unknown> }[];
  readonly log: Logger;
}

/** Names of the commands there are, in lower case, without subcommands. */
export function commandNames(): string[] {
  const names = runnableNames(CATALOG).map((name) => name.toLowerCase().split('|', 1)[0]!);
  return [...new Set(names)];
}

export class ConfigKeeper {
  readonly #m: ConfigKeeperModules;

  constructor(modules: ConfigKeeperModules) {
    this.#m = modules;
    const { config, log } = modules;
    const names = new Set(commandNames());
    for (const [name, newName] of config.renamedCommands()) {
      // Redis: does not start. But what is not there cannot be called, which is what is wanted.
      if (names.delete(name.toLowerCase())) names.add(newName.toLowerCase());
      else log.warn(`rename-command: there is no command ${name}`);
    }
  }

  /**
   * CONFIG SET: resolves when every thread works by it, to null or the error text.
   * @param isLocal whether the client is on this machine
   */
  async set(
    pairs: readonly (readonly [string, string])[],
    isLocal: boolean,
  ): Promise<string | null> {
    const { config, log, threads, tls, users } = this.#m;
    const fixed = pairs.find(([name]) => FIXED_AT_START.includes(name.toLowerCase()));
    if (fixed !== undefined) return configSetError(fixed[0], "can't be changed while it runs");
    const before = config.toTransfer();
    const outcome = config.set(pairs, { isLocal });
    if (!outcome.ok) return outcome.error;
    const problem = tls.configured(outcome.changed);
    if (problem !== null) {
      config.adopt(before);
      const [name] = pairs.find(([name]) => isAboutTls(name)) ?? [''];
      return configSetError(name, `Unable to update TLS configuration: ${problem}`);
    }
    setLogLevel(log, config.word('loglevel'));
    const transfer = config.toTransfer();
    await Promise.all(threads().map((thread) => thread.configure(transfer)));
    if (outcome.changed.some(isAboutTls)) await tls.handOut();
    users.configure();
    const names = pairs.map(([name]) => name.toLowerCase());
    if (names.includes('requirepass')) await users.passwordChanged();
    log.info(`configuration changed: ${outcome.changed.join(' ')}`);
    return null;
  }

  /**
   * CONFIG REWRITE; resolves to null or the error text. In one go, so that no change of the
   * configuration or of a user comes in between, and only this thread waits for the disk.
   */
  async rewrite(): Promise<string | null> {
    const { config, configFile, directory, users, log, secretPassword } = this.#m;
    const isSecret = secretPassword !== '' && config.text('requirepass') === secretPassword;
    if (configFile === '') return 'ERR The server is running without a config file';
    try {
      const content = rewriteConf({
        ...{ path: configFile, before: readIfThere(configFile), config, directory },
        users: config.text('aclfile') === '' ? users.lines : null,
        leftAlone: isSecret ? ['requirepass'] : [],
      });
      replaceFile(configFile, content);
    } catch (error) {
      const why = reasonOf(error as NodeJS.ErrnoException).replace(/[\r\n]+/g, '; ');
      log.warn(`rewriting ${configFile}: ${why}`);
      return `ERR Rewriting config file: ${why}`;
    }
    log.info(`${configFile} has been rewritten`);
    return null;
  }
}

/** The file may have been removed since the start: then it is made anew. */
function readIfThere(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array();
    throw error;
  }
}
