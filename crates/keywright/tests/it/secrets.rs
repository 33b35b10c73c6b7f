//! Secrets are in no log, no error, no answer but the one that shows them, and in no file or column of the store.

use std::fs;
use std::path::Path;
use std::process::Command;

use keywright_store::Location;
use serde_json::json;

use crate::support::{Place, Reply, Server, stories};

/// What must be found nowhere, and what it is.
#[derive(Default)]
pub(crate) struct Planted(pub(crate) Vec<(String, Vec<u8>)>);

impl Planted {
    pub(crate) fn add(&mut self, what: &str, secret: &str) {
        self.0.push((what.to_owned(), secret.as_bytes().to_vec()));
        // The random part alone would do for whoever knows the form.
        if let Some(body) = secret.rsplit('_').next().filter(|body| body.len() == 36) {
            self.0.push((format!("{what}, without its prefix"), body.as_bytes()[..30].to_vec()));
        }
    }

    #[track_caller]
    pub(crate) fn are_not_in(&self, place: &str, bytes: &[u8]) {
        for (what, secret) in &self.0 {
            let found = bytes.windows(secret.len()).position(|w| w == secret);
            let around = found.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(300)..(at + 200).min(bytes.len())]));
            assert!(found.is_none(), "{what} stands in {place}: {}", around.unwrap_or_default());
        }
    }
}

/// Every file below a directory, with its bytes.
fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// All that a server has written: its files, its log, and its store.
pub(crate) fn written(kw: &Server) -> Vec<(String, Vec<u8>)> {
    let mut written = Vec::new();
    files(kw.directory(), &mut written);
    assert!(written.iter().any(|(path, _)| path.ends_with("serve.err")), "the logs are among them");
    let stored = match kw.store().location() {
        Location::Postgres(url) => dump(&url),
        Location::Directory(data) => fs::read(data.join("keywright.db")).unwrap(),
    };
    written.push(("the store".to_owned(), stored));
    written
}

