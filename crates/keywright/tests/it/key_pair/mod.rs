//! Key pairs: made here or elsewhere, used by both schemes, rotated, and found again when they leak.

mod api;
mod claims;
mod clients;
mod hub;
mod kit;

use keywright_crypto::key_pair::{KeyPair, PrivateForm};
use keywright_crypto::public_key::{Algorithm, KeyType, challenge_text};
use keywright_crypto::scheme::sign::yoti_header;
use serde_json::{Value, json};

use crate::support::{Reply, stories, wait_until};
use kit::{Holder, How, Kit, fresh, signed, signed_for_yoti};

const HERE: How<'static> = How { at: 0, nonce: None, alg: None, by: None, keyid: None };

/// A file with this text in the story's directory.
fn file(kit: &Kit, name: &str, text: &str) -> String {
    let path = kit.kw.directory().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// A challenge for the application, and the signature over it.
async fn proof(kit: &Kit, app: &str, pair: &KeyPair) -> (String, String) {
    let given = kit.kw.done(&["key", "challenge", "--application", app]).await;
    let challenge = given["challenge"].as_str().unwrap().to_owned();
    assert_eq!(given["text"].as_str().unwrap().as_bytes(), challenge_text(&challenge));
    let signature = pair.sign(pair.key_type().default_algorithm(), given["text"].as_str().unwrap().as_bytes()).unwrap();
    (challenge, yoti_header(&signature))
}

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}")).iter().map(|e| e["field"].as_str().unwrap()).collect()
}

