"""Signs a request in Yoti's form and sends it: pip install yoti future. The key: private-key.pem, readable by you only."""

import json
import os

from yoti_python_sdk.http import SignedRequest

request = (
    SignedRequest.builder()
    .with_base_url("{{url}}")  # with the API's base path, which is not part of what is signed
    .with_endpoint("/orders")
    .with_pem_file(os.environ.get("KEYWRIGHT_PRIVATE_KEY_FILE", "private-key.pem"))
    .with_header("X-Yoti-Auth-Id", "{{keyid}}")  # the SDK id
    .with_param("currency", "EUR")  # nonce and timestamp are added
    .with_payload(json.dumps({"amount": "10.00"}).encode())  # a GET has none: leave this line out
    .with_http_method("POST")
    .build()
)

answer = request.execute()
print(answer.status_code, answer.text)
