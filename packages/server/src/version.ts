// The version of this server.

import { readFileSync } from 'node:fs';

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** As in the package manifest. */
export const VERSION: string = manifest.version;
