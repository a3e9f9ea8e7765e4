// The files of the console: read once, named in a list, so that no path of a request ever becomes a
// path of the file system. They lie beside the bundle (scripts/src/bundle.ts).

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  /** The body as gzip, when it is there already. */
  readonly zipped?: Buffer;
  /** Changes with the body. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Path of a request, file, type. */
const FILES = [
  ['/', 'console.html', 'text/html; charset=utf-8'],
  ['/console.js', 'console.js', 'text/javascript; charset=utf-8'],
  ['/console.css', 'console.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'console.svg', 'image/svg+xml'],
] as const;

export class ConsoleFiles {
  readonly #answers = new Map<string, Answer>();

  /** @param directory where the files are; what is not there is not served */
  constructor(directory: URL = new URL('./', import.meta.url)) {
    for (const [path, name, type] of FILES) {
      const file = new URL(name, directory);
      if (!existsSync(file)) continue;
      const body = readFileSync(file);
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      this.#answers.set(path, { status: 200, type, body, zipped: gzipSync(body), etag });
    }
  }

  /** The file for the path of a request. */
  find(path: string): Answer | undefined {
    return this.#answers.get(path);
  }
}
