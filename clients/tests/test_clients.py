"""The three clients against each other, against the RFC's examples, and against checks that were written apart from them."""

import base64
import concurrent.futures
import itertools
import re
import subprocess
import sys
import time
import unittest

import support
import verifier
from support import CLIENTS, ISSUER, KEYID, KEYS, MODES, SECRET, ask, question

CREATED, NONCE = 1618884473, "b3k2pp5k7z-50gnwp.yemd"
REQUESTS = [
    ("GET", "https://api.example.com/payouts", None),
    ("GET", "https://api.example.com", None),
    ("GET", "https://api.example.com/payouts?", None),
    ("GET", "https://API.Example.com:443/a%2Fb/%C3%A4;x=1?b=2&a=1&b=1&empty=&c[]=%20+", None),
    ("GET", "http://api.example.com:80/?next=https://x.example/?y", None),
    ("HEAD", "http://[::1]:8080//double//slash/", None),
    ("POST", "https://api.example.com:8443/payouts", b'{"amount":"10.00"}'),
    ("POST", "https://api.example.com/payouts?dry=1", None),
    ("PUT", "https://api.example.com/files/1", bytes(range(256))),
    ("PATCH", "https://api.example.com/files/1", b""),
    ("DELETE", "https://api.example.com/files/1", None),
    ("GET", "https://api.example.com/search", b'{"a body":"with GET"}'),
    ("GET", "https://api.example.com/search", b""),
]


def signing():
    """Each key as the clients are asked to use it: name, what is asked, key of the check, algorithm."""
    yield "secret", {"secret": SECRET}, SECRET.encode(), "hmac-sha256"
    for name, (pem, public_key, algorithm) in KEYS.items():
        yield name, {"pem": pem}, public_key, algorithm
    yield "rsa with PSS", {"pem": KEYS["rsa"][0], "algorithm": "rsa-pss-sha512"}, KEYS["rsa"][1], "rsa-pss-sha512"


def on_all(questions):
    """The answers of the three clients to each question."""
    questions = list(questions)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda pair: ask(pair[1], **pair[0]), itertools.product(questions, MODES))
        return [dict(zip(MODES, answers_of_one)) for answers_of_one in zip(*[iter(answers)] * len(MODES))]


def arrived(method, url, body, headers):
    """The request that these headers belong to, as a server would see it."""
    scheme, rest = url.split("://", 1)
    host, slash, path = rest.partition("/")
    if "?" in host:
        host, _, query = host.partition("?")
        slash, path = "/", "?" + query
    host = host.lower().removesuffix(":443" if scheme == "https" else ":80")
    return verifier.Arrived(method, (slash or "/") + path, [["Host", host], *headers], body or b"")


