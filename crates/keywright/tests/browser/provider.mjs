// The provider's people: from the first link to a leaked key that is dead.

import { look } from './checks.mjs';
import { check, given, same } from './given.mjs';
import { story } from './lib.mjs';
import { becomes, button, link, rail, reads, shownSecret, signsInByLink, titled } from './steps.mjs';

await story('provider', async (story) => {
  const olga = await story.person('Olga');
  const { page } = olga;

  await olga.does('opens the link that the start command printed', async () => {
    await page.goto(given.operator_link);
    await look(olga, 'operator-link');
    await signsInByLink(page, given.operator_link);
    await page.getByRole('navigation').getByText('Provider').first().waitFor();
    await look(olga, 'operator-first');
  });

  await olga.does('finds an organisation, reviews it, suspends it and resumes it', async () => {
    await rail(page, 'Organisations');
    await look(olga, 'provider-organisations');
    await page.getByRole('searchbox').fill('acme');
    await button(page, 'Search').click();
    await page.getByRole('main').getByRole('link', { name: /Acme/ }).first().click();
    await look(olga, 'provider-organisation');
    await becomes(given.key, 'valid');
    await link(page, 'Suspend organisation').click();
    await look(olga, 'provider-suspend');
    await button(page, 'Suspend organisation').click();
    await becomes(given.key, 'organisation_suspended');
    await link(page, 'Resume organisation').click();
    await button(page, 'Resume organisation').click();
    await becomes(given.key, 'valid');
  });

  await olga.does('looks at the catalogue', async () => {
    await rail(page, 'Catalogue');
    await look(olga, 'catalogue');
    await link(page, 'Change catalogue').click();
    await look(olga, 'catalogue-change');
  });

  await olga.does('makes a resource server, rotates its token and revokes it', async () => {
    await rail(page, 'Resource servers');
    await look(olga, 'resource-servers');
    await link(page, 'Create resource server').click();
    await page.getByLabel('Name').fill('Edge gateway');
    await page.getByLabel(/Business API/).check();
    await look(olga, 'resource-server-new');
    await button(page, 'Create resource server').click();
    check(/^kw_rs_/.test(await shownSecret(page)), 'a token is shown');
    await look(olga, 'resource-server-token');
    await link(page, 'I have stored it').click();
    await link(page, 'Rotate token of Edge gateway').click();
    await look(olga, 'resource-server-rotate');
    await button(page, 'Rotate token').click();
    await shownSecret(page);
    await link(page, 'I have stored it').click();
    await link(page, 'Revoke Edge gateway').click();
    await look(olga, 'resource-server-revoke');
    await button(page, 'Revoke resource server').click();
  });

  await olga.does('sees the verifiers', async () => {
    await rail(page, 'Verifiers');
    await reads(page, 'this node');
    await look(olga, 'verifiers');
  });

  await olga.does('finds the owner of a leaked key and revokes it', async () => {
    await rail(page, 'Leaks');
    await look(olga, 'leaks');
    await page.getByLabel(/Leaked key/).fill(`2026-11-21 GET / Authorization: Bearer ${given.key}`);
    await button(page, 'Find owner').click();
    await reads(page, 'This secret is live');
    check(!(await page.content()).includes(given.key), 'the key is not shown again');
    await look(olga, 'leak-found');
    await link(page, 'Revoke key').click();
    await button(page, 'Revoke key').click();
    await reads(page, /In effect on 1 of 1 verifier/);
    await becomes(given.key, 'revoked');
  });

  await olga.does('reads the audit trail', async () => {
    await rail(page, 'Audit');
    await look(olga, 'audit');
  });
});
