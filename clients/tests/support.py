"""Keys, the clients' test modes, and a server on the loopback that checks what arrives."""

import base64
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import verifier

CLIENTS = pathlib.Path(__file__).resolve().parent.parent
MODES = {
    "node": ["node", str(CLIENTS / "node" / "test-mode.mjs")],
    "python": [sys.executable, str(CLIENTS / "python" / "test_mode.py")],
    "rust": [os.environ["CLIENTS_RUST_EXAMPLE"]],
}
SECRET = "kw_sk_test_Zk3v9QpL0sXy7TbW1cRm5NdE8aHf2G0Jq4u"
KEYID = "5c1f0a7e-9d54-4b43-8a55-0f2a1f9f3c11"
ISSUER = "https://id.example.com"
TIME_LIMIT_S = 60


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


_OLD = serialization.PrivateFormat.TraditionalOpenSSL
_ED25519, _P256, _P384 = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
_RSA = rsa.generate_private_key(65537, 2048)
KEYS = {
    # name: (PEM, public key, algorithm)
    "ed25519": (pem(_ED25519), _ED25519.public_key(), "ed25519"),
    "p-256": (pem(_P256), _P256.public_key(), "ecdsa-p256-sha256"),
    "p-256 as SEC1": (pem(_P256, _OLD), _P256.public_key(), "ecdsa-p256-sha256"),
    "p-384": (pem(_P384), _P384.public_key(), "ecdsa-p384-sha384"),
    "p-384 as SEC1": (pem(_P384, _OLD), _P384.public_key(), "ecdsa-p384-sha384"),
    "rsa": (pem(_RSA), _RSA.public_key(), "rsa-v1_5-sha256"),
    "rsa as PKCS#1": (pem(_RSA, _OLD), _RSA.public_key(), "rsa-v1_5-sha256"),
}


def ask(client, **question):
    """The answer of a client's test mode; the text of its refusal as `refused`."""
    run = subprocess.run(MODES[client], input=json.dumps(question), capture_output=True, text=True, timeout=TIME_LIMIT_S)
    if run.returncode == 0:
        return json.loads(run.stdout)
    if run.returncode != 1 or not run.stderr.startswith("keywright: ") or len(run.stderr.splitlines()) != 1:
        raise AssertionError(f"{client} broke down ({run.returncode}): {run.stderr}")
    return {"refused": run.stderr.strip()}


def question(method, url, body=None, **more):
    """A question for `http-message-signatures`."""
    encoded = None if body is None else base64.b64encode(body).decode()
    return {"scheme": "http-message-signatures", "method": method, "url": url, "headers": [], "body_base64": encoded, "keyid": KEYID, **more}


class Server:
    """Checks what arrives under /hms/, /tylt/, /yoti/base/, /orders, /token and /bearer/, and remembers how it went."""

    def __init__(self):
        self.key, self.algorithm, self.secret = SECRET.encode(), "hmac-sha256", SECRET
        self.public_key, self.seen, self.used = None, [], set()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = self.headers.get("content-length")
                body = None if length is None else self.rfile.read(int(length))
                server.answer(self, verifier.Arrived(self.command, self.path, self.headers.items(), body))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_):
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self):
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler, arrived):
        said, headers = {"accepted": True}, {}
        try:
            if arrived.path.startswith("/hms/") or arrived.path == "/":
                nonce = verifier.check_message_signature(self._whole(arrived), self.key, self.algorithm, KEYID)
                if nonce in self.used:
                    raise verifier.Refused("the nonce was there before")
                self.used.add(nonce)
            elif arrived.path.startswith("/tylt/"):
                verifier.check_tylt(arrived, self.secret.encode(), KEYID)
            elif arrived.path.startswith("/yoti/base/"):
                verifier.check_yoti(arrived, "/yoti/base", self.public_key, KEYID)
            elif arrived.path.lstrip("/") == "orders":
                verifier.check_yoti(arrived, "", self.public_key, KEYID)
            elif arrived.path == "/token":
                form = verifier.check_client(arrived, KEYID, self.secret, self.public_key, ISSUER, self.used)
                said = {"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600, "scope": form.get("scope", "")}
            elif arrived.path == "/redirects":
                headers["Location"] = self.url + "/stolen"
            elif arrived.path.startswith("/bearer/") and arrived.one("authorization") != "Bearer token-1":
                raise verifier.Refused("another token")
            status = 302 if headers else 200
        except (verifier.Refused, KeyError, ValueError) as why:
            status, said = 401, {"error": "invalid_client", "why": str(why)}
        self.seen.append((arrived.path, status, said.get("why")))
        text = json.dumps(said).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    @staticmethod
    def _whole(arrived):
        arrived.body = arrived.body or b""
        return arrived
