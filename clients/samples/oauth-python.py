"""Fetches an access token (client_credentials, client_secret_basic) and calls the API with it. Python 3.9 or later; no packages.

read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET     (paste the consumer secret, press Enter)
"""

import base64
import json
import os
import time
import urllib.parse
import urllib.request

client_secret = os.environ["KEYWRIGHT_SECRET"].strip()
token_url = "{{token_url}}"
client_id = "{{keyid}}"
url = "{{url}}"

kept = {"token": "", "until": 0.0}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # the secret goes nowhere else


def token():
    if time.time() < kept["until"]:  # a token is good for many calls
        return kept["token"]
    pair = urllib.parse.quote(client_id, safe="") + ":" + urllib.parse.quote(client_secret, safe="")
    headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    request = urllib.request.Request(token_url, data=b"grant_type=client_credentials", headers=headers)
    with urllib.request.build_opener(NoRedirects).open(request) as answer:
        said = json.load(answer)
    kept.update(token=said["access_token"], until=time.time() + said["expires_in"] - 30)
    return kept["token"]


with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "Bearer " + token()})) as answer:
    print(answer.status, answer.read().decode())
