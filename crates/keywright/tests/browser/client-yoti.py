"""Yoti's own SDK signs calls; what it would send is printed as /verify takes it."""

import base64
import json
import os

from yoti_python_sdk.http import SignedRequest

client = json.loads(os.environ["CLIENT"])
base, pem, sdk_id = client["base"], client["pem"], client["sdk_id"]


def builder():
    return SignedRequest.builder().with_base_url(base).with_pem_file(pem)


signed = [
    builder().with_endpoint("/sessions").with_param("sdkId", sdk_id).with_get().build(),
    builder().with_endpoint("/qrcodes/apps/" + sdk_id).with_post().with_payload(json.dumps({"policy": "é"}).encode()).build(),
    builder().with_endpoint("/sessions").with_header("X-Yoti-Auth-Id", sdk_id).with_http_method("DELETE").build(),
]
asked = []
for request in signed:
    body = {"body_base64": base64.b64encode(request.data).decode()} if request.data else {"body": "none"}
    asked.append({"method": request.method, "url": request.url, "headers": list(request.headers.items()), **body})
print(json.dumps(asked))
