"""Signs a request with a private key (RFC 9421) and sends it: pip install cryptography. The key: private-key.pem, readable by you only."""

import base64
import hashlib
import json
import os
import secrets
import time
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

with open(os.environ.get("KEYWRIGHT_PRIVATE_KEY_FILE", "private-key.pem"), "rb") as file:
    key = serialization.load_pem_private_key(file.read(), password=None)
method = "POST"
url = "{{url}}"
keyid = "{{keyid}}"
body = json.dumps({"amount": "10.00", "currency": "EUR"}).encode()  # made once: these very bytes are signed and sent

parts = urllib.parse.urlsplit(url)
digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
components = {
    "@method": method,
    "@authority": parts.netloc.lower(),  # without :443 or :80
    "@path": parts.path or "/",
    "@query": "?" + parts.query,
    "content-digest": digest,  # a GET has no body: leave this line out
}
names = " ".join(f'"{name}"' for name in components)
params = f'({names});created={int(time.time())};nonce="{secrets.token_urlsafe(16)}";keyid="{keyid}"'
signed = ("".join(f'"{name}": {value}\n' for name, value in components.items()) + f'"@signature-params": {params}').encode()

if isinstance(key, ed25519.Ed25519PrivateKey):
    signature = key.sign(signed)
elif isinstance(key, ec.EllipticCurvePrivateKey):  # sent as r and s, not as DER
    size, sha = (48, hashes.SHA384()) if key.curve.key_size == 384 else (32, hashes.SHA256())
    signature = b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(key.sign(signed, ec.ECDSA(sha))))
else:
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())

headers = {
    "Content-Digest": digest,
    "Signature-Input": "sig1=" + params,
    "Signature": "sig1=:" + base64.b64encode(signature).decode() + ":",
    "Content-Type": "application/json",
}
with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method=method)) as answer:
    print(answer.status, answer.read().decode())
