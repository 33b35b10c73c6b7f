"""Checks of signed requests, written apart from the clients: from the bytes that arrived, and nothing else."""

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

WINDOW_S = 300
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


class Refused(Exception):
    """Why a request does not pass."""


class Arrived:
    """A request as it arrived: `target` is what stood in the request line."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, list(headers), body

    def one(self, name):
        """The value of a header that must be there exactly once."""
        values = [value for own, value in self.headers if own.lower() == name]
        if len(values) != 1:
            raise Refused(f"{name} is there {len(values)} times")
        return values[0]

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return self.target.partition("?")[2]


def passes(key, algorithm, message, signature):
    """Whether a signature is right; `key` is the secret's bytes or a public key."""
    if algorithm == "hmac-sha256":
        return hmac.compare_digest(hmac.new(key, message, hashlib.sha256).digest(), signature)
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            size, sha = (48, hashes.SHA384()) if key.curve.key_size == 384 else (32, hashes.SHA256())
            if len(signature) != 2 * size:
                return False
            r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(sha))
        elif algorithm == "rsa-pss-sha512":
            key.verify(signature, message, padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64), hashes.SHA512())
        else:
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def check_message_signature(arrived, key, algorithm, keyid, now=None):
    """RFC 9421 under the profile of the service: what is covered is exactly what it asks for. Gives the nonce."""
    found = re.fullmatch(r'sig1=(\(([^)]*)\);created=([0-9]+);nonce="([\x21-\x7e]{1,256})";keyid="([^"]+)")', arrived.one("signature-input"))
    if not found:
        raise Refused("Signature-Input has another form")
    params, names, created, nonce, named = found.groups()
    wanted = '"@method" "@authority" "@path" "@query"'
    values = {"@method": arrived.method, "@authority": arrived.one("host").lower(), "@path": arrived.path, "@query": "?" + arrived.query}
    if arrived.method in WITH_BODY or arrived.body or any(name.lower() == "content-digest" for name, _ in arrived.headers):
        wanted += ' "content-digest"'
        values["content-digest"] = arrived.one("content-digest")
        if values["content-digest"] != "sha-256=:" + base64.b64encode(hashlib.sha256(arrived.body).digest()).decode() + ":":
            raise Refused("the digest is of another body")
    if names != wanted:
        raise Refused(f"covered is {names}")
    if named != keyid:
        raise Refused("another keyid")
    if abs((now or time.time()) - int(created)) > WINDOW_S:
        raise Refused("out of the window")
    signature = re.fullmatch("sig1=:([A-Za-z0-9+/]+=*):", arrived.one("signature"))
    base = "".join(f'"{name}": {value}\n' for name, value in values.items()) + '"@signature-params": ' + params
    if not signature or not passes(key, algorithm, base.encode("latin-1"), base64.b64decode(signature.group(1), validate=True)):
        raise Refused("the signature is of something else")
    return nonce


def check_tylt(arrived, secret, api_key):
    """Tylt's form: the hex HMAC of the body, or of the raw query string where there is none; an empty one is none."""
    if arrived.one("x-tlp-apikey") != api_key:
        raise Refused("another API key")
    signed = arrived.body or arrived.query.encode()
    if arrived.one("x-tlp-signature") != hmac.new(secret, signed, hashlib.sha256).hexdigest():
        raise Refused("the signature is of something else")


def check_yoti(arrived, base_path, public_key, sdk_id):
    """Yoti's form: method, path without the base path, raw query, and the body in base64 where there is one."""
    if arrived.one("x-yoti-auth-id") != sdk_id or not arrived.target.startswith(base_path + "/"):
        raise Refused("another SDK id or base path")
    parameters = urllib.parse.parse_qs(arrived.query)
    if not re.fullmatch("[0-9a-fA-F-]{36}", parameters["nonce"][0]) or abs(time.time() * 1000 - int(parameters["timestamp"][0])) > WINDOW_S * 1000:
        raise Refused("nonce or timestamp")
    signed = f"{arrived.method}&{arrived.target[len(base_path):]}"
    if arrived.body:
        signed += "&" + base64.b64encode(arrived.body).decode()
    if not passes(public_key, "rsa-v1_5-sha256", signed.encode(), base64.b64decode(arrived.one("x-yoti-auth-digest"))):
        raise Refused("the signature is of something else")


def check_client(arrived, client_id, secret, public_key, issuer, used):
    """Who asks for a token: client_secret_basic or private_key_jwt; `used` are the jti that were there before."""
    form = {name: values[0] for name, values in urllib.parse.parse_qs(arrived.body.decode(), strict_parsing=True).items()}
    if form.get("grant_type") != "client_credentials" or arrived.one("content-type").partition(";")[0] != "application/x-www-form-urlencoded":
        raise Refused("no form for client_credentials")
    if "client_assertion" not in form:
        pair = base64.b64decode(arrived.one("authorization").removeprefix("Basic ")).decode().split(":")
        if [urllib.parse.unquote_plus(part) for part in pair] != [client_id, secret]:
            raise Refused("another client or secret")
        return form
    if form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
        raise Refused("client_assertion_type")
    signed, _, signature = form["client_assertion"].rpartition(".")
    header, claims = (json.loads(_from_base64url(part)) for part in signed.split("."))
    names = {"EdDSA": "ed25519", "ES256": "ecdsa-p256-sha256", "ES384": "ecdsa-p384-sha384", "RS256": "rsa-v1_5-sha256"}
    if not passes(public_key, names[header["alg"]], signed.encode(), _from_base64url(signature)):
        raise Refused("the assertion is signed by somebody else")
    if claims["iss"] != client_id or claims["sub"] != client_id or claims["aud"] != issuer or claims["jti"] in used:
        raise Refused("the assertion says something else")
    if claims["exp"] - claims["iat"] != 60 or abs(time.time() - claims["iat"]) > 30:
        raise Refused("the assertion is of another time")
    used.add(claims["jti"])
    return form


def _from_base64url(text):
    if "=" in text:
        raise Refused("base64url with padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
