// Writes docs/configuration.md anew: `node packages/config/dist/test/support/write-page.js`.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configurationPage } from './configuration-page.ts';

const PAGE = fileURLToPath(new URL('../../../../../docs/configuration.md', import.meta.url));

writeFileSync(PAGE, configurationPage());
