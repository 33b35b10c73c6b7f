//! Code that gets an access token with a key pair.

use super::Fill;
use super::files::quotable;
use crate::hub::parts::Sample;

const NODE: &str = r"// Signs an assertion (RFC 7523) with the private key, gets an access token for it and calls the API. Node 18 or later; no packages.
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const key = createPrivateKey(readFileSync(process.env.KEYWRIGHT_PRIVATE_KEY_FILE ?? '{{file}}'));
const [tokenUrl, issuer, clientId] = ['{{token_url}}', '{{issuer}}', '{{client}}'];
const url = '{{url}}';

const curve = key.asymmetricKeyDetails.namedCurve === 'secp384r1' ? ['ES384', 'sha384'] : ['ES256', 'sha256'];
const [alg, digest] = { rsa: ['RS256', 'sha256'], ed25519: ['EdDSA', null] }[key.asymmetricKeyType] ?? curve;

function assertion() {
  const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  // It counts once, and for a minute.
  const claims = { iss: clientId, sub: clientId, aud: issuer, iat: now, exp: now + 60, jti: randomUUID() };
  const text = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${sign(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

let kept = { token: '', untilMs: 0 };

async function token() {
  if (Date.now() < kept.untilMs) return kept.token; // a token is good for many calls
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    redirect: 'error',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion(),
    }),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${said.error} ${said.error_description ?? ''}`);
  kept = { token: said.access_token, untilMs: Date.now() + (said.expires_in - 30) * 1000 };
  return kept.token;
}

const answer = await fetch(url, { headers: { Authorization: `Bearer ${await token()}` } });
console.log(answer.status, await answer.text());";

/// It takes keys of every type.
pub(super) fn sample(url: &str, issuer: &str, fill: Fill<'_>) -> Sample {
    let text = NODE.replace("{{url}}", &quotable(url)).replace("{{token_url}}", &quotable(fill.token_url)).replace("{{issuer}}", &quotable(issuer));
    Sample { language: "Node.js", code: text.replace("{{client}}", fill.public_half).replace("{{file}}", fill.pem_file) }
}
