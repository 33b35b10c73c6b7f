// A key pair made in the browser: its private key is downloaded, signs, and is on no page and in no request.

import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { look } from './checks.mjs';
import { check, given, same } from './given.mjs';
import { story } from './lib.mjs';
import { button, link, rail, reads, registers, shownSecret, signsInByCode, titled } from './steps.mjs';

/** What a verifier says of a request that this key signs by RFC 9421. */
async function verdict(key, keyid, digest) {
  const [url, nonce, body] = ['https://api.example.com/sessions?a=1', randomUUID(), '{"x":1}'];
  const contentDigest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const list = `("@method" "@authority" "@path" "@query" "content-digest");created=${Math.floor(Date.now() / 1000)};nonce="${nonce}";keyid="${keyid}"`;
  const base = `"@method": POST\n"@authority": api.example.com\n"@path": /sessions\n"@query": ?a=1\n"content-digest": ${contentDigest}\n"@signature-params": ${list}`;
  const signature = sign(digest, Buffer.from(base), { key, dsaEncoding: 'ieee-p1363' }).toString('base64');
  const headers = [['host', 'api.example.com'], ['content-digest', contentDigest], ['signature-input', `s=${list}`], ['signature', `s=:${signature}:`]];
  const request = { method: 'POST', url, headers, body_base64: Buffer.from(body).toString('base64') };
  const answer = await fetch(`${given.base}/verify`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${given.gateway}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ request }),
  });
  return answer.json();
}

/** Until it is accepted: the verifier follows the store within milliseconds, but not in none. */
async function works(pem, keyid, digest = 'sha256') {
  const key = createPrivateKey(pem);
  let said;
  for (const until = Date.now() + 5_000; Date.now() < until; ) {
    said = await verdict(key, keyid, digest);
    if (said.code === 'valid') {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the verifier says ${JSON.stringify(said)}`);
}

await story('key-pair', async (story) => {
  const ann = await story.person('Ann');
  const { page } = ann;
  const sent = [];
  page.on('request', (request) => sent.push(request.postData() ?? ''));
  const sdkId = () => page.locator('code.whole').first().innerText();
  /** Sends the form; gives the text of the file that comes. */
  const generates = async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Generate key pair').click()]);
    return [file.suggestedFilename(), readFileSync(await file.path(), 'utf8')];
  };
  let application;

  await ann.does('registers an application that scans documents', async () => {
    await signsInByCode(page, 'ann@acme.example');
    await registers(page, 'Acme Travel');
    await page.waitForURL(/\/organisations\/org_/);
    await rail(page, 'Applications');
    await link(page.getByRole('main'), 'Create application').click();
    await page.getByRole('radio', { name: /^Doc Scan/ }).check();
    await button(page, 'Proceed').click();
    await page.getByLabel('Name', { exact: true }).fill('Check-in');
    await button(page, 'Create application').click();
    await titled(page, 'Generate key pair');
    application = new URL(page.url()).pathname.replace(/\/keys.*/, '');
    check(await page.getByRole('radio', { name: /^In this browser/ }).isChecked(), 'the browser is the first choice');
    await look(ann, 'key-pair-new');
  });

  const [first, id] = await ann.does('makes a key pair in her browser', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Desk');
    const [name, pem] = await generates();
    same(name, 'doc-scan-desk-sandbox-v1.pem');
    check(pem.startsWith('-----BEGIN RSA PRIVATE KEY-----\n'), 'PKCS#1, which SDKs of Yoti read');
    await titled(page, 'Key pair created');
    await reads(page, 'Only you have the private key');
    await reads(page, 'Your browser made it');
    await look(ann, 'key-pair-made');
    const id = await sdkId();
    await works(pem, id);
    return [pem, id];
  });

  await ann.does('regenerates it as another type, and both work', async () => {
    await page.goto(`${application}/keys/new?environment=sandbox&service=doc-scan`);
    check(page.url().endsWith('/rotate'), 'there may be one only');
    const form = page.getByLabel('Form of the private key');
    same([await page.getByLabel('Type of key').inputValue(), await form.inputValue()], ['rsa-2048', 'pkcs1'], 'as before');
    await page.getByLabel('Type of key').selectOption('p-256');
    same(await form.inputValue(), 'pkcs8', 'what is not RSA has one form');
    check(await form.locator('option[value=pkcs1]').isDisabled(), 'the other cannot be chosen');
    await look(ann, 'key-pair-rotate');
    const [name, pem] = await generates();
    same(name, 'doc-scan-desk-sandbox-v2.pem');
    check(pem.startsWith('-----BEGIN PRIVATE KEY-----\n'), 'PKCS#8 for what is not RSA');
    await titled(page, 'Key pair rotated');
    same(await sdkId(), id, 'the SDK id');
    await works(pem, id);
    await works(first, id);
  });

  await ann.does('has the third made by the server, which shows it once', async () => {
    await page.goto(`${application}/keys/new?environment=sandbox&service=doc-scan`);
    await reads(page, 'An old version still works');
    same(await page.getByLabel('Type of key').inputValue(), 'p-256', 'the type of the key before');
    await page.getByRole('radio', { name: /^On our server/ }).check();
    await page.getByLabel('Type of key').selectOption('ed25519');
    const [name, pem] = await generates();
    same(name, 'doc-scan-desk-sandbox-v3.pem');
    same(pem.trim(), (await shownSecret(page)).trim(), 'the file');
    await look(ann, 'key-pair-shown');
    await works(pem, id, null);
  });

  await ann.does('brings one along', async () => {
    page.once('dialog', (dialog) => dialog.accept());
    await link(page, 'I have stored it').click();
    await page.goto(`${application}/keys/new?environment=sandbox&service=doc-scan`);
    await page.getByRole('radio', { name: /^By you, with a signature/ }).check();
    check(await page.getByLabel('Signature', { exact: true }).isVisible(), 'the signature is asked for');
    check(!(await page.getByLabel('Type of key').isVisible()), 'the key decides its type');
    await look(ann, 'key-pair-brought');
    await page.getByRole('radio', { name: /^By you, with a certificate request/ }).check();
    check(sent.length > 4 && sent.every((body) => !body.includes('PRIVATE')), 'no private key has travelled');
    await page.getByLabel('Certificate request', { exact: true }).fill(first);
    await button(page, 'Generate key pair').click();
    await page.getByRole('alert').first().waitFor();
    await reads(page, 'This is a private key');
    await look(ann, 'key-pair-wrong');
  });
});
