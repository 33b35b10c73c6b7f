// A customer from the first mail to a revoked key, by clicking; once with scripts and once without.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { look } from './checks.mjs';
import { check, given, same } from './given.mjs';
import { story } from './lib.mjs';
import { asksForMail, becomes, button, link, rail, reads, registers, shownSecret, signsInByCode, signsInByLink, titled, verdict } from './steps.mjs';

const ANN = 'ann@acme.example';
const HOME = { source_ip: '127.0.0.1' };
const KEY = /^kw_live_[0-9A-Za-z]{36}$/;

await story(given.scripts ? 'customer' : 'customer-without-scripts', async (story) => {
  const ann = await story.person('Ann', { javaScriptEnabled: given.scripts });
  const { page } = ann;
  let keyPage;
  // Without scripts the pages look the same but for what only scripts can do.
  const looks = (name) => look(ann, given.scripts ? name : `no-script-${name}`);

  await ann.does('sees who she is asked to be', async () => {
    await page.goto('/');
    await titled(page, 'Sign in');
    await looks('sign-in');
    await page.getByLabel('Mail address').fill('not an address');
    await button(page, 'Send the mail').click();
    await page.getByRole('alert').waitFor();
    same(await page.getByLabel('Mail address').inputValue(), 'not an address', 'what was typed stays');
    await looks('sign-in-wrong');
  });

  await ann.does('signs in by the link of the mail', async () => {
    const { link } = await asksForMail(page, ANN);
    await looks('sign-in-sent');
    await page.goto(link);
    await looks('sign-in-link');
    await signsInByLink(page, link);
    await titled(page, 'Register an organisation');
    await looks('organisation-new-first');
  });

  await ann.does('signs out and in again by the code', async () => {
    await button(page, 'Sign out').click();
    await signsInByCode(page, ANN);
    await titled(page, 'Register an organisation');
  });

  await ann.does('registers an organisation', async () => {
    await registers(page, '');
    await page.getByRole('alert').waitFor();
    await registers(page, 'Acme Travel');
    await page.waitForURL(/\/organisations\/org_/);
    await looks('overview-first');
  });

  const application = await ann.does('creates an application from the services', async () => {
    await rail(page, 'Applications');
    await looks('applications-none');
    await link(page.getByRole('main'), 'Create application').click();
    await looks('application-services');
    await page.getByRole('radio', { name: /^Business API/ }).check();
    await button(page, 'Proceed').click();
    await looks('application-details');
    await button(page, 'Create application').click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Shop');
    await button(page, 'Create application').click();
    await reads(page, 'The application is there');
    await looks('key-new-first');
    return new URL(page.url()).pathname.replace(/\/keys.*/, '');
  });

  await ann.does('activates it, so that its production keys work', async () => {
    await page.goto(application);
    await looks('application-inactive');
    await link(page.getByRole('main'), 'Activate application').first().click();
    await looks('application-activate');
    await button(page, 'Activate application').click();
    await reads(page, 'Active');
  });

  const first = await ann.does('makes a key that may do two things, for 90 days, from two networks', async () => {
    await page.goto(application);
    await link(page.getByRole('main'), 'Keys').click();
    await page.getByRole('navigation', { name: 'Environment' }).getByRole('link', { name: /Production/ }).click();
    await looks('keys-none');
    await link(page.getByRole('main'), 'Create API key').first().click();
    await looks('key-new');
    await page.getByLabel('Name', { exact: true }).fill('Production backend');
    await page.getByRole('radio', { name: /^Choose/ }).check();
    await page.getByLabel('transactions:read').check();
    await page.getByLabel('payouts:write').check();
    await page.getByRole('radio', { name: /^90 days/ }).check();
    await page.getByLabel('Networks').fill('not a network');
    await button(page, 'Create key').click();
    await page.getByRole('alert').waitFor();
    same(await page.getByLabel('Name', { exact: true }).inputValue(), 'Production backend', 'what was typed stays');
    check(await page.getByLabel('payouts:write').isChecked(), 'what was ticked stays');
    await looks('key-new-wrong');
    await page.getByLabel('Networks').fill('127.0.0.0/8\n2001:db8::/32');
    await button(page, 'Create key').click();
    const key = await shownSecret(page);
    check(KEY.test(key), 'the page shows a key');
    await looks('key-made');
    return key;
  });

  if (given.scripts) {
    await ann.does('copies it and downloads it, and is asked before she leaves', async () => {
      await button(page, 'Copy').click();
      same((await page.evaluate(() => navigator.clipboard.readText())) === first, true, 'the clipboard has the key');
      const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Download').click()]);
      same(readFileSync(await download.path(), 'utf8') === first, true, 'the file has the key and nothing else');
      let asked = '';
      page.once('dialog', (dialog) => {
        asked = dialog.type();
        dialog.dismiss();
      });
      await rail(page, 'Overview');
      same(asked, 'beforeunload', 'the question');
      check((await shownSecret(page)) === first, 'the page is still there');
    });
  }

  await ann.does('pastes the curl line into a shell', async () => {
    const line = await page.getByRole('group', { name: 'curl' }).innerText();
    // From an address of this machine that is not the gateway's own, which is trusted to speak for others.
    const answer = execFileSync('sh', ['-c', `${line} -sS --noproxy '*' --interface 127.0.0.2 --max-time 20`], { encoding: 'utf8' });
    check(answer.startsWith('HTTP/1.1 200 OK'), `the API answers ${answer.split('\r\n')[0]}`);
    check(/keywright-credential-id: key_/i.test(answer), 'the API learns who it is');
    check(!answer.includes(first), 'the API does not see the key');
  });

  await ann.does('says that she has stored it, and finds it in the list', async () => {
    await link(page, 'I have stored it').click();
    await page.getByRole('main').getByRole('link', { name: 'Production backend' }).first().waitFor();
    check(!(await page.content()).includes(first), 'the key is shown once');
    // The browser keeps no copy, and says so instead of a page.
    await page.goBack().catch((why) => check(/ERR_CACHE_MISS/.test(why.message), why.message));
    check(!(await page.locator('html').innerText()).includes(first), 'the way back does not show the key');
    await page.goto(application);
    await link(page.getByRole('main'), 'Keys').click();
    const row = page.getByRole('row').filter({ hasText: 'Production backend' });
    check((await row.innerText()).includes(first.slice(-4)), 'the list shows the last four');
    await looks('keys');
    await row.getByRole('link', { name: 'Production backend' }).click();
    await titled(page, 'Production backend');
    keyPage = new URL(page.url()).pathname;
    await looks('key');
  });

  const second = await ann.does('rotates it so that both keys work for a day', async () => {
    await becomes(first, 'valid', { permissions: ['payouts:write'], source_ip: '127.0.0.1' });
    same((await verdict(first, { permissions: ['webhooks:write'], source_ip: '127.0.0.1' })).code, 'insufficient_permissions');
    same((await verdict(first, { source_ip: '198.51.100.7' })).code, 'network_not_allowed');
    await link(page, 'Rotate key').click();
    await looks('key-rotate');
    check(await page.getByRole('radio', { name: /Keep it for a while/ }).isChecked(), 'an overlap is the default');
    await button(page, 'Rotate key').click();
    const key = await shownSecret(page);
    await looks('key-rotated');
    check(KEY.test(key) && key !== first, 'another key');
    await becomes(key, 'valid', HOME);
    same((await verdict(first, HOME)).code, 'valid', 'the old key in the overlap');
    await link(page, 'I have stored it').click();
    await page.goto(keyPage);
    await reads(page, 'An old version is still used');
    await looks('key-old-version-used');
    return key;
  });

  await ann.does('suspends it and resumes it', async () => {
    await link(page, 'Suspend key').click();
    await looks('key-suspend');
    await button(page, 'Suspend key').click();
    await becomes(second, 'suspended', HOME);
    await link(page, 'Resume key').click();
    await button(page, 'Resume key').click();
    await becomes(second, 'valid', HOME);
  });

  await ann.does('changes what it may do', async () => {
    await link(page, 'Change key').click();
    await looks('key-change');
    await page.getByLabel('customers:read').check();
    await button(page, 'Save changes').click();
    await becomes(second, 'valid', { ...HOME, permissions: ['customers:read'] });
  });

  await ann.does('revokes it and gets a proof', async () => {
    await page.goto(keyPage);
    await link(page, 'Revoke key').click();
    await looks('key-revoke');
    await button(page, 'Revoke key').click();
    await reads(page, /In effect on 1 of 1 verifier/);
    await looks('key-revoked');
    same((await verdict(second, HOME)).code, 'revoked');
    same((await verdict(first, HOME)).code !== 'valid', true, 'the old key');
  });

  await ann.does('sends a form twice', async () => {
    await page.goto(`${application}/keys/new?environment=production`);
    await page.getByLabel('Name', { exact: true }).fill('Sent twice');
    await button(page, 'Create key').dblclick();
    const made = await shownSecret(page);
    await link(page, 'I have stored it').click();
    await page.goto(`${application}/keys?environment=production`);
    same(await page.getByRole('link', { name: 'Sent twice' }).count(), 1, 'keys of that name');
    await becomes(made, 'valid');
  });

  await ann.does('reads who did what', async () => {
    await rail(page, 'Activity');
    await reads(page, 'Production backend');
    await looks('activity');
    const text = await page.getByRole('main').innerText();
    check(text.includes(ANN) && ![first, second].some((key) => text.includes(key)), 'activity names her and no key');
  });

  await ann.does('looks at the other pages', async () => {
    for (const name of ['Overview', 'Applications', 'API keys', 'General', 'Members', 'Management tokens', 'Billing', 'Verification']) {
      await rail(page, name);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await looks(name.toLowerCase().replaceAll(' ', '-'));
    }
    for (const tab of ['', '/edit', '/keys?environment=sandbox', '/usage', '/activity', '/activate', '/delete']) {
      await page.goto(application + tab);
      await looks(`application${tab.replaceAll(/[^a-z]/g, '-')}`);
    }
    await page.goto('/person');
    await looks('person');
    await page.goto('/api/docs');
    await looks('api-docs');
  });
});
