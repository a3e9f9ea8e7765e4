// docs/configuration.md says what the table of directives says.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { configurationPage, strayPurposes, withoutPurpose } from './support/configuration-page.ts';

const PAGE = fileURLToPath(new URL('../../../../docs/configuration.md', import.meta.url));

test('the page of the configuration is up to date', async (t) => {
  const how = 'node packages/config/dist/test/support/write-page.js writes it anew';
  t.equal(readFileSync(PAGE, 'utf8'), configurationPage(), how);
});

test('what directives are for', async (t) => {
  t.same(strayPurposes(), [], 'said of directives that are there');
  t.same(withoutPurpose(), [], 'said of all that Redis does not have');
});
