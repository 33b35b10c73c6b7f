// The shortest way from the first page to the first verified key, timed; then the example that the README shows.

import { join } from 'node:path';
import { check, elapsed_s, given, same, say } from './given.mjs';
import { story } from './lib.mjs';
import { becomes, button, link, rail, reads, registers, shownSecret, signsInByCode, titled, verdict } from './steps.mjs';

const NEW_HOST = { source_ip: '203.0.113.20' };
const OLD_HOST = { source_ip: '203.0.113.7' };

const calls = async (number, key, question, code) => {
  for (let i = 0; i < number; i += 1) {
    same((await verdict(key, question)).code, code);
  }
};

await story('picture', async (story) => {
  const ann = await story.person('Ann');
  const { page } = ann;

  await ann.does('goes from the first page to the first verified key', async () => {
    const start = elapsed_s();
    let pages = 0;
    page.on('framenavigated', () => (pages += 1));
    await signsInByCode(page, 'ann@acme.example');
    await titled(page, 'Register an organisation');
    await page.getByLabel('Name of the organisation').fill('Acme Travel');
    await button(page, 'Register organisation').click();
    await link(page.getByRole('main'), 'Create application').first().click();
    await page.getByRole('radio', { name: /^Business API/ }).check();
    await button(page, 'Proceed').click();
    await page.getByLabel('Name', { exact: true }).fill('Shop');
    await button(page, 'Create application').click();
    await page.getByLabel('Name', { exact: true }).fill('First steps');
    await button(page, 'Create key').click();
    const key = await shownSecret(page);
    await becomes(key, 'valid', { environment: 'sandbox', permissions: ['payouts:write'] });
    say(`from the first page to the first verified key: ${(elapsed_s() - start).toFixed(1)} s, ${pages} pages, 5 fields`);
    check(elapsed_s() - start < 60, 'within a minute');
    await link(page, 'I have stored it').click();
  });

  await ann.does('has a key in production whose old version is still used', async () => {
    await rail(page, 'Applications');
    await link(page, 'Shop').click();
    await link(page.getByRole('main'), 'Activate application').first().click();
    await button(page, 'Activate application').click();
    await link(page.getByRole('main'), 'Keys').click();
    await page.getByRole('navigation', { name: 'Environment' }).getByRole('link', { name: /Production/ }).click();
    await link(page.getByRole('main'), 'Create API key').first().click();
    await page.getByLabel('Name', { exact: true }).fill('Production backend');
    await page.getByRole('radio', { name: /^Choose/ }).check();
    for (const permission of ['transactions:read', 'payouts:write', 'customers:read']) {
      await page.getByLabel(permission).check();
    }
    await page.getByLabel('Networks').fill('203.0.113.0/24\n2001:db8::/32');
    await button(page, 'Create key').click();
    const old = await shownSecret(page);
    await link(page, 'I have stored it').click();
    await becomes(old, 'valid', OLD_HOST);
    await calls(86, old, OLD_HOST, 'valid');
    await link(page, 'Production backend').click();
    await titled(page, 'Production backend');
    const here = page.url();
    await link(page, 'Rotate key').click();
    await button(page, 'Rotate key').click();
    const fresh = await shownSecret(page);
    await link(page, 'I have stored it').click();
    await becomes(fresh, 'valid', NEW_HOST);
    await calls(240, fresh, NEW_HOST, 'valid');
    await calls(3, old, OLD_HOST, 'valid');
    await calls(2, fresh, { ...NEW_HOST, permissions: ['webhooks:write'] }, 'insufficient_permissions');
    await calls(1, fresh, { source_ip: '198.51.100.4' }, 'network_not_allowed');
    // What was used is reported once a second.
    for (const until = Date.now() + 15_000; Date.now() < until; ) {
      await page.goto(here);
      if ((await page.getByRole('main').innerText()).includes('241')) {
        break;
      }
    }
    await reads(page, 'An old version is still used');
    await reads(page, '241');
    // Down to the end of the versions.
    await page.setViewportSize({ width: 1280, height: 924 });
    await page.screenshot({ path: join(given.screenshots, 'picture.png') });
  });
});
