// Signs a request with a secret key (RFC 9421, hmac-sha256) and sends it. Node 18 or later; no packages.
//   read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the secret key, press Enter)
import { createHash, createHmac, randomBytes } from 'node:crypto';

const secret = process.env.KEYWRIGHT_SECRET?.trim();
if (!secret) throw new Error('set KEYWRIGHT_SECRET to the secret key');
const method = 'POST';
const url = new URL('{{url}}');
const keyid = '{{keyid}}';
const body = JSON.stringify({ amount: '10.00', currency: 'EUR' }); // made once: this very text is signed and sent

const components = [
  ['@method', method],
  ['@authority', url.host],
  ['@path', url.pathname],
  ['@query', url.search || '?'],
  ['content-digest', `sha-256=:${createHash('sha256').update(body).digest('base64')}:`], // a GET has no body: leave this line out
];
const names = components.map(([name]) => `"${name}"`).join(' ');
const created = Math.floor(Date.now() / 1000);
const params = `(${names});created=${created};nonce="${randomBytes(16).toString('base64url')}";keyid="${keyid}"`;
const signed = [...components, ['@signature-params', params]].map(([name, value]) => `"${name}": ${value}`).join('\n');

const answer = await fetch(url, {
  method,
  headers: {
    'Content-Digest': components[4][1],
    'Signature-Input': `sig1=${params}`,
    Signature: `sig1=:${createHmac('sha256', secret).update(signed).digest('base64')}:`,
    'Content-Type': 'application/json',
  },
  body,
});
console.log(answer.status, await answer.text());