class Clients(unittest.TestCase):
    maxDiff = None

    def refused_by_all(self, questions, *hidden):
        """Each question is refused, with one sentence, in which nothing of `hidden` stands."""
        for asked, answers in zip(questions, on_all(questions)):
            for client, answer in answers.items():
                with self.subTest(client=client, asked=asked):
                    self.assertIn("refused", answer)
                    for text in hidden:
                        self.assertNotIn(text, answer["refused"])

    def test_the_rfcs_examples_come_out_as_it_says(self):
        """RFC 9421, appendix B.2.5 with the secret of B.1.5, and B.2.6 with the key of B.1.4."""
        hmac_base = (
            '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n'
            '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
        )
        hmac_key = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
        ed_base = (
            '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
            '"content-type": application/json\n"content-length": 18\n'
            '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")'
            ';created=1618884473;keyid="test-key-ed25519"'
        )
        ed_key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n"
        ed_signature = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        for client in MODES:
            self.assertEqual(ask(client, scheme="text", text=hmac_base, secret_base64=hmac_key), {"signature": "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="})
            self.assertEqual(ask(client, scheme="text", text=ed_base, pem=ed_key), {"signature": ed_signature})

    def test_what_cannot_be_signed_as_it_is_is_refused_by_all(self):
        urls = ["api.example.com/x", "ftp://api.example.com/", "https:///x", "https://u:p@api.example.com/", "https://api.example.com/#x"]
        urls += ["https://api.example.com" + rest for rest in ("/a b", "/ä", "/%4", "/%zz", "/a/../b", "/.", "/%2e%2E/x", "/a\\b", "/x?q=a b", "/?'", "/?|", ":/", ":x/")]
        urls += ["https://exämple.com/", "https://api.example.com/\n", "https://api.example.com\n/", "http\u017f://api.example.com/", "https://[::1/"]
        asked = [question("GET", url, secret=SECRET) for url in urls]
        asked += [question(method, "https://api.example.com/", secret=SECRET) for method in ("get", "", "GET ", "GET\n")]
        good = question("GET", "https://api.example.com/", secret=SECRET)
        asked += [{**good, "headers": [[name, "x"]]} for name in ("Signature", "signature-input", "Content-Digest")]
        asked += [{**good, "headers": [["Host", host]]} for host in ("", "a b", "user@api.example.com")]
        asked += [{**good, "keyid": text} for text in ("", "a\nb", "ä")] + [{**good, "created": 1, "nonce": text} for text in ("", "a\nb", "ä")]
        self.refused_by_all(asked, SECRET)

    def test_what_is_no_key_is_refused_and_never_repeated(self):
        body = KEYS["rsa"][0].split("\n")[1]
        good = question("GET", "https://api.example.com/")
        asked = [{**good, "secret": text} for text in ("", SECRET + "\n", " " + SECRET)]
        public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n"
        asked += [{**good, "pem": text} for text in ("x", public, KEYS["rsa"][0][:300], KEYS["rsa"][0].replace(body, body[::-1]))]
        small = subprocess.run(["openssl", "genrsa", "1024"], capture_output=True, text=True, check=True).stdout
        other = subprocess.run(["openssl", "ecparam", "-name", "secp256k1", "-genkey", "-noout"], capture_output=True, text=True, check=True).stdout
        asked += [{**good, "pem": small}, {**good, "pem": other}]
        asked += [{**good, "pem": KEYS["ed25519"][0], "algorithm": name} for name in ("rsa-pss-sha512", "hmac-sha256", "none")]
        self.refused_by_all(asked, SECRET, body, body[::-1])

    def test_all_three_sign_alike_and_rightly(self):
        cases = [(request, way) for request in REQUESTS for way in signing() if request is REQUESTS[6] or way[0] in ("secret", "ed25519", "rsa")]
        asked = [question(*request, **way[1], created=CREATED, nonce=NONCE) for request, way in cases]
        for (request, (name, _, key, algorithm)), answers in zip(cases, on_all(asked)):
            with self.subTest(request=request, key=name):
                headers = {client: dict(answer["headers"]) for client, answer in answers.items()}
                alike = ["Content-Digest", "Signature-Input"] + ([] if "ecdsa" in algorithm or "pss" in algorithm else ["Signature"])
                for header, client in itertools.product(alike, ("node", "python")):
                    self.assertEqual(headers[client].get(header), headers["rust"].get(header))
                has_digest = request[0] in verifier.WITH_BODY or request[2] is not None
                for client, answer in answers.items():
                    self.assertEqual("Content-Digest" in headers[client], has_digest)
                    seen = arrived(*request, answer["headers"])
                    self.assertEqual(verifier.check_message_signature(seen, key, algorithm, KEYID, now=CREATED), NONCE, client)

    def test_the_check_refuses_whatever_was_changed_on_the_way(self):
        method, url, body = REQUESTS[6]
        headers = ask("rust", **question(method, url, body, secret=SECRET, created=CREATED, nonce=NONCE))["headers"]
        fits = arrived(method, url, body, headers)
        changed = [("PUT", url, body), (method, url + "?x=1", body), (method, url + "/", body), (method, url.replace("8443", "8444"), body), (method, url, body + b"\n")]
        for request in changed:
            with self.assertRaises(verifier.Refused, msg=request):
                verifier.check_message_signature(arrived(*request, headers), SECRET.encode(), "hmac-sha256", KEYID, now=CREATED)
        for key, keyid, now in ((b"another", KEYID, CREATED), (SECRET.encode(), "another", CREATED), (SECRET.encode(), KEYID, CREATED + 301)):
            with self.assertRaises(verifier.Refused):
                verifier.check_message_signature(fits, key, "hmac-sha256", keyid, now=now)

    def test_a_host_header_and_characters_that_are_escaped(self):
        asked = question("GET", "https://10.0.0.7/x", secret=SECRET, created=CREATED, nonce='a"b\\c')
        asked.update(headers=[["Accept", "x"], ["HOST", "Api.Example.com:443"]], keyid='k"\\')
        answers = on_all([asked])[0]
        self.assertEqual(answers["node"], answers["python"])
        self.assertEqual(answers["node"], answers["rust"])
        self.assertIn(r'nonce="a\"b\\c";keyid="k\"\\"', dict(answers["node"]["headers"])["Signature-Input"])
        same = question("GET", "https://api.example.com/x", secret=SECRET, created=CREATED, nonce='a"b\\c', keyid='k"\\')
        self.assertEqual(ask("rust", **same), answers["rust"])

    def test_time_and_nonce_are_of_now_and_random(self):
        answers = on_all([question("GET", "https://api.example.com/", secret=SECRET)] * 2)
        nonces = set()
        for client, answer in itertools.chain.from_iterable(one.items() for one in answers):
            found = re.search(r';created=(\d+);nonce="([A-Za-z0-9_-]{22})";', dict(answer["headers"])["Signature-Input"])
            self.assertLess(abs(time.time() - int(found[1])), 30, client)
            nonces.add(found[2])
        self.assertEqual(len(nonces), 6)

    def test_tylts_form_signs_the_body_or_the_raw_query(self):
        cases = [(b'{"a":1}', "?x=1"), (None, "?b=2&a=%20"), (None, ""), (b"", "?x=1"), (bytes(range(256)), "")]
        encoded = [(None if body is None else base64.b64encode(body).decode(), query) for body, query in cases]
        asked = [{"scheme": "tylt", "url": "https://api.example.com/x" + query, "body_base64": body, "api_key": KEYID, "secret": SECRET} for body, query in encoded]
        for (body, query), answers in zip(cases, on_all(asked)):
            self.assertEqual(answers["node"], answers["python"])
            self.assertEqual(answers["node"], answers["rust"])
            verifier.check_tylt(verifier.Arrived("POST", "/x" + query, answers["node"]["headers"], body), SECRET.encode(), KEYID)
        pem = {name: value for name, value in asked[0].items() if name != "secret"}
        self.refused_by_all([{**asked[0], "api_key": "a b"}, {**asked[0], "api_key": ""}, {**pem, "pem": KEYS["rsa"][0]}])


