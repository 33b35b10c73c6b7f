//! Where from and how often a key may be used.

use serde_json::json;

use crate::support::{stories, wait_until};

const QUERY: &str = "service=business-api&permissions=payouts:write";

stories! {
    async fn a_rate_limit_is_counted_on_the_node_whichever_way_it_is_asked(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &["--rate-limit", "3/1h"]).await;
        kw.settled().await;
        let ask = async || kw.verify(json!({"credential": key.key})).await;
        // What is refused for another reason takes nothing.
        assert_eq!(kw.verify(json!({"credential": key.key, "permissions": ["no:such"]})).await["rate_limit"], json!(null));
        assert_eq!(ask().await["rate_limit"], json!({"limit": 3, "remaining": 2, "reset_s": 1200}));
        let accepted = kw.forward_key(QUERY, &key.key).await;
        assert_eq!((accepted.status, accepted.header("ratelimit-policy"), accepted.header("ratelimit")), (200, Some(r#""default";q=3;w=3600"#), Some(r#""default";r=1;t=2400"#)));
        assert_eq!(ask().await["rate_limit"]["remaining"], 0);
        let refused = ask().await;
        assert_eq!((&refused["code"], &refused["rate_limit"]["remaining"], &refused["credential_id"]), (&json!("rate_limited"), &json!(0), &json!(key.id)));
        let refused = kw.forward_key(QUERY, &key.key).await;
        assert_eq!(refused.problem(429), "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), Some(r#""default";q=3;w=3600"#));
        assert!(refused.header("ratelimit").unwrap().starts_with(r#""default";r=0;t=3"#), "{refused:?}");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1_100..=1_200).contains(&wait), "{refused:?}");

        // A new limit counts from the next request on, and fills up again by itself.
        kw.done(&["key", "change", &key.id, "--rate-limit", "2/1s"]).await;
        kw.settled().await;
        wait_until("there is room in the new limit", async || ask().await["code"] == "valid").await;
        let mut codes = Vec::new();
        for _ in 0..20 {
            codes.push(kw.code(&key.key).await);
        }
        assert!(codes.contains(&"rate_limited".to_owned()), "{codes:?}");
        wait_until("there is room again", async || ask().await["code"] == "valid").await;
        kw.done(&["key", "change", &key.id, "--no-rate-limit"]).await;
        kw.settled().await;
        for _ in 0..20 {
            assert_eq!(kw.code(&key.key).await, "valid");
        }
    }

    async fn networks_are_matched_on_the_address_that_a_trusted_proxy_gives(kw: Place) {
        let kw = kw.serve(&["--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "10.9.0.0/16"]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &["--network", "198.51.100.0/24", "--network", "2001:db8::/32"]).await;
        kw.settled().await;
        let bearer = format!("Bearer {}", key.key);
        let asked = async |forwarded: Option<&str>| {
            let mut headers = vec![("Authorization", bearer.as_str())];
            headers.extend(forwarded.map(|f| ("X-Forwarded-For", f)));
            kw.forward(QUERY, &headers).await
        };
        for accepted in ["198.51.100.7", "203.0.113.1, 198.51.100.7", "198.51.100.7, 10.9.1.1", "198.51.100.7:4711", "::ffff:198.51.100.7", "2001:db8::7", "garbage, 198.51.100.7"] {
            assert_eq!(asked(Some(accepted)).await.status, 200, "{accepted}");
        }
        // The address that a client writes itself stands further left, and counts for nothing; what cannot be told fails closed.
        for refused in [Some("198.51.100.7, 203.0.113.1"), Some("203.0.113.1"), Some("198.51.100.7, unknown"), Some("10.9.1.1"), Some(""), None] {
            let reply = asked(refused).await;
            assert_eq!(reply.problem(403), "credential_not_allowed", "{refused:?}");
        }
        // Other headers say nothing.
        let reply = kw.forward(QUERY, &[("Authorization", &bearer), ("X-Real-IP", "198.51.100.7"), ("Forwarded", "for=198.51.100.7")]).await;
        assert_eq!(reply.problem(403), "credential_not_allowed");
        for (address, code) in [(Some("198.51.100.7"), "valid"), (Some("::ffff:198.51.100.7"), "valid"), (Some("203.0.113.1"), "network_not_allowed"), (None, "network_not_allowed")] {
            assert_eq!(kw.verify(json!({"credential": key.key, "source_ip": address})).await["code"], code, "{address:?}");
        }
    }

    async fn without_a_trusted_proxy_the_peer_counts_and_no_header_does(kw: Server) {
        let app = kw.application().await;
        let here = kw.key(&app, &["--network", "127.0.0.1"]).await;
        let there = kw.key(&app, &["--network", "198.51.100.0/24"]).await;
        kw.settled().await;
        for (key, status) in [(&here, 200), (&there, 403)] {
            let reply = kw.forward(QUERY, &[("Authorization", &format!("Bearer {}", key.key)), ("X-Forwarded-For", "198.51.100.7")]).await;
            assert_eq!(reply.status, status, "{reply:?}");
        }
    }

    async fn origins_are_those_of_the_request(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &["--origin", "https://app.example.com", "--origin", "http://localhost:3000"]).await;
        kw.settled().await;
        let bearer = format!("Bearer {}", key.key);
        for (origin, status) in [
            ("https://app.example.com", 200),
            ("http://localhost:3000", 200),
            ("http://app.example.com", 403),
            ("https://app.example.com.evil.example", 403),
            ("https://app.example.com:8443", 403),
            ("null", 403),
        ] {
            assert_eq!(kw.forward(QUERY, &[("Authorization", &bearer), ("Origin", origin)]).await.status, status, "{origin}");
            let valid = kw.verify(json!({"credential": key.key, "origin": origin})).await["valid"] == true;
            assert_eq!(valid, status == 200, "{origin}");
        }
        assert_eq!(kw.forward_key(QUERY, &key.key).await.problem(403), "credential_not_allowed");
        let twice = kw.forward(QUERY, &[("Authorization", &bearer), ("Origin", "https://app.example.com"), ("Origin", "https://app.example.com")]).await;
        assert_eq!(twice.status, 403, "two origins are none");
    }
}
