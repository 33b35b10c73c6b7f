"""The TypeScript declarations say what the Node client has, and no more."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support import CLIENTS, TIME_LIMIT_S

NPM = pathlib.Path(os.environ["CLIENTS_NPM"])
USE = """
import { Key, TokenSource, clientAssertion, signRequest, signTylt } from './keywright.mjs';
const key: Key = Key.secret('secret');
const headers: Record<string, string> = { ...signRequest('POST', 'https://x.example/', { Accept: 'x' }, '{}', 'id', key, { created: 1 }) };
const more: string = signTylt('https://x.example/', null, 'id', key)['X-TLP-SIGNATURE'];
const source = new TokenSource({ tokenUrl: 'https://x.example/token', clientId: 'id', clientSecret: 'secret' });
const token: Promise<string> = source.token();
source.forget();
console.log(headers, more, token, clientAssertion('id', 'https://x.example', Key.pem('pem', 'ed25519')), key.algorithm, key.isSecret);
// @ts-expect-error: a key is made by secret or pem
new Key();
// @ts-expect-error: a body is text or bytes
signRequest('POST', 'https://x.example/', [], { amount: 1 }, 'id', key);
"""


class Types(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(dir=NPM, prefix="types-"))
        self.addCleanup(shutil.rmtree, self.place)

    def test_what_is_declared_can_be_used_and_nothing_else(self):
        for name in ("keywright.mjs", "keywright.d.mts"):
            shutil.copy(CLIENTS / "node" / name, self.place)
        (self.place / "use.mts").write_text(USE)
        check = ["node", str(NPM / "node_modules/typescript/bin/tsc"), "--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--types", "node", "use.mts"]
        run = subprocess.run(check, cwd=self.place, capture_output=True, text=True, timeout=2 * TIME_LIMIT_S)
        self.assertEqual(run.returncode, 0, run.stdout)

    def test_each_export_is_declared(self):
        code = f"import * as all from '{(CLIENTS / 'node' / 'keywright.mjs').as_uri()}'; console.log(Object.keys(all).join(' '))"
        run = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True, timeout=TIME_LIMIT_S)
        declared = (CLIENTS / "node" / "keywright.d.mts").read_text()
        for name in run.stdout.split():
            self.assertRegex(declared, rf"export (class|function) {name}\b")


if __name__ == "__main__":
    unittest.main()
