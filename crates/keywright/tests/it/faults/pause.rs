//! Processes that are stopped and go on later, as a suspended machine does: the clock has not stood still for them.

use std::time::{Duration, Instant};

use keywright_domain::limits::LEASE_MS_DEFAULT;
use keywright_store::testing::TestPlace;
use rustix::process::Signal;
use serde_json::json;

use super::askers::{Asked, Askers};
use super::kit::try_ask;
use crate::support::{Place, stories, wait_for, wait_until};

/// Five leases.
const PAUSE: Duration = Duration::from_secs(10);

stories! {
    /// The server stands still while its key is revoked by a command; questions that reached it before and meanwhile are answered afterwards.
    async fn a_server_that_was_stopped_for_ten_seconds_accepts_nothing_that_was_revoked_meanwhile(kw: Place) {
        let server = kw.serve(&[]).await;
        let app = kw.application().await;
        let (revoked, kept) = (kw.key(&app, &[]).await, kw.key(&app, &[]).await);
        server.settled().await;
        let token = kw.token().await.to_owned();
        let asked = Asked::new(&revoked.key);
        let askers = Askers::start(&server.address, &token, std::slice::from_ref(&asked), 8);
        askers.until_accepted(100).await;

        server.signal(Signal::STOP);
        let stopped = Instant::now();
        let answer = kw.done(&["key", "revoke", &revoked.id, "--wait", "all"]).await;
        assert_eq!(answer["verifiers"][0]["lease_expired"], true, "it could not say that it has heard: {answer}");
        assert!(stopped.elapsed() >= Duration::from_millis(LEASE_MS_DEFAULT), "the answer came before its lease was over");
        asked.is_dead();
        // These are sent to a process that stands still.
        let sent_meanwhile: Vec<_> = [&revoked, &kept, &revoked, &kept].map(|key| {
            let (http, url, token, key) = (server.http.clone(), server.url("/verify"), token.clone(), key.key.clone());
            tokio::spawn(async move { crate::support::Reply::of(http.post(url).bearer_auth(token).json(&json!({ "credential": key }))).await })
        })
        .into_iter()
        .collect();
        tokio::time::sleep(PAUSE.saturating_sub(stopped.elapsed())).await;
        server.signal(Signal::CONT);

        // The first answers come at once, and none of them is a verdict from before: 503, or what is right now.
        for (n, reply) in sent_meanwhile.into_iter().enumerate() {
            let reply = reply.await.unwrap();
            let allowed = if n % 2 == 0 { "revoked" } else { "valid" };
            assert!(matches!((reply.status, &*reply.code()), (503, "verification_unavailable")) || (reply.status == 200 && reply.code() == allowed), "{reply:?}");
            if reply.status == 503 {
                assert_eq!(reply.header("retry-after"), Some("1"));
            }
        }
        wait_until("the server is itself again", async || matches!(try_ask(&server, &token, &kept.key).await, Some(reply) if reply.code() == "valid")).await;
        assert_eq!(server.code(&revoked.key).await, "revoked");
        let tally = askers.finish().await;
        assert!(tally.refused > 0, "{tally:?}");
    }
}

/// Two nodes; the one that stands still is not waited for longer than its lease, and the proof says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_that_was_stopped_delays_a_revocation_by_its_lease_and_accepts_nothing_later() {
    let kw = Place::given(TestPlace::postgres()).await;
    let hub = kw.serve(&["--role", "all"]).await;
    let verifier = kw.serve_as("node-b", &["--role", "verifier"], &[]).await;
    let app = kw.application().await;
    let (first, second) = (kw.key(&app, &[]).await, kw.key(&app, &[]).await);
    for node in [&hub, &verifier] {
        node.settled().await;
        assert_eq!((node.code(&first.key).await, node.code(&second.key).await), ("valid".into(), "valid".into()));
    }
    // With both at work nobody waits for a lease.
    let answer = kw.done(&["key", "revoke", &first.id, "--wait", "all"]).await;
    let effects = answer["verifiers"].as_array().unwrap();
    assert!(effects.len() == 2 && effects.iter().all(|v| v["position"].as_u64() >= answer["position"].as_u64()), "{answer}");
    for node in [&hub, &verifier] {
        assert_eq!(node.code(&first.key).await, "revoked");
    }

    let token = kw.token().await.to_owned();
    let asked = Asked::new(&second.key);
    let askers = [&hub, &verifier].map(|node| Askers::start(&node.address, &token, std::slice::from_ref(&asked), 4));
    for askers in &askers {
        askers.until_accepted(50).await;
    }
    verifier.signal(Signal::STOP);
    let start = Instant::now();
    let answer = kw.done(&["key", "revoke", &second.id, "--wait", "all"]).await;
    let took = start.elapsed();
    asked.is_dead();
    assert_eq!(hub.code(&second.key).await, "revoked");
    let lease = Duration::from_millis(LEASE_MS_DEFAULT);
    assert!(took >= lease && took < lease * 3, "{took:?}");
    let effects = answer["verifiers"].as_array().unwrap();
    let (still, there): (Vec<_>, Vec<_>) = effects.iter().partition(|v| v["lease_expired"] == true);
    assert_eq!((still.len(), there.len()), (1, 1), "{answer}");
    let proof = kw.directory().join("proof.json");
    std::fs::write(&proof, answer.to_string()).unwrap();
    let checked = kw.done(&["proof", "verify", &proof.display().to_string()]).await;
    assert_eq!(checked["verifiers"].as_array().unwrap().len(), 2);

    verifier.signal(Signal::CONT);
    wait_for("the verifier answers again", async || {
        let reply = try_ask(&verifier, &token, &second.key).await?;
        assert!(matches!((reply.status, &*reply.code()), (200, "revoked") | (503, _)), "{reply:?}");
        (reply.status == 200).then_some(())
    })
    .await;
    for askers in askers {
        askers.finish().await;
    }
}
