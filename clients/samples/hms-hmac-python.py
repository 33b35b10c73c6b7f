"""Signs a request with a secret key (RFC 9421, hmac-sha256) and sends it. Python 3.9 or later; no packages.

read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the secret key, press Enter)
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
import urllib.parse
import urllib.request

secret = os.environ["KEYWRIGHT_SECRET"].strip()
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
signed = "".join(f'"{name}": {value}\n' for name, value in components.items()) + f'"@signature-params": {params}'
mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()

headers = {
    "Content-Digest": digest,
    "Signature-Input": "sig1=" + params,
    "Signature": "sig1=:" + base64.b64encode(mac).decode() + ":",
    "Content-Type": "application/json",
}
with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method=method)) as answer:
    print(answer.status, answer.read().decode())