stories! {
    async fn each_type_of_key_is_made_here_and_signs_requests(kw: Server) {
        let kit = Kit::of(kw).await;
        let types = KeyType::ALL.map(KeyType::word);
        let mut holders = Vec::new();
        for key_type in types {
            holders.push(kit.made(&["--key-type", key_type]).await);
        }
        let usual = kit.made(&[]).await;
        assert!(usual.pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"), "Yoti's SDKs take this form");
        assert_eq!(usual.pair.key_type(), KeyType::Rsa2048);
        assert!(kit.made(&["--pem", "pkcs8"]).await.pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        kit.settled().await;
        for (holder, key_type) in holders.iter().zip(KeyType::ALL) {
            assert_eq!(holder.pair.key_type(), key_type);
            let verdict = kit.verdict(&signed(holder, "POST", "/pay?x=1&x=%2f", b"{}", HERE)).await;
            assert_eq!((&verdict["code"], &verdict["kind"], &verdict["body"]), (&json!("valid"), &json!("key_pair"), &json!("verified")), "{verdict}");
            assert_eq!((&verdict["credential_id"], &verdict["public_id"]), (&json!(holder.id), &json!(holder.sdk_id)));
            assert_eq!(kit.code(&signed(holder, "GET", "/tiles", b"", How { alg: key_type.default_algorithm().http_name(), ..HERE })).await, "valid");
        }
        let pss = How { alg: Some("rsa-pss-sha512"), by: Some(Algorithm::RsaPssSha512), ..HERE };
        assert_eq!(kit.code(&signed(&usual, "GET", "/tiles", b"", pss)).await, "valid");
        assert_eq!(kit.verdict_of(json!({ "credential": usual.sdk_id })).await["code"], "signature_missing");
        let shown = kit.kw.done(&["key", "show", &usual.id]).await;
        assert!(shown["key"].as_str().unwrap().starts_with("rsa-2048 …"), "{shown}");
    }

    async fn a_request_that_was_changed_or_sent_again_is_refused(kw: Server) {
        let kit = Kit::of(kw).await;
        let holder = kit.made(&["--key-type", "p-256"]).await;
        kit.settled().await;
        let good = signed(&holder, "POST", "/pay?x=1", b"{\"sum\":1}", HERE);
        let with = |change: fn(&mut Value)| {
            let mut request = good.clone();
            change(&mut request);
            request
        };
        for (changed, code) in [
            (with(|r| r["body_base64"] = json!("e30=")), "digest_mismatch"),
            (with(|r| r["url"] = json!("https://api.example.com/pay?x=2")), "signature_invalid"),
            (with(|r| r["url"] = json!("https://api.example.com/pay2?x=1")), "signature_invalid"),
            (with(|r| r["url"] = json!("https://other.example.com/pay?x=1")), "signature_invalid"),
            (with(|r| r["method"] = json!("PUT")), "signature_invalid"),
            (with(|r| drop(r["headers"].as_array_mut().unwrap().pop())), "signature_missing"),
            (with(|r| { r.as_object_mut().unwrap().remove("body_base64"); }), "body_unavailable"),
            (signed(&holder, "GET", "/", b"", How { at: -302, ..HERE }), "timestamp_out_of_window"),
            (signed(&holder, "GET", "/", b"", How { at: 330, ..HERE }), "timestamp_out_of_window"),
            (signed(&holder, "GET", "/", b"", How { alg: Some("ed25519"), ..HERE }), "signature_invalid"),
            (signed(&holder, "GET", "/", b"", How { alg: Some("hmac-sha256"), ..HERE }), "signature_invalid"),
            (signed(&holder.with(fresh(KeyType::P256)), "GET", "/", b"", HERE), "signature_invalid"),
            (signed(&holder, "GET", "/", b"", How { keyid: Some("00000000-0000-4000-8000-000000000000"), ..HERE }), "unknown"),
        ] {
            assert_eq!(kit.code(&changed).await, code, "{changed}");
        }
        // None of these used the nonce up, and each nonce is good once.
        assert_eq!(kit.code(&good).await, "valid");
        assert_eq!(kit.code(&good).await, "nonce_reused");
        let again = signed(&holder, "GET", "/", b"", How { nonce: Some("n-1"), ..HERE });
        assert_eq!((kit.code(&again).await, kit.code(&signed(&holder, "GET", "/other", b"", How { nonce: Some("n-1"), ..HERE })).await), ("valid".into(), "nonce_reused".into()));
    }

    async fn each_way_in_which_sdks_say_who_they_are_is_taken(kw: Server) {
        let kit = Kit::of(kw).await;
        let holder = kit.made(&[]).await;
        let other = kit.made(&[]).await;
        kit.settled().await;
        let id = holder.sdk_id.as_str();
        let (upper, spki) = (id.to_uppercase(), yoti_header(&holder.pair.public().to_spki_der()));
        let ways: [(String, Vec<(&str, &str)>); 6] = [
            ("/sessions".into(), vec![("X-Yoti-Auth-Id", id)]),
            (format!("/sessions?sdkId={id}"), vec![]),
            (format!("/sessions?sdkID={upper}"), vec![]),
            (format!("/aml-check?appId={id}"), vec![("x-yoti-auth-id", &upper)]),
            (format!("/qrcodes/apps/{id}"), vec![]),
            (format!("/sessions?sdkId={id}"), vec![("X-Yoti-Auth-Key", &spki)]),
        ];
        for (endpoint, names) in &ways {
            for body in [b"".as_slice(), b"{\"a\":1}"] {
                let method = if body.is_empty() { "GET" } else { "POST" };
                let verdict = kit.verdict(&signed_for_yoti(&holder, method, endpoint, names, body, 0)).await;
                assert_eq!((&verdict["code"], &verdict["public_id"]), (&json!("valid"), &json!(id)), "{endpoint} {verdict}");
                assert_eq!(verdict["body"], if body.is_empty() { "none" } else { "verified" });
            }
        }
        let by_header = [("X-Yoti-Auth-Id", id)];
        let good = signed_for_yoti(&holder, "POST", "/sessions", &by_header, b"{}", 0);
        let spki_of_other = yoti_header(&other.pair.public().to_spki_der());
        let with = |change: fn(&mut Value)| {
            let mut request = good.clone();
            change(&mut request);
            request
        };
        for (request, code, yoti_error) in [
            (signed_for_yoti(&holder, "GET", &format!("/sessions?sdkId={}", other.sdk_id), &by_header, b"", 0), "signature_invalid", "INVALID_APP_ID"),
            (signed_for_yoti(&other, "GET", "/sessions", &by_header, b"", 0), "signature_invalid", "INVALID_SIGNATURE"),
            (signed_for_yoti(&holder, "GET", "/sessions", &[by_header[0], ("X-Yoti-Auth-Key", &spki_of_other)], b"", 0), "signature_invalid", "INVALID_SIGNATURE"),
            (signed_for_yoti(&holder, "GET", "/sessions", &by_header, b"", -302_000), "timestamp_out_of_window", "INVALID_TIMESTAMP"),
            (signed_for_yoti(&holder, "GET", "/sessions", &by_header, b"", 330_000), "timestamp_out_of_window", "INVALID_TIMESTAMP"),
            (good.clone(), "valid", ""),
            (with(|r| r["body_base64"] = json!("W10=")), "signature_invalid", "INVALID_SIGNATURE"),
            (with(|r| { r.as_object_mut().unwrap().remove("body_base64"); }), "body_unavailable", "UNAUTHORIZED"),
        ] {
            let verdict = kit.verdict(&request).await;
            assert_eq!((verdict["code"].as_str(), verdict["yoti_error"].as_str().unwrap_or_default()), (Some(code), yoti_error), "{request} {verdict}");
        }
        let again = kit.verdict(&good).await;
        assert_eq!((&again["code"], &again["yoti_error"]), (&json!("nonce_reused"), &json!("INVALID_NONCE")));
        let unknown = kit.verdict(&signed_for_yoti(&holder, "GET", "/sessions", &[("X-Yoti-Auth-Id", "00000000-0000-4000-8000-000000000000")], b"", 0)).await;
        assert_eq!((&unknown["code"], &unknown["yoti_error"]), (&json!("unknown"), &json!("INVALID_X_YOTI_AUTH_ID")));
        // A gateway finds the code in a header.
        let headers = [("X-Original-URI", "/maps/v1/sessions?nonce=1"), ("X-Original-Method", "GET"), ("X-Yoti-Auth-Digest", "AAAA"), by_header[0]];
        let ask = async |more: &[(&str, &str)]| {
            let request = kit.kw.http.get(kit.kw.url("/verify/forward?service=maps&environment=sandbox")).header("Keywright-Token", &kit.token);
            Reply::of(headers.iter().chain(more).fold(request, |request, (name, value)| request.header(*name, *value))).await
        };
        let host = ("X-Original-Host", "api.example.com");
        let reply = ask(&[host]).await;
        assert_eq!((reply.status, reply.header("keywright-yoti-error")), (401, Some("INVALID_NONCE")), "{reply:?}");
        // What the gateway leaves out, its client could set.
        for hosts in [&[][..], &[host, host], &[("X-Forwarded-Host", "api.example.com")]] {
            let reply = ask(hosts).await;
            assert_eq!((reply.problem(400).as_str(), reply.body.contains("x-original-host")), ("invalid_request", true), "{reply:?}");
        }
        // Keys that are not RSA have no place in this scheme, and the service that does not name it does not take it.
        let ed = kit.made(&["--key-type", "ed25519"]).await;
        kit.settled().await;
        let posing = ed.with(fresh(KeyType::Rsa2048));
        assert_eq!(kit.code(&signed_for_yoti(&posing, "GET", "/sessions", &[("X-Yoti-Auth-Id", &ed.sdk_id)], b"", 0)).await, "signature_invalid");
    }

    async fn a_rotation_does_with_the_key_before_what_its_policy_says(kw: Server) {
        let kit = Kit::of(kw).await;
        let first = kit.made(&["--key-type", "ed25519"]).await;
        let second = kit.rotated(&first, &["--key-type", "p-256"]).await;
        assert_eq!((&second.id, &second.sdk_id), (&first.id, &first.sdk_id), "the SDK id stays");
        kit.settled().await;
        let ask = async |holder: &Holder| kit.code(&signed(holder, "GET", "/", b"", HERE)).await;
        assert_eq!((ask(&first).await, ask(&second).await), ("valid".into(), "valid".into()), "in an overlap either key signs");
        assert_eq!(kit.kw.refused(&["key", "rotate", &first.id], 4).await["code"], "overlap_running");
        let third = kit.rotated(&first, &["--policy", "immediate", "--key-type", "p-384"]).await;
        kit.settled().await;
        assert_eq!((ask(&first).await, ask(&second).await, ask(&third).await), ("retired_version".into(), "retired_version".into(), "valid".into()));
        let fourth = kit.rotated(&first, &["--policy", "on_first_use", "--key-type", "ed25519"]).await;
        kit.settled().await;
        assert_eq!((ask(&third).await, ask(&fourth).await), ("valid".into(), "valid".into()));
        wait_until("the first use starts the overlap", async || {
            let shown = kit.kw.done(&["key", "show", &first.id]).await;
            shown["versions"].as_array().unwrap().iter().map(|v| v["state"].as_str().unwrap()).collect::<Vec<_>>() == ["retired", "retired", "retiring", "active"]
        })
        .await;
        kit.settled().await;
        assert_eq!((ask(&third).await, ask(&fourth).await), ("valid".into(), "valid".into()));
        let fifth = kit.rotated(&first, &["--replace", "--overlap", "2s"]).await;
        assert_eq!(fifth.pair.key_type(), KeyType::Ed25519, "where no type is said it is that of the key before");
        kit.settled().await;
        assert_eq!((ask(&third).await, ask(&fifth).await), ("retired_version".into(), "valid".into()));
        wait_until("the overlap ends", async || ask(&fourth).await == "retired_version").await;
    }

    async fn a_key_that_was_made_elsewhere_is_taken_with_proof_and_only_once(kw: Server) {
        let kit = Kit::of(kw).await;
        for key_type in [KeyType::P256, KeyType::Ed25519, KeyType::Rsa2048, KeyType::P384] {
            let pair = fresh(key_type);
            let public = file(&kit, "public.pem", &pair.public().to_pem());
            let (challenge, proof) = proof(&kit, &kit.app, &pair).await;
            let flags = ["--public-key", &public, "--challenge", &challenge, "--proof", &proof];
            let made = kit.kw.done(&Kit::create(&kit.app, &flags)).await;
            assert!(made.get("private_key_pem").is_none(), "{made}");
            let holder = Holder { id: made["id"].as_str().unwrap().into(), sdk_id: made["sdk_id"].as_str().unwrap().into(), pem: String::new(), pair };
            kit.settled().await;
            assert_eq!(kit.code(&signed(&holder, "POST", "/", b"x", HERE)).await, "valid", "{key_type}");
            // Neither once more here, nor as its own successor, nor elsewhere, nor once it has ended.
            assert_eq!(kit.kw.refused(&Kit::create(&kit.app, &flags), 4).await["code"], "key_taken");
            assert_eq!(kit.kw.refused(&[&["key", "rotate", &holder.id], &flags[..]].concat(), 4).await["code"], "key_taken");
        }
        let pair = fresh(KeyType::Ed25519);
        let public = file(&kit, "public.pem", &pair.public().to_pem());
        let stranger = kit.stranger().await;
        let (challenge, signature) = proof(&kit, &kit.app, &pair).await;
        let flags = ["--public-key", &public, "--challenge", &challenge, "--proof", &signature];
        let refused = kit.kw.refused(&Kit::create(&stranger, &flags), 2).await;
        assert_eq!(fields(&refused), ["challenge"], "a challenge is one application's: {refused}");
        let made = kit.kw.done(&Kit::create(&kit.app, &flags)).await;
        kit.kw.done(&["key", "revoke", made["id"].as_str().unwrap()]).await;
        let (challenge, signature) = proof(&kit, &stranger, &pair).await;
        let flags = ["--public-key", &public, "--challenge", &challenge, "--proof", &signature];
        assert_eq!(kit.kw.refused(&Kit::create(&stranger, &flags), 4).await["code"], "key_taken");
        // A rotation takes one too.
        let old = kit.made(&["--key-type", "ed25519"]).await;
        let pair = fresh(KeyType::P256);
        let public = file(&kit, "public.pem", &pair.public().to_pem());
        let (challenge, signature) = proof(&kit, &kit.app, &pair).await;
        let rotated = kit.kw.done(&["key", "rotate", &old.id, "--public-key", &public, "--challenge", &challenge, "--proof", &signature]).await;
        assert!(rotated.get("private_key_pem").is_none() && rotated["sdk_id"] == json!(old.sdk_id), "{rotated}");
        kit.settled().await;
        assert_eq!(kit.code(&signed(&old.with(pair), "GET", "/", b"", HERE)).await, "valid");
        assert_eq!(kit.code(&signed(&old, "GET", "/", b"", HERE)).await, "valid");
    }

    async fn keys_that_cannot_be_taken_are_refused_by_the_sentence_that_says_why(kw: Server) {
        let kit = Kit::of(kw).await;
        let pair = fresh(KeyType::P256);
        let (challenge, signature) = proof(&kit, &kit.app, &pair).await;
        let (_, of_another) = proof(&kit, &kit.app, &fresh(KeyType::P256)).await;
        let (public, private) = (file(&kit, "public.pem", &pair.public().to_pem()), file(&kit, "private.pem", pair.to_pem(PrivateForm::Pkcs8).unwrap().expose()));
        let weak = include_str!("../../../../crypto/src/public_key/fixtures/rsa1024.pem");
        let (weak, exponent) = (file(&kit, "weak.pem", weak), file(&kit, "e3.pem", include_str!("../../../../crypto/src/public_key/fixtures/rsae3.pem")));
        let request = file(&kit, "weak.csr", include_str!("../../../../crypto/src/csr/fixtures/rsa1024.pem"));
        let proved = |key: &str| vec!["--public-key".to_owned(), key.to_owned(), "--challenge".into(), challenge.clone(), "--proof".into(), signature.clone()];
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        for (flags, field, says) in [
            (proved(&private), "public_key", "this is a private key: it was not kept"),
            (proved(&weak), "public_key", "1024"),
            (proved(&exponent), "public_key", "exponent"),
            (words(&["--csr", &request]), "csr", "1024"),
            (words(&["--csr", &private]), "csr", "private key"),
            (words(&["--csr", &public]), "csr", "not a certificate request"),
            (words(&["--public-key", &public]), "challenge", "is missing"),
            (words(&["--public-key", &public, "--challenge", &challenge]), "proof", "is missing"),
            (words(&["--public-key", &public, "--challenge", &challenge, "--proof", &of_another]), "proof", "does not fit"),
            (words(&["--public-key", &public, "--challenge", "AAAA", "--proof", &signature]), "challenge", "ask for a new one"),
            (words(&["--public-key", &public, "--csr", &request]), "csr", "one of the two"),
            (words(&["--challenge", &challenge]), "challenge", "public_key"),
            (words(&["--key-type", "dsa"]), "key_type", "rsa-2048"),
            (words(&["--key-type", "p-256", "--pem", "pkcs1"]), "pem", "pkcs8"),
            (words(&["--pem", "der"]), "pem", "pkcs8"),
        ] {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            let problem = kit.kw.refused(&Kit::create(&kit.app, &flags), 2).await;
            assert!(fields(&problem).contains(&field), "{flags:?}: {problem}");
            let text = problem.to_string();
            assert!(text.contains(says) && !text.contains("PRIVATE KEY-----"), "{flags:?}: {problem}");
        }
        let key = kit.kw.application().await;
        let problem = kit.kw.refused(&["key", "create", "--application", &key.id, "--service", "business-api", "--environment", "sandbox", "--name", "x", "--key-type", "p-256"], 2).await;
        assert_eq!(fields(&problem), ["key_type"]);
    }

    async fn nothing_about_state_is_told_before_the_proof(kw: Server) {
        let kit = Kit::of(kw).await;
        let mut holders = Vec::new();
        for _ in 0..5 {
            holders.push(kit.made(&["--key-type", "ed25519", "--network", "192.0.2.0/24", "--rate-limit", "1/1h"]).await);
        }
        let [live, revoked, suspended, expired, rotated] = <[Holder; 5]>::try_from(holders).ok().unwrap();
        kit.kw.done(&["key", "revoke", &revoked.id]).await;
        kit.kw.done(&["key", "suspend", &suspended.id]).await;
        kit.kw.done(&["key", "change", &expired.id, "--expires-at", &crate::support::soon()]).await;
        kit.rotated(&rotated, &["--policy", "immediate", "--key-type", "p-256"]).await;
        kit.settled().await;
        let from = |request: Value| json!({ "request": request, "source_ip": "192.0.2.7" });
        wait_until("it expires", async || kit.verdict_of(from(signed(&expired, "GET", "/", b"", HERE))).await["code"] == "expired").await;
        let mut answers = Vec::new();
        for holder in [&live, &revoked, &suspended, &expired, &rotated] {
            let wrong = from(signed(&holder.with(fresh(KeyType::Ed25519)), "GET", "/", b"", How { nonce: Some("same"), ..HERE }));
            let reply = kit.kw.ask_as(&kit.token, wrong).await;
            answers.push((reply.status, reply.body.split(",\"position\"").next().unwrap().to_owned()));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        assert!(answers[0].1.contains("signature_invalid"));
        // With proof each is told, no nonce was kept, and the one call that the limit allows is still there.
        for (holder, code) in [(&live, "valid"), (&live, "rate_limited"), (&revoked, "revoked"), (&suspended, "suspended"), (&expired, "expired"), (&rotated, "retired_version")] {
            let nonce = if code == "rate_limited" { "another" } else { "same" };
            let verdict = kit.verdict_of(from(signed(holder, "GET", "/", b"", How { nonce: Some(nonce), ..HERE }))).await;
            assert_eq!(verdict["code"], code, "{verdict}");
        }
        assert_eq!(kit.code(&signed(&live, "GET", "/", b"", HERE)).await, "network_not_allowed");
    }

    async fn a_leaked_private_key_is_found_and_so_is_what_names_it(kw: Server) {
        let kit = Kit::of(kw).await;
        let holder = kit.made(&[]).await;
        let find = async |text: &str| kit.kw.cli_with_stdin(&["key", "find", "--json"], text).await;
        let escaped = format!("{{\"key\": \"{}\"}}", holder.pem.replace('\n', "\\n"));
        let pkcs8 = holder.pair.to_pem(PrivateForm::Pkcs8).unwrap();
        for text in [holder.pem.as_str(), &escaped, pkcs8.expose(), &format!("see below\n{}", holder.pem)] {
            let found = find(text).await.exits(0).json();
            assert_eq!((&found["id"], &found["version"], &found["accepted"]), (&json!(holder.id), &json!(1), &json!(true)), "{found}");
        }
        for text in [holder.sdk_id.clone(), format!("sdkId={}&x=1", holder.sdk_id.to_uppercase()), holder.pair.public().to_pem()] {
            let found = find(&text).await.exits(0).json();
            assert_eq!((&found["id"], &found["version"], &found["accepted"]), (&json!(holder.id), &Value::Null, &json!(false)), "{found}");
        }
        assert_eq!(find(fresh(KeyType::P256).to_pem(PrivateForm::Pkcs8).unwrap().expose()).await.exits(3).problem()["code"], "not_found");
        let broken = find(&holder.pem[..200]).await.exits(2);
        assert!(!broken.stderr.contains(&holder.pem[40..80]), "{broken:?}");
        let told = kit.kw.cli_with_stdin(&["key", "find"], &holder.sdk_id).await.exits(0).stdout;
        assert!(told.contains("no secret") && told.contains(&holder.id), "{told}");
        // What names it stands in what people read, too.
        for command in [&["key", "show", &holder.id][..], &["key", "list", "--application", &kit.app]] {
            assert!(kit.kw.cli(command).await.exits(0).stdout.contains(&holder.sdk_id));
        }
        // A new private key goes into a file of its own, or stands on lines of its own.
        let out = kit.kw.directory().join("new.pem");
        let rotate = ["key", "rotate", &holder.id, "--policy", "immediate", "--key-type", "p-256"];
        let printed = kit.kw.cli(&rotate).await.exits(0).stdout;
        let pem: Vec<&str> = printed.lines().skip_while(|line| !line.starts_with("-----BEGIN")).take_while(|line| !line.starts_with("This is")).collect();
        assert!(KeyPair::from_pem(&pem.join("\n")).is_ok(), "{}", printed.replace(&pem.join("\n"), "…"));
        let made = kit.kw.cli(&[&rotate[..], &["--out", out.to_str().unwrap()]].concat()).await.exits(0).stdout;
        assert!(made.contains("new.pem") && !made.contains("PRIVATE KEY") && KeyPair::from_pem(&std::fs::read_to_string(&out).unwrap()).is_ok(), "{made}");
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&out).unwrap().permissions()) & 0o777, 0o600);
        assert_eq!(kit.kw.refused(&[&rotate[..], &["--out", out.to_str().unwrap()]].concat(), 2).await["code"], "usage");
        assert_eq!(kit.kw.done(&["key", "show", &holder.id]).await["versions"].as_array().unwrap().len(), 3, "nothing is made where the file is there");
        assert_eq!(kit.kw.refused(&["key", "rotate", "key_01HX9KZMB3F7VNQP8R2WDGT4E5", "--out", "other.pem"], 3).await["code"], "not_found");
        assert!(!kit.kw.directory().join("other.pem").exists());
    }

    async fn a_key_pair_is_made_without_a_store_too(kw: Place) {
        let out = kw.directory().join("mine.pem");
        let out = out.to_str().unwrap();
        let keygen = async |arguments: &[&str]| kw.run(kw.bare_command(&[&["keygen"], arguments].concat()), b"", &[]).await;
        let made = keygen(&["--key-type", "p-256", "--out", out, "--json"]).await.exits(0);
        assert!(!made.stdout.contains("PRIVATE KEY"));
        let read = KeyPair::from_pem(&std::fs::read_to_string(out).unwrap()).unwrap();
        assert_eq!(made.json()["public_key_pem"].as_str().unwrap(), read.public().to_pem());
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(out).unwrap().permissions()) & 0o777, 0o600);
        keygen(&["--out", out]).await.exits(2);
        assert_eq!(KeyPair::from_pem(&std::fs::read_to_string(out).unwrap()).unwrap().public(), read.public());
        let printed = keygen(&["--key-type", "rsa-2048", "--pem", "pkcs1"]).await.exits(0).stdout;
        assert!(printed.starts_with("-----BEGIN RSA PRIVATE KEY-----\n") && printed.contains("-----BEGIN PUBLIC KEY-----\n"));
        keygen(&["--key-type", "dsa"]).await.exits(2);
        keygen(&["--pem", "pkcs1"]).await.exits(2);
        assert!(!kw.directory().join("keywright-data").exists());
    }
}
