// Two people in one organisation: an invitation with grants, what it lets its bearer do, the switcher, and the end of it.

import { look } from './checks.mjs';
import { check, same } from './given.mjs';
import { story } from './lib.mjs';
import { mail } from './mail.mjs';
import { button, link, rail, reads, registers, signsInByCode, titled } from './steps.mjs';

const ANN = 'ann@acme.example';
const BEN = 'ben@elsewhere.example';

// It is a closed box with a summary; its middle is the summary.
const opensSwitcher = (page) => page.getByRole('navigation', { name: 'Hub' }).getByRole('group').first().click();

await story('members', async (story) => {
  const ann = await story.person('Ann');
  const ben = await story.person('Ben');

  await ann.does('registers an organisation and invites Ben to create applications', async (page) => {
    await signsInByCode(page, ANN);
    await registers(page, 'Acme Travel');
    await rail(page, 'Members');
    await look(ann, 'members-alone');
    await link(page, 'Invite member').click();
    await look(ann, 'invite');
    await page.getByLabel('Mail address').fill(BEN);
    await page.getByLabel('Create applications').check();
    await button(page, 'Send invitation').click();
    await reads(page, BEN);
    await look(ann, 'members-invited');
  });

  await ben.does('has an organisation of his own, and accepts', async (page) => {
    await signsInByCode(page, BEN);
    await registers(page, 'Ben & Sons');
    const invitation = await mail(BEN, /You are invited/);
    check(invitation.link, 'the invitation has a link');
    await page.goto(invitation.link);
    await look(ben, 'invitation');
    await button(page, 'Accept invitation').click();
    await page.waitForURL(/\/organisations\/org_/);
  });

  await ben.does('switches between his organisations', async (page) => {
    await opensSwitcher(page);
    await look(ben, 'switcher');
    await page.getByRole('link', { name: /Ben & Sons/ }).click();
    await page.waitForURL(/\/organisations\/org_/);
    await opensSwitcher(page);
    await page.getByRole('link', { name: /Acme Travel/ }).click();
    await rail(page, 'Members');
    await reads(page, ANN);
    same(await link(page, 'Invite member').count(), 0, 'he may not invite');
    await look(ben, 'members-without-grant');
  });

  await ann.does('changes his grants and removes him', async (page) => {
    await rail(page, 'Members');
    await link(page, BEN).click();
    await look(ann, 'member');
    await page.getByLabel('Edit settings').check();
    await button(page, 'Save grants').click();
    await reads(page, 'Saved');
    await link(page, 'Remove member').click();
    await look(ann, 'member-remove');
    await button(page, 'Remove member').click();
    await look(ann, 'member-left');
  });

  await ben.does('finds nothing there any more', async (page) => {
    const answer = await page.reload();
    same(answer.status(), 404);
    await look(ben, 'not-found');
  });
});
