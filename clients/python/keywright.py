"""Signs requests to services behind Keywright, and fetches OAuth 2 tokens for them. Python 3.9 or later.

To install it, copy this file. Secrets need the standard library only; private keys need the package ``cryptography``. How to use it: ../README.md.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Dict, Iterable, Mapping, Optional, Tuple, Union

WITH_BODY = frozenset(("POST", "PUT", "PATCH", "DELETE"))
"""Methods whose requests have a digest of their body also when the body is empty."""
RSA_BITS_MIN = 2048
"""RSA keys below this are broken or soon will be (NIST SP 800-131A)."""
ASSERTION_LIFE_S = 60
"""Life of a signed client assertion, in seconds. It is sent at once, so a minute is plenty."""
TOKEN_TIMEOUT_S = 10
"""How long a token's server may take, in seconds."""
ANSWER_BYTES_MAX = 65536
"""What is read of an answer; one with a token has about a thousand bytes."""

Body = Union[str, bytes, None]
"""A body exactly as it is sent; None where none is sent."""
Headers = Union[Mapping[str, str], Iterable[Tuple[str, str]], None]


class Key:
    """A key that signs. What it holds stands in a closure, so that no log or inspection shows it."""

    __slots__ = ("algorithm", "_sign")

    def __init__(self, algorithm, sign):
        self.algorithm = algorithm  # the name in RFC 9421, section 3.3
        self._sign = sign

    @classmethod
    def secret(cls, secret: Union[str, bytes]) -> "Key":
        """The secret of an ``hmac`` credential: text as it was shown, or bytes."""
        if isinstance(secret, str):
            if secret != secret.strip():
                raise ValueError("the secret begins or ends with white space: it was probably read from a file with its line break; strip it")
            secret = secret.encode()
        if not secret:
            raise ValueError("the secret is empty")
        return cls("hmac-sha256", lambda message: hmac.new(secret, message, hashlib.sha256).digest())

    @classmethod
    def pem(cls, pem: Union[str, bytes], algorithm: Optional[str] = None) -> "Key":
        """A private key as PEM: Ed25519, P-256, P-384 or RSA. RSA keys sign with ``rsa-v1_5-sha256``, or with ``rsa-pss-sha512`` if asked to."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(pem.encode() if isinstance(pem, str) else pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # Without its cause, which may quote the input.
            raise ValueError("this is no private key as PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)") from None
        signers = _signers(key)
        chosen = algorithm or next(iter(signers))
        if chosen not in signers:
            raise ValueError("this key signs with " + " or ".join(signers))
        return cls(chosen, signers[chosen])

    @property
    def is_secret(self) -> bool:
        """Whether this is the secret of an ``hmac`` credential."""
        return self.algorithm == "hmac-sha256"

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, as RFC 9421 and RFC 7518 want it (ECDSA as r and s, 32 or 48 bytes each)."""
        return self._sign(message)

    def __repr__(self):
        return f"Key({self.algorithm})"


