// Somebody makes a key and secret by clicking, sees how it is used, generates again, and asks why a request was refused.

import { createHmac } from 'node:crypto';
import { look } from './checks.mjs';
import { check, given, same } from './given.mjs';
import { story } from './lib.mjs';
import { mail } from './mail.mjs';
import { button, link, rail, reads, registers, shownSecret, signsInByCode, titled } from './steps.mjs';

const ANN = 'ann@acme.example';
const BODY = '{"amount": "10.00"}';

/** Goes from the rail to the page that asks for a key of Payments in the sandbox, or to where that leads. */
async function generates(page) {
  await rail(page, 'API keys');
  await page.getByRole('navigation', { name: 'Environment' }).getByRole('link', { name: /Sandbox/ }).click();
  await link(page.getByRole('main'), 'Create key').first().click();
  await page.getByRole('radio', { name: /^Payments/ }).check();
  await button(page, 'Proceed').click();
}

/** Consumer keys of an application of their own: all pages on which they are shown. */
async function makesConsumerKeys(ann) {
  const { page } = ann;
  page.on('dialog', (dialog) => dialog.accept());
  await rail(page, 'Applications');
  await link(page.getByRole('main'), 'Create application').first().click();
  await page.getByRole('radio', { name: /^REST APIs/ }).check();
  await button(page, 'Proceed').click();
  await page.getByLabel('Name', { exact: true }).fill('Shop');
  await button(page, 'Create application').click();
  await page.getByLabel('Name', { exact: true }).fill('Nightly batch');
  await button(page, 'Generate keys').click();
  await titled(page, 'Consumer key and secret created');
  await look(ann, 'client-made');
  const secret = await shownSecret(page);
  const key = (await link(page, 'Nightly batch').getAttribute('href'));
  await page.goto(`${key}/secrets/new`);
  await page.getByLabel('Last day').fill('2035-01-31');
  await button(page, 'Add secret').click();
  await titled(page, 'Secret added');
  await look(ann, 'client-secret-added');
  await page.goto(`${key}/token`);
  await button(page, 'Make access token').click();
  await titled(page, 'Access token made');
  await look(ann, 'client-token');
  await page.goto(key);
  await reads(page, 'ends 31 January 2035');
  await reads(page, 'How to get a token');
  await look(ann, 'client-key');
  await link(page, 'Show secret 1').click();
  await look(ann, 'client-reveal');
  await button(page, 'Show secret').click();
  await titled(page, 'Secret of version 1');
  same((await shownSecret(page)) === secret, true, 'the same secret');
  await look(ann, 'client-revealed');
  // With a session that is ten minutes old she signs in again, and her address is known.
  await ann.context.addCookies([{ name: 'keywright', value: given.old_session, url: given.base }]);
  await page.goto(`${key}/secrets/1/reveal`);
  await look(ann, 'client-reveal-stale');
  await button(page, 'Show secret').click();
  await titled(page, 'Sign in again');
  await look(ann, 'client-sign-in-again');
  await button(page, 'Send the mail').click();
  await page.getByLabel('Code').fill((await mail(ANN, /^Sign in/)).code);
  await button(page, 'Sign in').click();
  await titled(page, 'Show the secret');
  await look(ann, 'client-reveal-kept');
  await button(page, 'Show secret').click();
  await titled(page, 'Secret of version 1');
}

await story(given.scripts ? 'pair' : 'pair-without-scripts', async (story) => {
  const ann = await story.person('Ann', { javaScriptEnabled: given.scripts });
  const { page } = ann;
  const looks = (name) => look(ann, given.scripts ? name : `no-script-${name}`);

  await ann.does('registers an organisation', async () => {
    await signsInByCode(page, ANN);
    await registers(page, 'Acme Travel');
    await page.waitForURL(/\/organisations\/org_/);
  });

  const secret = await ann.does('makes a key and secret for Payments in the sandbox', async () => {
    await rail(page, 'API keys');
    await link(page.getByRole('main'), 'Create key').first().click();
    await looks('pair-service');
    await generates(page);
    await titled(page, 'Generate API key');
    await reads(page, 'Sandbox (Demo)');
    await looks('pair-new');
    await button(page, 'Generate API key').click();
    await titled(page, 'API key and secret key created');
    await looks('pair-made');
    return shownSecret(page);
  });

  const apiKey = await ann.does('sees code for both ways of signing, in the language that she chooses', async () => {
    check(/^kw_sk_test_/.test(secret), 'the page shows a secret key');
    await reads(page, 'A captured request can be sent again');
    const tylt = page.locator('#tylt-code-1');
    const apiKey = (await tylt.innerText()).match(/kw_ak_test_\w+/)[0];
    check(!(await page.locator('.sample').allInnerTexts()).some((code) => code.includes(secret)), 'no sample holds the secret');
    const python = page.locator('#tylt-code-3');
    check(!(await python.isVisible()), 'one language is shown at a time');
    await page.locator('label[for="tylt-3"]').click();
    await python.waitFor();
    check(!(await tylt.isVisible()), 'the other one is hidden');
    if (given.scripts) {
      await page.locator('.sample').last().locator('.code', { has: python }).getByRole('button', { name: /^Copy/ }).click();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      check(copied.includes(apiKey) && copied.startsWith('"""Signs a request'), 'the sample is copied whole');
      await page.locator('.secret').getByRole('button', { name: 'Copy', exact: true }).click();
    }
    await link(page, 'I have stored it').click();
    await titled(page, 'Payments');
    await reads(page, 'A request was refused?');
    await page.getByText('HTTP message signatures: show code').click();
    await page.locator('#http-message-signatures-code-1').waitFor();
    await looks('pair-key');
    return apiKey;
  });

  await ann.does('asks why a request was refused', async () => {
    await link(page, 'Explain its signature').click();
    await titled(page, 'Explain a signature');
    await looks('explain');
    const mac = createHmac('sha256', secret).update(BODY.replace(': ', ':')).digest('hex');
    const pasted = `POST /orders HTTP/1.1\nHost: pay.example\nX-TLP-APIKEY: ${apiKey}\nX-TLP-SIGNATURE: ${mac}\nContent-Length: ${BODY.length}\n\n${BODY}`;
    await page.getByLabel('Request').fill(pasted);
    await button(page, 'Explain signature').click();
    await reads(page, 'The body was signed as compact JSON');
    await looks('explain-answer');
    same(await page.getByLabel('Request').inputValue(), pasted, 'what was pasted stays in its box');
  });

  await ann.does('generates again, and is told first what that means', async () => {
    await generates(page);
    await titled(page, 'Rotate Payments');
    await reads(page, 'There is one for each environment');
    await looks('pair-rotate');
    await button(page, 'Rotate key').click();
    await titled(page, 'API key and secret key rotated');
    check((await shownSecret(page)) !== secret, 'the secret is another one');
    check((await page.getByRole('main').innerText()).includes(apiKey), 'the API key is the same');
    await looks('pair-rotated');
  });

  if (given.scripts) {
    await ann.does('makes consumer keys, with a token and a second secret, and sees them again', () => makesConsumerKeys(ann));
  }
});
