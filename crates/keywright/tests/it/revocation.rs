//! Revocation with proof: who no longer accepts the key, and who says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keywright_store::testing::TestPlace;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Place, Server, stories, wait_until};

/// The id under which a server's verifier is registered.
async fn verifier_of(kw: &Server) -> String {
    kw.get("/readyz").await.json()["verifier"]["id"].as_str().unwrap().to_owned()
}

fn ids(revoked: &Value) -> Vec<&str> {
    revoked["verifiers"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap()).collect()
}

/// Asks without a pause, until it has asked often enough after `dead` was said; gives how often the key was valid.
async fn asks_until(http: reqwest::Client, url: String, token: String, key: String, dead: Arc<AtomicBool>) -> u32 {
    let (mut valid, mut after) = (0, 0);
    while after < 20 {
        let sent_after = dead.load(Ordering::SeqCst);
        let answer = http.post(&url).bearer_auth(&token).json(&json!({"credential": key})).send().await.unwrap();
        let verdict: Value = answer.json().await.unwrap();
        assert!(!sent_after || verdict["code"] == "revoked", "accepted after the answer: {verdict}");
        valid += u32::from(verdict["code"] == "valid");
        after += u32::from(sent_after);
    }
    valid
}

stories! {
    /// Questions never stop; none that is sent after the answer of the command is answered valid.
    async fn no_request_that_is_sent_after_the_answer_is_accepted(kw: Server) {
        let app = kw.application().await;
        let (verifier, token) = (verifier_of(&kw).await, kw.token().await.to_owned());
        let mut keys = Vec::new();
        for _ in 0..8 {
            keys.push(kw.key(&app, &[]).await);
        }
        kw.settled().await;
        for key in &keys {
            let dead = Arc::new(AtomicBool::new(false));
            let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(asks_until(kw.http.clone(), kw.url("/verify"), token.clone(), key.key.clone(), Arc::clone(&dead)))).collect();
            wait_until("questions are answered", async || kw.code(&key.key).await == "valid").await;
            let revoked = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
            dead.store(true, Ordering::SeqCst);
            assert_eq!(ids(&revoked), [verifier.as_str()]);
            let verifier = &revoked["verifiers"][0];
            assert!(verifier["position"].as_u64() >= revoked["position"].as_u64() && verifier["at"].is_string(), "{revoked}");
            for task in tasks {
                assert!(task.await.unwrap() > 0, "the key was accepted before");
            }
        }
    }

    async fn the_proof_is_checked_with_the_store_or_offline_and_not_when_it_was_touched(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let plain = kw.done(&["key", "revoke", &key.id]).await;
        assert_eq!(plain.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "position"]);
        // Repeating it is how one gets the proof later.
        let revoked = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
        let proof = revoked["proof"].as_str().unwrap();
        let file = |name: &str, text: &str| {
            let path = kw.directory().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let whole = file("revoked.json", &revoked.to_string());
        let bare = file("proof.jws", &format!("{proof}\n"));
        for path in [&whole, &bare] {
            let claims = kw.done(&["proof", "verify", path]).await;
            assert_eq!((&claims["credential"], &claims["position"], &claims["verifiers"]), (&json!(key.id), &revoked["position"], &revoked["verifiers"]));
            assert_eq!((&claims["effective_at"], &claims["lease_ms"]), (&revoked["effective_at"], &json!(2_000)));
            let durability = claims["durability"].as_str().unwrap();
            assert!(!durability.is_empty(), "{claims}");
        }
        let published = file("keys.json", &kw.get("/.well-known/keywright.json").await.body);
        let offline = async |path: &str, key: &str| kw.run(kw.bare_command(&["proof", "verify", path, "--key", key, "--json"]), b"", &[]).await;
        assert_eq!(offline(&whole, &published).await.exits(0).json()["credential"], json!(key.id));

        // One letter of the claims is another.
        let mut parts: Vec<String> = proof.split('.').map(str::to_owned).collect();
        let at = parts[1].len() / 2;
        let other = if parts[1].as_bytes()[at] == b'A' { "B" } else { "A" };
        parts[1].replace_range(at..=at, other);
        let touched = file("touched.jws", &parts.join("."));
        assert_eq!(kw.refused(&["proof", "verify", &touched], 4).await["code"], "proof_refused");
        assert_eq!(offline(&touched, &published).await.exits(4).problem()["code"], "proof_refused");
        let unsigned = file("unsigned.jws", &format!("eyJhbGciOiJub25lIn0.{}.", proof.split('.').nth(1).unwrap()));
        assert_eq!(kw.refused(&["proof", "verify", &unsigned], 4).await["code"], "proof_refused");
        // Another installation's key checks nothing of ours.
        let elsewhere = Place::given(TestPlace::sqlite()).await.serve(&[]).await;
        let foreign = file("foreign.json", &elsewhere.get("/.well-known/keywright.json").await.body);
        assert_eq!(offline(&whole, &foreign).await.exits(4).problem()["code"], "proof_refused");

        for (path, key) in [("nowhere.json", published.as_str()), (&published, &published), (&whole, &whole), (&whole, "nowhere.json")] {
            let problem = offline(path, key).await.exits(2).problem();
            let named = if path == whole { key } else { path };
            assert!(problem["detail"].as_str().unwrap().contains(named), "{problem}");
        }
    }

    /// A server that is stopped cannot say that it has seen the revocation; after a lease it cannot accept the key either.
    async fn a_stopped_verifier_is_waited_for_one_lease_and_named_in_the_proof(kw: Place) {
        let kw = kw.serve(&["--lease", "1s"]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        kw.settled().await;
        let verifier = verifier_of(&kw).await;
        assert_eq!(kw.code(&key.key).await, "valid");
        kw.signal(Signal::STOP);
        let began = Instant::now();
        let revoked = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
        let waited = began.elapsed();
        assert!((Duration::from_millis(1_000)..Duration::from_secs(8)).contains(&waited), "{waited:?}");
        assert_eq!(ids(&revoked), [verifier.as_str()]);
        assert_eq!(revoked["verifiers"][0]["lease_expired"], true, "{revoked}");
        // It wakes up: 503 until it has caught up, and then revoked.
        kw.signal(Signal::CONT);
        let mut codes = Vec::new();
        wait_until("the verifier has caught up", async || {
            let reply = kw.ask(json!({"credential": key.key})).await;
            codes.push((reply.status, reply.code()));
            reply.status == 200
        })
        .await;
        let (last, before) = codes.split_last().unwrap();
        assert_eq!(*last, (200, "revoked".to_owned()));
        assert!(before.iter().all(|c| *c == (503, "verification_unavailable".to_owned())), "{codes:?}");
    }

    async fn without_the_key_that_signs_nothing_is_revoked_and_the_message_says_what_to_do(kw: Place) {
        kw.done(&["migrate"]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let mut command = kw.command(&["key", "revoke", &key.id, "--wait", "all", "--json"]);
        command.env_remove("KEYWRIGHT_MASTER_KEY");
        let problem = kw.run(command, b"", &[]).await.exits(2).problem();
        assert_eq!(problem["code"], "master_key_missing");
        assert_eq!(kw.done(&["key", "show", &key.id]).await["state"], "active");
        kw.done(&["key", "revoke", &key.id]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_node_beside_one_database_is_listed_and_answers_for_itself() {
    let place = Place::given(TestPlace::postgres()).await;
    let all = place.serve_as("first", &[], &[]).await;
    // A verifier node holds no master key.
    let narrow = place.serve_as("second", &["--role", "verifier"], &[("KEYWRIGHT_MASTER_KEY", "")]).await;
    let hub = place.spawn("third", &["--role", "hub"], &[]).await;
    hub.until_ready().await;
    let app = place.application().await;
    let (first, second) = (place.key(&app, &[]).await, place.key(&app, &[]).await);
    all.settled().await;
    narrow.settled().await;
    for node in [&all, &narrow] {
        assert_eq!(node.code(&first.key).await, "valid");
    }
    let of_hub = hub.get("/readyz").await.json()["oauth2"]["id"].as_str().unwrap().to_owned();
    let mut expected = [verifier_of(&all).await, verifier_of(&narrow).await, of_hub];
    expected.sort();
    let listed = place.done(&["verifiers"]).await;
    let mut roles: Vec<(&str, &str)> = listed.as_array().unwrap().iter().map(|v| (v["id"].as_str().unwrap(), v["role"].as_str().unwrap())).collect();
    roles.sort_unstable();
    assert_eq!(roles.iter().map(|r| r.0).collect::<Vec<_>>(), expected);
    assert!(["all", "hub", "verifier"].iter().all(|role| roles.iter().any(|r| r.1 == *role)), "{roles:?}");

    let revoked = place.done(&["key", "revoke", &first.id, "--wait", "all"]).await;
    let mut seen = ids(&revoked);
    seen.sort_unstable();
    assert_eq!(seen, expected);
    for node in [&all, &narrow] {
        assert_eq!(node.code(&first.key).await, "revoked");
    }
    // A hub gives no verdicts, and says so rather than calling a credential bad.
    let reply = hub.ask(json!({"credential": second.key})).await;
    assert_eq!(reply.problem(404), "not_found");
    assert!(reply.body.contains("--role hub"), "{reply:?}");
    assert!(hub.get("/readyz").await.json()["verifier"].is_null());

    narrow.signal(Signal::STOP);
    let revoked = place.done(&["key", "revoke", &second.id, "--wait", "all"]).await;
    for verifier in revoked["verifiers"].as_array().unwrap() {
        let stopped = verifier["id"] == json!(verifier_id(&roles, "verifier"));
        assert_eq!(verifier["lease_expired"] == true, stopped, "{revoked}");
    }
    assert_eq!(all.code(&second.key).await, "revoked");
    narrow.signal(Signal::CONT);
    let reply = narrow.ask(json!({"credential": second.key})).await;
    assert!(reply.status == 503 || reply.code() == "revoked", "{reply:?}");
}

fn verifier_id<'r>(roles: &[(&'r str, &str)], role: &str) -> &'r str {
    roles.iter().find(|r| r.1 == role).unwrap().0
}