def _signers(key):
    """The algorithms of a private key, the first by default, and how each one signs."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    def ecdsa(digest, size):
        def sign(message):
            r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")

        return sign

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {"ed25519": key.sign}
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= RSA_BITS_MIN:
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64)
        return {
            "rsa-v1_5-sha256": lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256()),
            "rsa-pss-sha512": lambda message: key.sign(message, pss, hashes.SHA512()),
        }
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return {"ecdsa-p256-sha256": ecdsa(hashes.SHA256(), 32)}
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return {"ecdsa-p384-sha384": ecdsa(hashes.SHA384(), 48)}
    raise ValueError(f"this key is none of Ed25519, P-256, P-384 and RSA of {RSA_BITS_MIN} bits or more")


def sign_request(
    method: str, url: str, headers: Headers, body: Body, keyid: str, key: Key, *, created: Optional[int] = None, nonce: Optional[str] = None
) -> Dict[str, str]:
    """The headers to add to a request so that it is signed (RFC 9421): Content-Digest (RFC 9530), Signature-Input, Signature.

    ``headers`` (a mapping, pairs or None) are those that the request has already: a Host among them is what is signed as the authority.
    ``created`` (seconds since 1970) and ``nonce`` are for tests; without them they are now, and random.
    Raises ValueError where method, URL or headers cannot be signed as they are.
    """
    present = _lowered(headers)
    for name in ("content-digest", "signature-input", "signature"):
        if name in present:
            raise ValueError(f"the request has a {name} already: sign it once, with the headers as they were before")
    scheme, host, path, query = _parts(url)
    if not re.fullmatch("[A-Z]+", method):
        raise ValueError("the method is written in capitals, as it is sent")
    created = int(time.time()) if created is None else created
    if type(created) is not int or created < 0:
        raise ValueError("created is a whole number of seconds since 1970")
    nonce = secrets.token_urlsafe(16) if nonce is None else nonce
    body = _body_bytes(body)
    added = {}
    lines = [
        ("@method", method),
        ("@authority", _authority(present.get("host", host), scheme)),
        ("@path", path),
        ("@query", "?" + (query or "")),
    ]
    if method in WITH_BODY or body is not None:
        digest = base64.b64encode(hashlib.sha256(body or b"").digest()).decode()
        added["Content-Digest"] = f"sha-256=:{digest}:"
        lines.append(("content-digest", added["Content-Digest"]))
    covered = " ".join(f'"{name}"' for name, _ in lines)
    params = f"({covered});created={created};nonce={_quoted(nonce)};keyid={_quoted(keyid)}"
    base = "\n".join([f'"{name}": {value}' for name, value in lines] + [f'"@signature-params": {params}'])
    added["Signature-Input"] = "sig1=" + params
    added["Signature"] = f"sig1=:{base64.b64encode(key.sign(base.encode())).decode()}:"
    return added


def sign_tylt(url: str, body: Body, api_key: str, key: Key) -> Dict[str, str]:
    """The headers to add in Tylt's form: the hex HMAC of the exact body, or of the raw query string where there is none, or an empty one."""
    if not key.is_secret:
        raise ValueError("Tylt's form is signed with a secret, not with a private key")
    if not re.fullmatch("[!-~]+", api_key):
        raise ValueError("the API key has characters that no key has")
    body = _body_bytes(body)
    signed = body or (_parts(url)[3] or "").encode()
    return {"X-TLP-APIKEY": api_key, "X-TLP-SIGNATURE": key.sign(signed).hex()}


