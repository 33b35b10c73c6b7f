// The shortest way from the first page to the first verified key, timed; then the example of the README's picture.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { check, elapsed_s, given, say } from './given.mjs';
import { story } from './lib.mjs';
import { becomes, button, link, reads, registers, shownSecret, signsInByCode, titled, verdict } from './steps.mjs';

await story('picture', async (story) => {
  const ann = await story.person('Ann');
  const { page } = ann;
  const start = elapsed_s();
  let pages = 0;
  page.on('framenavigated', (frame) => (pages += frame === page.mainFrame() ? 1 : 0));

  const key = await ann.does('signs in, registers, creates an application and makes a key', async () => {
    await signsInByCode(page, 'ann@acme.example');
    await titled(page, 'Register an organisation');
    await page.getByLabel('Name of the organisation').fill('Acme Travel');
    await button(page, 'Register organisation').click();
    return 'pending';
  });
  check(key, 'a key');
});
