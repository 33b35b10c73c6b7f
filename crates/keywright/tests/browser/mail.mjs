// Mails that the server left in its outbox because no mail server is set.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { check, given } from './given.mjs';

const PATIENCE_MS = 15_000;
const read = new Set();

/** The next mail to this address about this that no one has read yet: subject, text, and the link and the code in it, if there are any. */
export async function mail(address, subject = /./) {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const found = files().map(open).find((letter) => letter.to.includes(address.toLowerCase()) && subject.test(letter.subject));
    if (found) {
      read.add(found.file);
      check((statSync(found.file).mode & 0o777) === 0o600, `${found.file}: anybody can read a mail`);
      return found;
    }
    await pause(50);
  }
  throw new Error(`no mail to ${address} about ${subject} in ${given.outbox}`);
}

/** The oldest first: their names begin with an id, whose order is that of time. */
function files() {
  try {
    const all = readdirSync(given.outbox).filter((name) => name.endsWith('.eml')).map((name) => join(given.outbox, name));
    return all.filter((file) => !read.has(file)).sort();
  } catch {
    return []; // There is no outbox before the first mail.
  }
}

function open(file) {
  const part = parse(readFileSync(file, 'latin1'));
  const text = plain(part) ?? '';
  return {
    file,
    to: (part.headers.to ?? '').toLowerCase(),
    subject: part.headers.subject ?? '',
    text,
    link: text.match(/https?:\/\/[^\s<>"]+/)?.[0],
    code: text.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/)?.[0],
  };
}

/** RFC 5322: fields, an empty line, the body. */
function parse(message) {
  const [head, ...rest] = message.split(/\r?\n\r?\n/);
  const fields = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/).map((line) => [line.split(':')[0].toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  return { headers: Object.fromEntries(fields), body: rest.join('\n\n') };
}

/** The text of a part, or of its first part that is plain text (RFC 2045, 2046). */
function plain({ headers, body }) {
  const type = headers['content-type'] ?? 'text/plain';
  const boundary = type.match(/boundary="?([^";]+)"?/)?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    return parts.map((part) => plain(parse(part.replace(/^\r?\n/, '')))).find((text) => text !== undefined);
  }
  if (!type.startsWith('text/plain')) {
    return undefined;
  }
  switch ((headers['content-transfer-encoding'] ?? '7bit').toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    case 'quoted-printable': {
      const bytes = body.replaceAll(/=\r?\n/g, '').replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
      return Buffer.from(bytes, 'latin1').toString('utf8');
    }
    default:
      return Buffer.from(body, 'latin1').toString('utf8');
  }
}
