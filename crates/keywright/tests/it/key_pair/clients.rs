//! Clients of others, unmodified: Yoti's SDKs, a library for RFC 9421, and openssl.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use super::kit::{Holder, How, Kit, signed};
use crate::browser;
use crate::support::stories;
use keywright_crypto::key_pair::KeyPair;

/// What `program script` signs with the holder's key.
async fn requests(kit: &Kit, program: &Path, script: &str, holder: &Holder, alg: &str) -> Vec<Value> {
    let pem = kit.kw.directory().join(format!("{}.pem", holder.id));
    std::fs::write(&pem, &holder.pem).unwrap();
    let client = json!({ "base": "https://api.example.com/maps/v1", "pem": pem, "sdk_id": holder.sdk_id, "alg": alg });
    browser::requests(&kit.kw, program, script, &client).await
}

/// Python with the packages of the tests.
pub(super) fn python() -> String {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("python/bin/python");
    assert!(python.is_file(), "the packages of tests/browser/requirements.txt are not installed: `cargo xtask test` does it");
    python.to_str().unwrap().to_owned()
}

async fn all_are_valid(kit: &Kit, holder: &Holder, requests: &[Value]) {
    assert!(requests.len() > 2);
    for request in requests {
        let verdict = kit.verdict(request).await;
        assert_eq!((&verdict["code"], &verdict["public_id"]), (&json!("valid"), &json!(holder.sdk_id)), "{request}: {verdict}");
    }
}

/// Runs a line as it is pasted, in the story's directory.
async fn paste(kit: &Kit, line: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(kit.kw.directory()).stdin(Stdio::null()).kill_on_drop(true);
    kit.kw.run(command, b"", &[]).await.exits(0).stdout
}

stories! {
    async fn the_sdks_of_yoti_sign_calls_that_are_accepted(kw: Server) {
        let kit = Kit::of(kw).await;
        let python = python();
        for pem in ["pkcs1", "pkcs8"] {
            let holder = kit.made(&["--pem", pem]).await;
            kit.settled().await;
            let from_node = requests(&kit, Path::new("node"), "client-yoti.mjs", &holder, "").await;
            all_are_valid(&kit, &holder, &from_node).await;
            assert_eq!(kit.code(&from_node[0]).await, "nonce_reused");
            all_are_valid(&kit, &holder, &requests(&kit, Path::new(&python), "client-yoti.py", &holder, "").await).await;
        }
    }

    async fn a_library_of_others_signs_by_rfc_9421(kw: Server) {
        let kit = Kit::of(kw).await;
        // Not rsa-pss-sha512: this library salts with as many bytes as there is room for, and RFC 9421 section 3.3.1 says 64.
        for (key_type, alg) in [("rsa-2048", "rsa-v1_5-sha256"), ("p-256", "ecdsa-p256-sha256"), ("p-384", "ecdsa-p384-sha384"), ("ed25519", "ed25519")] {
            let holder = kit.made(&["--key-type", key_type]).await;
            kit.settled().await;
            all_are_valid(&kit, &holder, &requests(&kit, Path::new("node"), "client-http-message-signatures.mjs", &holder, alg).await).await;
        }
    }

    async fn a_key_of_openssl_is_taken_by_the_lines_that_are_shown(kw: Server) {
        let kit = Kit::of(kw).await;
        for (make, words) in [
            ("openssl genrsa -out private-key.pem 2048", "RSA or P-256"),
            ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private-key.pem", "RSA or P-256"),
            ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out private-key.pem", "P-384"),
            ("openssl genpkey -algorithm ed25519 -out private-key.pem", "Ed25519"),
        ] {
            paste(&kit, &format!("{make} && openssl pkey -in private-key.pem -pubout -out public.pem")).await;
            let told = kit.kw.cli(&["key", "challenge", "--application", &kit.app]).await.exits(0).stdout;
            let line = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {told}")).trim().to_owned();
            let proof = paste(&kit, &line(words)).await;
            let public = kit.kw.directory().join("public.pem").display().to_string();
            let flags = ["--public-key", &public, "--challenge", &line("challenge"), "--proof", &proof];
            let made = kit.kw.done(&Kit::create(&kit.app, &flags)).await;
            let pem = std::fs::read_to_string(kit.kw.directory().join("private-key.pem")).unwrap();
            let pair = KeyPair::from_pem(&pem).unwrap();
            let holder = Holder { id: made["id"].as_str().unwrap().into(), sdk_id: made["sdk_id"].as_str().unwrap().into(), pem, pair };
            // Its successor comes as a certificate request.
            paste(&kit, &format!("{make} && openssl req -new -key private-key.pem -subj /CN=atlas -out request.csr")).await;
            let request = kit.kw.directory().join("request.csr").display().to_string();
            let rotated = kit.kw.done(&["key", "rotate", &holder.id, "--csr", &request]).await;
            assert!(rotated.get("private_key_pem").is_none(), "{rotated}");
            let next = holder.with(KeyPair::from_pem(&std::fs::read_to_string(kit.kw.directory().join("private-key.pem")).unwrap()).unwrap());
            kit.settled().await;
            for holder in [&holder, &next] {
                assert_eq!(kit.code(&signed(holder, "GET", "/", b"", How::default())).await, "valid", "{make}");
            }
        }
    }
}
