//! Code that gets an access token with a key pair.

use super::Fill;
use super::filled::quotable;
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

const PYTHON: &str = r#""""Signs an assertion (RFC 7523) with the private key, gets an access token for it and calls the API: pip install cryptography"""

import base64
import json
import os
import time
import urllib.parse
import urllib.request
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

with open(os.environ.get("KEYWRIGHT_PRIVATE_KEY_FILE", "{{file}}"), "rb") as file:
    key = serialization.load_pem_private_key(file.read(), password=None)
token_url, issuer, client_id = "{{token_url}}", "{{issuer}}", "{{client}}"
url = "{{url}}"

if isinstance(key, ed25519.Ed25519PrivateKey):
    alg, sign = "EdDSA", key.sign
elif isinstance(key, ec.EllipticCurvePrivateKey):  # sent as r and s, not as DER
    alg, size, sha = ("ES384", 48, hashes.SHA384()) if key.curve.key_size == 384 else ("ES256", 32, hashes.SHA256())
    sign = lambda text: b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(key.sign(text, ec.ECDSA(sha))))
else:
    alg, sign = "RS256", lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def assertion():
    now = int(time.time())
    # It counts once, and for a minute.
    claims = {"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    text = b".".join(encoded(json.dumps(part).encode()) for part in ({"alg": alg, "typ": "JWT"}, claims))
    return (text + b"." + encoded(sign(text))).decode()


kept = {"token": "", "until": 0.0}


def token():
    if time.time() < kept["until"]:  # a token is good for many calls
        return kept["token"]
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(),
    }
    with urllib.request.urlopen(urllib.request.Request(token_url, data=urllib.parse.urlencode(form).encode())) as answer:
        said = json.load(answer)
    kept.update(token=said["access_token"], until=time.time() + said["expires_in"] - 30)
    return kept["token"]


with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "Bearer " + token()})) as answer:
    print(answer.status, answer.read().decode())"#;

/// Each takes keys of every type.
pub(super) fn samples(url: &str, issuer: &str, fill: Fill<'_>) -> Vec<Sample> {
    let fill_in = |text: &str| {
        let text = text.replace("{{url}}", &quotable(url)).replace("{{token_url}}", &quotable(fill.token_url)).replace("{{issuer}}", &quotable(issuer));
        text.replace("{{client}}", fill.public_half).replace("{{file}}", fill.pem_file)
    };
    [("Node.js", NODE), ("Python", PYTHON)].map(|(language, text)| Sample { language, code: fill_in(text) }).into()
}
