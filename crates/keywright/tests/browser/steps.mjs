// What several stories do: everything by role and name, as a person finds it.

import { check, given } from './given.mjs';
import { mail } from './mail.mjs';

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const link = (page, name) => page.getByRole('link', { name, exact: true });
export const heading = (page, name) => page.getByRole('heading', { name });

/** Waits until this stands on the page. */
export async function reads(page, words) {
  await page.getByRole('main').getByText(words).first().waitFor();
}

/** Waits until the page has this title on top. */
export async function titled(page, title) {
  await page.getByRole('heading', { name: title, level: 1 }).waitFor();
}

/** Follows a link of the rail, by its words. */
export async function rail(page, name) {
  await page.getByRole('navigation', { name: 'Hub' }).getByRole('link', { name, exact: true }).click();
}

/** Asks for the mail and gives it. */
export async function asksForMail(page, address) {
  await page.goto('/sign-in');
  await page.getByLabel('Mail address').fill(address);
  await button(page, 'Send the mail').click();
  return mail(address, /^Sign in/);
}

/** Signs in by the code of the mail, on the page that asks for it. */
export async function signsInByCode(page, address) {
  const { code } = await asksForMail(page, address);
  check(code, 'the mail has a code');
  await page.getByLabel('Code').fill(code);
  await button(page, 'Sign in').click();
}

/** Signs in by the link of the mail. The link asks, because programs that look through mails open links too. */
export async function signsInByLink(page, link) {
  await page.goto(link);
  await button(page, 'Sign in').click();
}

/** Registers an organisation from wherever one is offered. */
export async function registers(page, name) {
  await page.goto('/organisations/new');
  await page.getByLabel('Name of the organisation').fill(name);
  await button(page, 'Register organisation').click();
}

/** The secret that the page shows this once. */
export const shownSecret = (page) => page.locator('#secret').innerText();

/** What a verifier says about a key. */
export async function verdict(key, question = {}) {
  const answer = await fetch(`${given.base}/verify`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${given.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ credential: key, ...question }),
  });
  check(answer.status === 200, `/verify answers ${answer.status}`);
  return answer.json();
}

/** Until a verifier says this code about a key: it follows the store within milliseconds, but not in none. */
export async function becomes(key, code, question = {}) {
  let said;
  for (const until = Date.now() + 5_000; Date.now() < until; ) {
    said = (await verdict(key, question)).code;
    if (said === code) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the verifier says ${said}, expected ${code}`);
}
