// Signs a request with a private key (RFC 9421) and sends it. Node 18 or later; no packages. The key: private-key.pem, readable by you only.
import { createHash, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const key = createPrivateKey(readFileSync(process.env.KEYWRIGHT_PRIVATE_KEY_FILE ?? 'private-key.pem'));
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

// Ed25519 has a digest of its own; P-384 goes with SHA-384; P-256 and RSA (PKCS#1 v1.5) with SHA-256. ECDSA is sent as r and s, not as DER.
const digest = key.asymmetricKeyType === 'ed25519' ? null : key.asymmetricKeyDetails.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
const signature = sign(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64');

const answer = await fetch(url, {
  method,
  headers: {
    'Content-Digest': components[4][1],
    'Signature-Input': `sig1=${params}`,
    Signature: `sig1=:${signature}:`,
    'Content-Type': 'application/json',
  },
  body,
});
console.log(answer.status, await answer.text());