class WithServer(unittest.TestCase):
    def setUp(self):
        self.server = support.Server()
        self.addCleanup(self.server.stop)

    def oauth(self, **more):
        return {"scheme": "oauth2", "token_url": self.server.url + "/token", "client_id": KEYID, **more}

    def test_a_token_is_fetched_once_and_kept(self):
        ways = [({"secret": SECRET}, None), ({"secret": "a secret/+%:ä", "scope": "payouts:read payouts:write"}, None)]
        ways += [({"pem": pem, "issuer": ISSUER}, public_key) for pem, public_key, _ in KEYS.values()]
        for (more, self.server.public_key), client in itertools.product(ways, MODES):
            with self.subTest(client=client, more=list(more)):
                self.server.secret = more.get("secret", SECRET)
                self.server.seen.clear()
                self.assertEqual(ask(client, **self.oauth(**more)), {"headers": [["Authorization", "Bearer token-1"], ["Again", "token-1"]]})
                self.assertEqual(self.server.seen, [("/token", 200, None)])

    def test_a_refusal_is_told_without_the_secret(self):
        self.server.public_key = KEYS["ed25519"][1]
        for client in MODES:
            for wrong in ({"secret": "another-secret"}, {"pem": KEYS["ed25519"][0], "issuer": "https://other.example.com"}):
                self.assertEqual(ask(client, **self.oauth(**wrong)), {"refused": "keywright: no token: 401, invalid_client"})

    def test_a_secret_follows_no_redirect_and_goes_nowhere_in_the_clear(self):
        for client in MODES:
            self.assertIn("refused", ask(client, **{**self.oauth(secret=SECRET), "token_url": self.server.url + "/redirects"}))
            self.assertIn("https", ask(client, **{**self.oauth(secret=SECRET), "token_url": "http://id.example.com/token"})["refused"])
            self.assertIn("refused", ask(client, **self.oauth(pem=KEYS["rsa"][0], issuer=ISSUER, algorithm="rsa-pss-sha512")))
        self.assertEqual([path for path, _, _ in self.server.seen], ["/redirects"] * len(MODES))

    def test_what_node_and_python_send_is_what_they_signed(self):
        node = f"""
            import {{ Key, signRequest }} from '{(CLIENTS / "node" / "keywright.mjs").as_uri()}';
            const [url, method, body] = process.argv.slice(1);
            const headers = {{ 'X-Other': 'x' }};
            Object.assign(headers, signRequest(method, url, headers, body, '{KEYID}', Key.secret('{SECRET}')));
            console.log((await fetch(url, {{ method, headers, body }})).status);"""
        python = f"""
            import sys, urllib.request
            sys.path.insert(0, {str(CLIENTS / "python")!r})
            from keywright import Key, sign_request
            url, method, body = sys.argv[1], sys.argv[2], sys.argv[3].encode() if sys.argv[3:] else None
            headers = dict([("X-Other", "x")])
            headers.update(sign_request(method, url, headers, body, {KEYID!r}, Key.secret({SECRET!r})))
            print(urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method=method)).status)"""
        python = "\n".join(line.strip() for line in python.splitlines())
        targets = ["/hms/", "/hms/a%2Fb/%C3%A4;x=1,2:@!$&'()*+=~", "/hms/x?b=2&a=1&c[]=%20+&d=/?:@!$()*,;~", "/hms/x?", "/hms//double//slash/", "/hms/...?a..b"]
        for target, sent in itertools.product(targets, (["GET"], ["POST", '{"ä": 1}'], ["DELETE"])):
            for command in (["node", "--input-type=module", "-e", node], [sys.executable, "-c", python]):
                with self.subTest(target=target, sent=sent, command=command[0]):
                    run = subprocess.run([*command, self.server.url + target, *sent], capture_output=True, text=True, timeout=support.TIME_LIMIT_S)
                    self.assertEqual((run.stdout.strip(), self.server.seen[-1]), ("200", (target.partition("?")[0], 200, None)), run.stderr)


if __name__ == "__main__":
    unittest.main()