/// Every row of every table, as text.
fn dump(url: &str) -> Vec<u8> {
    let dump = Command::new("pg_dump").args(["--dbname", url, "--inserts", "--no-owner"]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    dump.stdout
}

/// Requests with a secret in each place where one should not be; gives all that was answered.
async fn misplaced(kw: &Server, secret: &str) -> String {
    let mut answers = String::new();
    let mut keep = |reply: Reply| answers.push_str(&format!("{reply:?}\n"));
    for question in [
        json!({"credential": [secret]}),
        json!({"credential": {"key": secret}}),
        json!({"credential": "x", "service": secret}),
        json!({"credential": "x", "environment": secret}),
        json!({"credential": "x", "permissions": [secret, 7]}),
        json!({"credential": "x", "permissions": secret}),
        json!({"credential": "x", "source_ip": secret}),
        json!({"credential": "x", "origin": secret}),
        json!({"credential": secret, "min_position": secret}),
        json!({"credential": secret, "request": {"url": secret}}),
        json!({"credential": secret, "min_position": 9_000_000}),
        json!({"credential": format!("{secret} ")}),
        json!(secret),
    ] {
        keep(kw.ask(question).await);
    }
    for body in [secret.to_owned(), format!("{{\"credential\": \"{secret}"), format!("{{\"credential\": \"{secret}\u{0}\"}}")] {
        keep(Reply::of(kw.http.post(kw.url("/verify")).bearer_auth(kw.token().await).header("Content-Type", "application/json").body(body)).await);
    }
    keep(kw.ask_as(secret, json!({"credential": secret})).await);
    keep(Reply::of(kw.http.post(kw.url("/verify")).basic_auth("x", Some(secret)).json(&json!({"credential": secret}))).await);
    for query in [
        format!("service={secret}"),
        format!("permissions={secret}"),
        format!("environment={secret}"),
        format!("token={secret}"),
        "service=business-api".into(),
    ] {
        keep(kw.forward(&query, &[("Authorization", &format!("Bearer {secret}")), ("Origin", secret), ("X-Forwarded-For", secret)]).await);
        keep(kw.forward(&query, &[("Authorization", secret), ("X-Original-URI", &format!("/{secret}")), ("X-Forwarded-Host", secret)]).await);
    }
    keep(Reply::of(kw.http.get(kw.url("/verify/forward?service=business-api")).header("Keywright-Token", secret).bearer_auth(secret)).await);
    for path in [format!("/{secret}"), format!("/verify?credential={secret}"), format!("/metrics?x={secret}"), format!("/readyz/{secret}")] {
        keep(kw.get(&path).await);
    }
    keep(Reply::of(kw.http.get(kw.url("/livez")).header("Host", secret).header("User-Agent", secret).header("Cookie", secret)).await);
    answers
}

/// Commands with a secret where an id or a word belongs; their standard errors are among the logs.
async fn mistyped(kw: &Place, secret: &str, application: &str) {
    for arguments in [
        &["key", "show", secret][..],
        &["key", "revoke", secret, "--wait", "all"],
        &["key", "list", "--application", secret],
        &["app", "activate", secret],
        &["org", "suspend", secret],
        &["resource-server", "revoke", secret],
        &["org", "list", secret],
        &["key", "find", secret],
        &["key", "revoke", "key_01HX9KZMB3F7VNQP8R2WDGT4E5", "--wait", secret],
        &[secret],
        &["resource-server", "create", "Gateway", "--services", secret],
        &["key", "create", "--application", application, "--service", secret, "--environment", "production", "--name", "N"],
        &["key", "create", "--application", application, "--service", "business-api", "--environment", secret, "--name", "N"],
        &["key", "create", "--application", application, "--service", "business-api", "--environment", "sandbox", "--name", "N", "--permissions", secret],
        &["key", "create", "--application", application, "--service", "business-api", "--environment", "sandbox", "--name", "N", "--expires-at", secret],
        &["key", "create", "--application", application, "--service", "business-api", "--environment", "sandbox", "--name", "N", "--network", secret],
    ] {
        for json in [&[][..], &["--json"]] {
            let ran = kw.cli(&[arguments, json].concat()).await;
            assert!([2, 3].contains(&ran.exit), "{ran:?}");
            assert_eq!(ran.stdout, "");
        }
    }
    for stdin in [secret.to_owned(), format!("{secret}!"), format!("key: {secret}"), format!("{secret}\n{secret}"), secret.repeat(300)] {
        kw.cli_with_stdin(&["key", "find"], &stdin).await;
        let verify = kw.bare_command(&["verify", "--url", "http://127.0.0.1:1"]);
        // What is longer than any credential is refused before anybody is asked.
        let exit = if stdin.len() > 8 * 1024 { 2 } else { 6 };
        kw.run(verify, stdin.as_bytes(), &[("KEYWRIGHT_TOKEN", secret)]).await.exits(exit);
    }
}

stories! {
    async fn planted_secrets_are_found_nowhere_after_a_full_run_with_every_word_logged(kw: Place) {
        let kw = kw.serve_as("data", &["--trusted-proxy", "127.0.0.0/8"], &[("KEYWRIGHT_LOG", "trace"), ("KEYWRIGHT_LOG_FORMAT", "json")]).await;
        let app = kw.application().await;
        let mut planted = Planted::default();
        let first = kw.key(&app, &["--rate-limit", "5/1s", "--network", "10.0.0.0/8"]).await;
        let second = kw.rotate(&first, &["--policy", "on_first_use"]).await;
        let third = kw.rotate(&first, &["--policy", "overlap"]).await;
        let fourth = kw.rotate(&first, &["--policy", "immediate"]).await;
        let sandbox = kw.key_in(&app, "sandbox", &[]).await;
        let revoked = kw.key(&app, &[]).await;
        for (name, key) in [("first", &first), ("second", &second), ("third", &third), ("fourth", &fourth), ("sandbox", &sandbox), ("revoked", &revoked)] {
            planted.add(&format!("the {name} key"), &key.key);
        }
        let made = kw.done(&["resource-server", "create", "Rotating", "--services", "business-api"]).await;
        let rotated = kw.done(&["resource-server", "rotate", made["id"].as_str().unwrap()]).await;
        for token in [kw.token().await, made["token"].as_str().unwrap(), rotated["token"].as_str().unwrap()] {
            planted.add("a token", token);
        }
        let master = kw.master_key();
        planted.add("the master key", &master);
        planted.0.push(("the master key as bytes".into(), hex::decode(&master).unwrap()));
        kw.settled().await;

        for key in [&first, &second, &third, &fourth, &sandbox, &revoked] {
            kw.code(&key.key).await;
            kw.forward_key("service=business-api&environment=production", &key.key).await;
            kw.cli_with_stdin(&["key", "find"], &key.key).await.exits(0);
            kw.done(&["key", "show", &key.id]).await;
        }
        kw.done(&["key", "revoke", &revoked.id, "--wait", "all"]).await;
        let mut answers = String::new();
        for secret in [fourth.key.as_str(), &revoked.key, &sandbox.key, kw.token().await] {
            answers += &misplaced(&kw, secret).await;
            mistyped(kw.place(), secret, &app.id).await;
        }
        for path in ["/metrics", "/readyz", "/livez", "/.well-known/keywright.json"] {
            answers += &kw.get(path).await.body;
        }
        // Settings that cannot be used.
        let away = "postgres://planted-user:planted-password@127.0.0.1:1/planted";
        planted.add("the password of a database", "planted-password");
        kw.run(kw.bare_command(&["org", "list", "--database-url", away]), b"", &[]).await.exits(2);
        kw.run(kw.bare_command(&["org", "list", "--json"]), b"", &[("KEYWRIGHT_DATABASE_URL", away)]).await.exits(5);
        fs::write(kw.directory().join("broken.toml"), "listen = \"127.0.0.1:0\"\ndatabase_url = \"postgres://u:planted-password@h/d\nrole = 1\n").unwrap();
        let ran = kw.run(kw.bare_command(&["org", "list", "--config", "broken.toml"]), b"", &[]).await.exits(2);
        assert!(ran.stderr.starts_with("error: broken.toml: line 2: "), "{ran:?}");
        fs::remove_file(kw.directory().join("broken.toml")).unwrap();
        planted.add("a master key that is none", "planted-master-key");
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data", "other"];
        kw.run(kw.bare_command(&serve), b"", &[("KEYWRIGHT_MASTER_KEY", "planted-master-key")]).await.exits(2);
        kw.run(kw.bare_command(&serve), b"", &[("KEYWRIGHT_MASTER_KEY_COMMAND", "printf planted-; echo master-key")]).await.exits(2);
        fs::write(kw.directory().join("other.key"), "planted-master-key").unwrap();
        kw.run(kw.bare_command(&[&serve[..], &["--master-key-file", "other.key"]].concat()), b"", &[]).await.exits(2);
        fs::remove_file(kw.directory().join("other.key")).unwrap();
        // So that the last uses, and what was only in memory, are on disk.
        let mut kw = kw;
        assert!(kw.terminate().await.success());

        planted.are_not_in("an answer", answers.as_bytes());
        let log = kw.stderr();
        assert!(log.contains("\"level\":\"TRACE\"") || log.contains("\"level\":\"DEBUG\""), "every word is logged");
        let written = written(&kw);
        for (place, bytes) in &written {
            // Its place is its purpose.
            if !place.ends_with("/master.key") {
                planted.are_not_in(place, bytes);
            }
        }
        let stored = &written.last().unwrap().1;
        // The search finds what is there: ids are written in the store, and the hash of a key is.
        let there = |bytes: &[u8]| stored.windows(bytes.len()).any(|w| w == bytes);
        assert!(there(first.id.as_bytes()) && there(b"credential.rotated"));
    }
}
