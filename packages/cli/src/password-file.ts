// The password of the default user from a file that the environment names: how Kubernetes, Docker
// and systemd hand secrets over. Neither the command line nor redis.conf has to have it.

import { closeSync, openSync, readSync } from 'node:fs';
import { ConfigError, type ConfLine } from '@forgekv/config';

/** Names the file. Options of the command line win over it, it wins over redis.conf. */
export const PASSWORD_FILE_VARIABLE = 'FORGEKV_REQUIREPASS_FILE';

/** Of a password, with the newline that may be behind it. */
const MAX_BYTES = 4096;

/**
 * The line of configuration that the file stands for; none when the variable is not set or empty.
 * One newline at the end of the file is not a part of the password.
 * @throws ConfigError when the file cannot be read, is empty, too long, or more than one line: a
 *   server without the password that somebody wanted must not start
 */
export function passwordFromFile(env: NodeJS.ProcessEnv): ConfLine[] {
  const path = env[PASSWORD_FILE_VARIABLE] ?? '';
  if (path === '') return [];
  const refuse = (why: string): ConfigError => {
    const reason = `${PASSWORD_FILE_VARIABLE}: ${why}`;
    return new ConfigError([{ file: path, line: 0, text: '', reason }]);
  };
  let text: string;
  try {
    const bytes = readUpTo(path, MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) throw new Error(`has more than ${MAX_BYTES} bytes`);
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw refuse('is empty');
  if (/[\r\n\0]/.test(password)) throw refuse('more than one line');
  return [{ file: path, line: 1, text: '', words: ['requirepass', password] }];
}

/** Not more: the path may be /dev/zero. */
function readUpTo(path: string, mostBytes: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(mostBytes);
    let length = 0;
    while (length < mostBytes) {
      const count = readSync(descriptor, buffer, length, mostBytes - length, null);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
