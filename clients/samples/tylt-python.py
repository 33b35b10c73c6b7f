"""Signs a request in Tylt's form and sends it. Python 3.9 or later; no packages.

read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the secret key, press Enter)
"""

import hashlib
import hmac
import json
import os
import urllib.request

secret = os.environ["KEYWRIGHT_SECRET"].strip()
url = "{{url}}"
api_key = "{{keyid}}"
body = json.dumps({"amount": "10.00", "currency": "EUR"}).encode()  # made once: these very bytes are signed and sent

# A GET has no body: its raw query string is signed instead, as in urllib.parse.urlsplit(url).query.encode()
signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

headers = {
    "X-TLP-APIKEY": api_key,
    "X-TLP-SIGNATURE": signature,
    "Content-Type": "application/json",
}
with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method="POST")) as answer:
    print(answer.status, answer.read().decode())
