// What must be true of every page: nothing in the console, nothing that axe-core finds, nothing wider than a phone, few bytes.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { given, say } from './given.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const WIDTHS = [1280, 360];
// Where a table with much in it has the least room for its form.
const BETWEEN = [1280, 1241, 1024, 768, 360];
const SCHEMES = ['light', 'dark'];
const HEIGHT = 900;

// Over the wire, compressed, with styles and scripts.
const FIRST_LOAD_BYTES_MAX = 60_000;
const LATER_LOAD_BYTES_MAX = 15_000;

const ID = /\b[a-z]{3}_[0-9A-Z]{26}\b/g;

/** Listens to everything that a person's page complains about, and notes which pages they see. */
export function watch(person) {
  person.problems = [];
  const { page, problems } = person;
  const at = () => new URL(page.url(), given.base).pathname.replace(ID, '*');
  page.on('console', (message) => {
    // The answer to the page itself may be a refusal that the story wants.
    const isPage = message.text().startsWith('Failed to load resource') && message.location().url === page.url();
    if (message.type() === 'error' && !isPage) {
      problems.push(`${at()}: console: ${message.text()} (${new URL(message.location().url || given.base).pathname})`);
    }
  });
  page.on('pageerror', (error) => problems.push(`${at()}: script: ${error.message}`));
  page.on('response', (response) => {
    const request = response.request();
    const url = new URL(response.url());
    if (request.isNavigationRequest() && request.method() === 'GET' && response.status() === 200 && !url.search.includes('token')) {
      person.visited.set(url.pathname.replace(ID, '*'), response.url());
    }
  });
}

/** Looks at the page: screenshots of both widths and schemes under this name, and all checks. */
export async function look(person, name) {
  const { page, problems } = person;
  // Bars that keep their place stand where the page is scrolled to.
  await page.evaluate(() => window.scrollTo(0, 0));
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      // Without scripts there is nothing else to see in the dark.
      if (!person.scripts && colorScheme === 'dark') {
        continue;
      }
      await page.setViewportSize({ width, height: width === 360 ? 740 : HEIGHT });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(given.screenshots, `${name}-${width}-${colorScheme}.png`), fullPage: true, animations: 'disabled' });
      // It needs scripts; what a page looks like without them has the same parts.
      const isAsked = person.scripts && (width === 1280) === (colorScheme === 'light');
      if (isAsked) {
        problems.push(...(await axe(page)).map((fault) => `${name}, ${width}, ${colorScheme}: ${fault}`));
      }
    }
    problems.push(...(await tooWide(page)).map((fault) => `${name}, ${width}: ${fault}`));
  }
  for (const width of (await page.locator('.table.wide').count()) ? BETWEEN : []) {
    await page.setViewportSize({ width, height: HEIGHT });
    problems.push(...(await hides(page)).map((fault) => `${name}, ${width}: ${fault}`));
  }
  await page.setViewportSize({ width: 1280, height: HEIGHT });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** What axe-core finds. It is handed over by the debugger, because the page itself lets no other script in. */
async function axe(page) {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send('Runtime.evaluate', { expression: AXE });
    const run = `axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations.map((violation) =>
      [violation.id, violation.help, violation.nodes.slice(0, 4).map((node) => node.target.join(' ') + ' ' + (node.any[0] || node.all[0] || node.none[0] || {}).message)])))`;
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression: run, awaitPromise: true });
    if (exceptionDetails) {
      return [`axe-core did not run: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`];
    }
    return JSON.parse(result.value).map(([id, help, nodes]) => `axe ${id}: ${help}: ${nodes.join(' | ')}`);
  } finally {
    await session.detach();
  }
}

/** What makes the page scroll sideways. A box that scrolls in itself does not. */
async function tooWide(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) {
      return [];
    }
    const right = (element) => element.getBoundingClientRect().right;
    const scrolls = (element) => element && (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    const wide = [...document.body.querySelectorAll('*')].filter((element) => Math.max(right(element), element.scrollWidth) > width + 0.5 && !(scrolls(element) && getComputedStyle(element).position !== 'absolute'));
    const named = wide.slice(-4).map((e) => `<${e.tagName.toLowerCase()} class="${e.className.baseVal ?? e.className}"> to ${Math.round(Math.max(right(e), e.scrollWidth))} px`);
    return [`the page is ${document.documentElement.scrollWidth} px wide: ${named.join(', ')}`];
  });
}

/** Tables that hide some of their columns, and with them what can be done. */
async function hides(page) {
  return page.locator('.table.wide').evaluateAll((tables) =>
    tables.filter((table) => table.scrollWidth > table.clientWidth).map((table) => `the table ${table.ariaLabel} has ${table.scrollWidth} px in ${table.clientWidth}`),
  );
}

/** Bytes of each page that somebody saw: with nothing kept, and once more. */
export async function weigh(story) {
  const problems = [];
  const seen = new Set();
  for (const person of story.people.filter((person) => person.scripts)) {
    const cookies = await person.context.cookies();
    for (const [path, url] of person.visited) {
      if (seen.has(path)) {
        continue;
      }
      seen.add(path);
      const context = await story.browser.newContext({ baseURL: given.base });
      try {
        await context.addCookies(cookies);
        const page = await context.newPage();
        const [first, later] = [await bytes(page, url), await bytes(page, url)];
        say(`${path}: ${first} bytes at first, ${later} later`);
        if (first > FIRST_LOAD_BYTES_MAX || later > LATER_LOAD_BYTES_MAX) {
          problems.push(`${path} takes ${first} bytes at first and ${later} later, at most ${FIRST_LOAD_BYTES_MAX} and ${LATER_LOAD_BYTES_MAX}`);
        }
      } finally {
        await context.close();
      }
    }
  }
  return problems;
}

async function bytes(page, url) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let total = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (total += encodedDataLength));
  await page.goto(url, { waitUntil: 'load' });
  await session.detach();
  return total;
}