class TokenSource:
    """OAuth 2 access tokens by client_credentials, kept until shortly before they end; threads may share one.

    Give ``client_secret`` (client_secret_basic), or ``key`` and ``issuer`` (private_key_jwt, RFC 7523).
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        *,
        client_secret: Optional[str] = None,
        key: Optional[Key] = None,
        issuer: Optional[str] = None,
        scope: Optional[str] = None,
    ):
        address = urllib.parse.urlsplit(token_url)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in ("localhost", "127.0.0.1", "::1")):
            raise ValueError("the token URL must be https: over http the secret and the token could be read on the way")
        if (client_secret is None) == (key is None):
            raise ValueError("give either client_secret, or key and issuer")
        if key is not None and (key.is_secret or not issuer):
            raise ValueError("private_key_jwt wants a private key, and the issuer as audience")
        self._token_url = token_url
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._prove = (lambda: _assertion_form(client_id, issuer, key)) if key else (lambda: _basic(client_id, client_secret))
        self._lock = threading.Lock()
        self._kept = None

    def token(self) -> str:
        """A token that is valid for a while yet. Raises OSError with the server's error code where it gives none."""
        with self._lock:
            if self._kept is None or time.monotonic() >= self._kept[1]:
                self._kept = self._fetch()
            return self._kept[0]

    def forget(self) -> None:
        """Throws the kept token away: call it after a 401, then ask once more."""
        with self._lock:
            self._kept = None

    def _fetch(self):
        headers, form = self._prove()
        headers["Accept"] = "application/json"
        data = urllib.parse.urlencode({**self._form, **form}).encode()
        asked = time.monotonic()
        request = urllib.request.Request(self._token_url, data=data, headers=headers, method="POST")
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=TOKEN_TIMEOUT_S) as answer:
                status, said = answer.status, _json(answer.read(ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as refused:
            status, said = refused.code, _json(refused.read(ANSWER_BYTES_MAX))
        if status != 200 or not isinstance(said.get("access_token"), str):
            known = [str(status)] + [str(said[name]) for name in ("error", "error_description") if said.get(name)]
            raise OSError("no token: " + ", ".join(known))
        life = said.get("expires_in")
        life = life if isinstance(life, (int, float)) and 0 < life < 1e9 else 0  # a token of unknown life is used once
        return said["access_token"], asked + life - min(30, life / 10)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the secret to somebody else: it counts as the refusal that it is."""

    def redirect_request(self, *_):
        return None


def client_assertion(client_id: str, audience: str, key: Key) -> str:
    """A JWT by which a client proves who it is (RFC 7523, section 3); ``audience`` is the issuer of the authorisation server."""
    names = {"ed25519": "EdDSA", "ecdsa-p256-sha256": "ES256", "ecdsa-p384-sha384": "ES384", "rsa-v1_5-sha256": "RS256"}
    if key.algorithm not in names:
        raise ValueError(f"no JWT is signed with {key.algorithm}")
    iat = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": iat, "exp": iat + ASSERTION_LIFE_S, "jti": str(uuid.uuid4())}
    header = {"alg": names[key.algorithm], "typ": "JWT"}
    signed = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return (signed + b"." + _base64url(key.sign(signed))).decode()


def _assertion_form(client_id, issuer, key):
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {}, {"client_assertion_type": kind, "client_assertion": client_assertion(client_id, issuer, key)}


def _basic(client_id, client_secret):
    pair = urllib.parse.quote_plus(client_id) + ":" + urllib.parse.quote_plus(client_secret)  # RFC 6749, section 2.3.1
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}, {}


def _parts(url):
    """Scheme, host with port, path and query of a URL, as they will travel. What a program would rewrite on the way is refused."""
    found = re.fullmatch(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", url, re.IGNORECASE | re.ASCII)
    if not found:
        raise ValueError("the URL must be absolute, http or https, and have no fragment")
    scheme, host, path, query = found.groups()
    if not re.fullmatch(r"(/([A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)?", path):
        raise ValueError("the path has characters that must be percent-encoded")
    if not re.fullmatch(r"([A-Za-z0-9\-._~!$&()*+,;=:@/?\[\]]|%[0-9A-Fa-f]{2})*", query or ""):
        raise ValueError("the query has characters that must be percent-encoded")
    if re.search(r"(^|/)(\.|%2e){1,2}(/|$)", path, re.IGNORECASE):
        raise ValueError("the path has a segment . or .., which many programs remove on the way")
    return scheme.lower(), host, path or "/", query


def _authority(host, scheme):
    """The host in lower case, without the scheme's own port (RFC 9421, section 2.2.3)."""
    if not re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?", host):
        raise ValueError("the URL has no host that can be signed: no user name, and other scripts as xn--")
    return re.sub(":443$" if scheme == "https" else ":80$", "", host.lower())


def _body_bytes(body):
    if body is None:
        return None
    if not isinstance(body, (str, bytes, bytearray, memoryview)):
        raise ValueError("the body is text or bytes, exactly as they are sent")
    return body.encode() if isinstance(body, str) else bytes(body)


def _lowered(headers):
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    return {name.lower(): value.strip() for name, value in pairs}


def _quoted(text):
    """A string of a structured field (RFC 9651, section 3.3.3)."""
    if not isinstance(text, str) or not re.fullmatch("[ -~]+", text):
        raise ValueError("nonce and keyid are printable ASCII")
    return '"' + re.sub(r'([\\"])', r"\\\1", text) + '"'


def _json(text):
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
