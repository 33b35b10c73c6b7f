// What every story in a browser stands on: the browser, its contexts, and how a story begins and ends.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { watch, weigh } from './checks.mjs';
import { check, given, say } from './given.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-features=OverlayScrollbar'];

// A busy machine takes its time; a page that never comes does not.
const PATIENCE_MS = 15_000;

/** A person at a browser of their own: their page, with cookies and cache that nobody else has. */
class Person {
  constructor(name, context, page, scripts) {
    Object.assign(this, { name, context, page, scripts, visited: new Map() });
  }

  /** What this person does now; the name stands in front of whatever fails. */
  async does(what, how) {
    say(`${this.name}: ${what}`);
    this.last = what;
    return how(this.page);
  }
}

class Story {
  people = [];

  constructor(name, browser) {
    Object.assign(this, { name, browser });
  }

  /** Somebody at a new browser; `options` are those of a browser context. */
  async person(name, options = {}) {
    const context = await this.browser.newContext({
      baseURL: given.base,
      viewport: { width: 1280, height: 900 },
      colorScheme: 'light',
      locale: 'en-GB',
      timezoneId: 'UTC',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const scripts = options.javaScriptEnabled !== false;
    if (scripts) {
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: given.base });
    }
    const page = await context.newPage();
    const person = new Person(name, context, page, scripts);
    watch(person);
    this.people.push(person);
    return person;
  }
}

/** Runs a story: it fails with where it was, what the page says and a picture of it. */
export async function story(name, tell) {
  mkdirSync(given.screenshots, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', headless: true, args: FLAGS });
  const story = new Story(name, browser);
  try {
    await tell(story);
    for (const person of story.people) {
      person.problems.forEach((problem) => say(`${person.name}: ${problem}`));
    }
    const problems = story.people.flatMap((person) => person.problems);
    problems.push(...(await weigh(story)));
    check(problems.length === 0, `the pages are at fault:\n  ${problems.join('\n  ')}`);
    say(`${name} is told`);
  } catch (error) {
    say(`${name} FAILED: ${error.stack ?? error}`);
    for (const person of story.people) {
      await leave(story, person).catch((why) => say(`${person.name}: nothing to show (${why.message})`));
    }
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

async function leave(story, person) {
  const file = join(given.screenshots, `failed-${story.name}-${person.name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.png`);
  say(`${person.name} was at: ${person.last}\n${person.page.url()}`);
  person.problems.forEach((problem) => say(`${person.name}: ${problem}`));
  await person.page.screenshot({ path: file, fullPage: true });
  say(`${file}\n${await person.page.locator('body').ariaSnapshot()}`);
}
