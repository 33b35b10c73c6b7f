"""Each sample, with its placeholders filled, sends a request that passes, and with another secret one that does not."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

import support
from support import CLIENTS, KEYID, KEYS, SECRET

NPM = pathlib.Path(os.environ["CLIENTS_NPM"])
TARGET = os.environ["CLIENTS_RUST_TARGET"]
ALL_KEYS = ["ed25519", "p-256", "p-384", "rsa", "rsa as PKCS#1"]
LINES_MAX = 60
# Nobody is asked for a secret, whoever runs these tests.
NO_TERMINAL = {"stdin": subprocess.DEVNULL, "start_new_session": True}
# What is signed with, by the beginning of a sample's name: a secret, or these keys.
PROOFS = {"tylt": None, "hms-hmac": None, "oauth": None, "hms-key-pair": ALL_KEYS, "yoti": ["rsa", "rsa as PKCS#1"]}
PLACES = {"tylt": "/tylt/orders?dry=1", "hms-hmac": "/hms/orders?b=2&a=%2F", "oauth": "/bearer/orders", "hms-key-pair": "/hms/orders?b=2&a=%2F", "yoti": "/yoti/base"}


def language(path):
    return path.stem.rpartition("-")[2]


def samples():
    """Name of the scheme and path of each sample; a file that is none breaks the test."""
    for path in sorted((CLIENTS / "samples").iterdir()):
        if path.name not in ("Cargo.toml", "Cargo.lock"):
            scheme = next(name for name in PROOFS if path.stem == f"{name}-{language(path)}")
            yield scheme, path


class Samples(unittest.TestCase):
    def setUp(self):
        self.server = support.Server()
        self.addCleanup(self.server.stop)
        # Below the place of the packages, where Node looks for them.
        self.filled = pathlib.Path(tempfile.mkdtemp(dir=NPM, prefix="samples-"))
        self.addCleanup(shutil.rmtree, self.filled)

    def fill(self, places=PLACES, token_path="/token"):
        for path in (CLIENTS / "samples").iterdir():
            text = path.read_text()
            scheme = next((name for name, found in samples() if found == path), None)
            values = {"keyid": KEYID, "url": self.server.url + places.get(scheme, ""), "token_url": self.server.url + token_path}
            for name, value in values.items():
                text = text.replace("{{" + name + "}}", value)
            self.assertNotRegex(text, r"\{\{[a-z_]+\}\}", path.name)
            (self.filled / path.name).write_text(text)
        build = ["cargo", "build", "--quiet", "--locked", "--manifest-path", str(self.filled / "Cargo.toml"), "--target-dir", TARGET]
        subprocess.run(build, check=True, timeout=1800)

    def run_sample(self, path, **environment):
        commands = {
            "curl": ["bash", str(self.filled / path.name)],
            "node": ["node", str(self.filled / path.name)],
            "python": [sys.executable, str(self.filled / path.name)],
            "rust": [str(pathlib.Path(TARGET) / "debug" / path.stem)],
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KEYWRIGHT_")}
        run = subprocess.run(commands[language(path)], cwd=self.filled, env={**clean, **environment}, capture_output=True, text=True, timeout=support.TIME_LIMIT_S, **NO_TERMINAL)
        return run.returncode, run.stdout + run.stderr

    def passes(self, path, **environment):
        self.server.seen.clear()
        self.server.used.clear()
        code, said = self.run_sample(path, **environment)
        self.assertEqual([(status, why) for _, status, why in self.server.seen], [(200, None)] * max(1, len(self.server.seen)), said)
        self.assertEqual(code, 0, said)
        self.assertRegex(said.replace(" ", ""), '"?accepted"?:true')

    def fails(self, path, hidden, **environment):
        self.server.seen.clear()
        code, said = self.run_sample(path, **environment)
        self.assertEqual([status for _, status, _ in self.server.seen], [401], said)
        self.assertTrue(code != 0 or "401" in said, said)
        self.assertNotIn(hidden, said)

    def test_each_sample_works_as_pasted(self):
        self.fill()
        for scheme, path in samples():
            for name in PROOFS[scheme] or [None]:
                with self.subTest(sample=path.name, key=name):
                    if name is None:
                        self.server.key, self.server.algorithm = SECRET.encode(), "hmac-sha256"
                        self.passes(path, KEYWRIGHT_SECRET=SECRET)
                        self.fails(path, "kw_sk_test_another", KEYWRIGHT_SECRET="kw_sk_test_another")
                    else:
                        pem, self.server.public_key, self.server.algorithm = KEYS[name]
                        self.server.key = self.server.public_key
                        (self.filled / "private-key.pem").write_text(pem)
                        self.passes(path)
                        # What was signed by the one does not pass as the other's.
                        self.server.key = self.server.public_key = support.ed25519.Ed25519PrivateKey.generate().public_key()
                        self.fails(path, pem.split("\n")[1])

    def test_a_url_without_a_query_or_a_path_is_signed_as_well(self):
        for place in ("/hms/orders", ""):
            self.fill({**PLACES, "hms-hmac": place})
            for path in [path for scheme, path in samples() if scheme == "hms-hmac"]:
                with self.subTest(sample=path.name, place=place):
                    self.passes(path, KEYWRIGHT_SECRET=SECRET)

    def test_a_yoti_sample_signs_for_an_address_without_a_base_path(self):
        # As the hub fills it in where the catalogue declares no address: the SDKs put a path that begins with / behind it.
        self.fill({**PLACES, "yoti": ""})
        pem, self.server.public_key, _ = KEYS["rsa"]
        (self.filled / "private-key.pem").write_text(pem)
        for path in [path for scheme, path in samples() if scheme == "yoti"]:
            with self.subTest(sample=path.name):
                self.passes(path)
                self.assertEqual({path.partition("?")[0] for path, _, _ in self.server.seen}, {"/orders"})

    def test_what_is_pasted_into_a_shell_leaves_it_open(self):
        self.fill()
        for path in [path for _, path in samples() if language(path) == "curl"]:
            with self.subTest(sample=path.name):
                pasted = (self.filled / path.name).read_text() + "echo still $((40 + 2))\n"
                clean = {name: value for name, value in os.environ.items() if not name.startswith("KEYWRIGHT_")}
                terminal = {"start_new_session": True}
                run = subprocess.run(["bash"], input=pasted, cwd=self.filled, env=clean, capture_output=True, text=True, timeout=support.TIME_LIMIT_S, **terminal)
                self.assertIn("still 42", run.stdout, run.stderr)
        self.assertEqual(self.server.seen, [])

    def test_a_terminal_is_asked_for_the_secret_and_does_not_show_it(self):
        self.fill()
        for path in [path for scheme, path in samples() if language(path) == "curl" and PROOFS[scheme] is None]:
            with self.subTest(sample=path.name):
                self.server.key, self.server.algorithm = SECRET.encode(), "hmac-sha256"
                self.server.seen.clear()
                said = self.at_a_terminal((self.filled / path.name).read_text())
                self.assertEqual([(status, why) for _, status, why in self.server.seen], [(200, None)] * max(1, len(self.server.seen)), said)
                self.assertIn("still 42", said)
                self.assertNotIn(SECRET, said)

    def at_a_terminal(self, pasted):
        """What a terminal shows when a text is pasted into its shell and the question is answered with the secret."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.pop("KEYWRIGHT_SECRET", None)
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        answers = [(b"ecret( key)?: $", SECRET + "\n"), (b'"accepted": true', "echo still $((40 + 2))\n"), (b"still 42", "exit\n")]
        said, since = b"", 0
        os.write(terminal, pasted.encode())
        while select.select([terminal], [], [], support.TIME_LIMIT_S)[0]:
            try:
                said += os.read(terminal, 65536)
            except OSError:
                # Linux says so when the other end is closed.
                break
            if answers and re.search(answers[0][0], said[since:]):
                since = len(said)
                os.write(terminal, answers.pop(0)[1].encode())
        # Hangs up, which ends a shell that still waits for something.
        os.close(terminal)
        os.waitpid(pid, 0)
        return said.decode(errors="replace")

    def test_a_consumer_secret_follows_no_redirect(self):
        self.fill(token_path="/redirects")
        for path in [path for scheme, path in samples() if scheme == "oauth"]:
            with self.subTest(sample=path.name):
                self.server.seen.clear()
                code, said = self.run_sample(path, KEYWRIGHT_SECRET=SECRET)
                self.assertEqual([path for path, _, _ in self.server.seen], ["/redirects"], said)
                self.assertNotEqual(code, 0)

    def test_the_pages_examples_work(self):
        for language_of_block, client, run in (("js", CLIENTS / "node", ["node", "use.mjs"]), ("python", CLIENTS / "python", [sys.executable, "use.py"])):
            with self.subTest(language=language_of_block):
                shutil.copytree(client, self.filled, dirs_exist_ok=True)
                block = (CLIENTS / "README.md").read_text().split(f"```{language_of_block}\n")[1].split("```")[0]
                (self.filled / run[1]).write_text(block.replace("https://api.example.com/payouts", self.server.url + "/hms/payouts"))
                environment = {**os.environ, "KEYWRIGHT_SECRET": SECRET, "KEYWRIGHT_KEYID": KEYID}
                subprocess.run(run, cwd=self.filled, env=environment, check=True, timeout=support.TIME_LIMIT_S)
                self.assertEqual(self.server.seen.pop(), ("/hms/payouts", 200, None))

    def test_without_its_secret_a_sample_sends_nothing(self):
        self.fill()
        for _, path in samples():
            with self.subTest(sample=path.name):
                code, _ = self.run_sample(path)
                self.assertNotEqual(code, 0)
        self.assertEqual(self.server.seen, [])

    def test_samples_are_short_and_name_no_secret(self):
        for scheme, path in samples():
            text = path.read_text()
            self.assertLessEqual(len(text.splitlines()), LINES_MAX, path.name)
            self.assertIn("KEYWRIGHT_SECRET" if PROOFS[scheme] is None else "KEYWRIGHT_PRIVATE_KEY_FILE", text, path.name)
            self.assertNotIn("{{secret}}", text)


if __name__ == "__main__":
    unittest.main()
