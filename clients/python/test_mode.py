"""The test mode: a question as one JSON object on standard input, the headers to add as JSON on standard output. ../README.md has its form."""

import base64
import json
import sys

from keywright import Key, TokenSource, sign_request, sign_tylt


def headers_for(asked, key):
    body = asked.get("body_base64")
    body = None if body is None else base64.b64decode(body)
    scheme = asked.get("scheme")
    if scheme == "http-message-signatures":
        times = {"created": asked.get("created"), "nonce": asked.get("nonce")}
        return sign_request(asked["method"], asked["url"], asked.get("headers"), body, asked["keyid"], key, **times)
    if scheme == "tylt":
        return sign_tylt(asked["url"], body, asked["api_key"], key)
    if scheme == "oauth2":
        proof = {"key": key, "issuer": asked.get("issuer")} if "pem" in asked else {"client_secret": asked["secret"]}
        source = TokenSource(asked["token_url"], asked["client_id"], scope=asked.get("scope"), **proof)
        return {"Authorization": "Bearer " + source.token(), "Again": source.token()}
    raise ValueError("scheme is http-message-signatures, tylt, oauth2 or text")


def main():
    asked = json.load(sys.stdin)
    if "pem" in asked:
        key = Key.pem(asked["pem"], asked.get("algorithm"))
    else:
        key = Key.secret(asked["secret"] if "secret" in asked else base64.b64decode(asked["secret_base64"]))
    if asked.get("scheme") == "text":
        answer = {"signature": base64.b64encode(key.sign(asked["text"].encode())).decode()}
    else:
        answer = {"headers": list(headers_for(asked, key).items())}
    print(json.dumps(answer))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as why:
        sys.exit(f"keywright: {why}")
