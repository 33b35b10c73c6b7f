//! Consumer keys by clicking: made with a first access token, used by pasting, and looked after.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keywright_crypto::digest::sha256;
use keywright_crypto::key_pair::{KeyPair, PrivateForm};
use keywright_crypto::public_key::challenge_text;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::ids::{PersonId, SessionId};
use keywright_domain::time::{Span, Timestamp};
use keywright_store::sessions::NewSession;
use keywright_store::{Done, Purpose, StoreError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::keyed;
use super::own_key::{ask, fresh};
use crate::signatures_hub::{copied, run};
use crate::support::{Browser, Form, Page, Place, Reply, Server, stories};

const ANN: &str = "ann@acme.example";

/// The token of a resource server for the APIs.
async fn gateway(kw: &Place) -> String {
    let made = kw.done(&["resource-server", "create", "APIs", "--services", "rest-apis", "--environments", "production,sandbox"]).await;
    made["token"].as_str().unwrap().to_owned()
}

/// The verdict on an access token.
async fn verdict(kw: &Server, gateway: &str, token: &str) -> Value {
    kw.settled().await;
    kw.ask_as(gateway, json!({ "credential": token })).await.json()
}

/// The page that makes keys of an application in the sandbox.
async fn new_keys(ann: &Browser, action: &str) -> Page {
    ann.get(&format!("{action}?environment=sandbox")).await.is(200)
}

/// Makes keys, with these choices besides.
async fn generate(ann: &Browser, action: &str, choices: &[(&str, &str)]) -> Page {
    let form = new_keys(ann, action).await;
    let filled = choices.iter().fold(form.form(action), |form, (name, value)| form.with(name, value));
    ann.submit(&filled).await.is(200)
}

/// Somebody at a browser, and where they make keys of their application.
async fn ann(kw: &Server) -> (Browser, String) {
    let ann = Browser::at(kw);
    ann.sign_in(kw.place(), ANN).await;
    let organisation = ann.register("Acme Travel").await;
    let application = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "rest-apis"]).await;
    let action = format!("/applications/{}/keys/new", application["id"].as_str().unwrap());
    (ann, action)
}

/// An API that asks about the bearer of each request, and says what it heard.
async fn api(verify: String, gateway: String, listener: TcpListener) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let token = head.lines().find_map(|line| line.strip_prefix("Authorization: Bearer ")).unwrap_or_default();
        let said = Reply::of(http.post(&verify).bearer_auth(&gateway).json(&json!({ "credential": token }))).await.json().to_string();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}", said.len());
        // Whoever asked may be gone by now.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// A session of hers that is ten minutes old.
pub(crate) async fn signed_in_a_while_ago(kw: &Place) -> String {
    let now_us = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()).unwrap();
    let now = Timestamp::from_us(now_us - 600_000_000);
    let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
    let store = kw.store().open_for(Purpose::Command).await;
    let bits = || keywright_crypto::random::bits().unwrap();
    let (id, person) = (SessionId::from_parts(1, bits()), PersonId::from_parts(1, bits()));
    let secret = format!("{:032x}", bits());
    let digest = sha256(secret.as_bytes());
    store
        .write(allowed, async move |tx| {
            let person = tx.person_of_mail(ANN, person, now).await?;
            let (agent, until) = (String::new(), now.plus(Span::from_d(1)));
            tx.session_insert(&NewSession { id, digest, person, access_token: false, organisation: None, agent, source: None, now, until }).await?;
            Ok::<_, StoreError>(Done::new(()))
        })
        .await
        .unwrap();
    secret
}

stories! {
    async fn keys_come_with_an_access_token_and_the_sample_gets_another(kw: Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let declared = format!("name = \"REST APIs\"\nauthorities = {{ sandbox = [\"{}\"] }}", listener.local_addr().unwrap());
        let path = kw.directory().join("catalog.toml");
        std::fs::write(&path, shown.replace("name = \"REST APIs\"", &declared)).unwrap();
        kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
        let gateway = gateway(kw.place()).await;
        tokio::spawn(api(kw.url("/verify"), gateway.clone(), listener));
        let (ann, action) = ann(&kw).await;

        new_keys(&ann, &action).await.says("Generate keys").says("Consumer key and secret");
        let made = generate(&ann, &action, &[]).await;
        made.says("Consumer key").says("Your consumer secret").says("Your first access token").says("Copy it now").says("JWT").says("Token endpoint").says("goes on taking it until it expires, whatever is revoked");
        made.says("add another secret").says_not("rotate");
        assert!(made.body.contains("rest-apis-sandbox-v1.secret"), "the name of the download");
        made.says(&kw.url("/oauth2/token")).says("Expires").says("default");
        assert!(made.header("cache-control").unwrap().contains("no-store"), "{:?}", made.headers);
        let (secret, token) = (copied(&made, "secret"), copied(&made, "token"));
        assert!(secret.starts_with("kw_sk_test_") && token.starts_with("eyJ"), "{token}");
        assert_eq!((made.body.matches(&secret).count(), made.body.matches(&token).count()), (1, 1));
        let verdict = verdict(&kw, &gateway, &token).await;
        assert_eq!((&verdict["code"], &verdict["scope"], &verdict["version"]), (&json!("valid"), &json!("default"), &json!(1)), "{verdict}");
        made.says(verdict["jti"].as_str().unwrap());

        for (sample, program, file) in [("use-it-code-1", "bash", "oauth.sh"), ("use-it-code-2", "node", "oauth.mjs"), ("use-it-code-3", "python3", "oauth.py")] {
            let code = copied(&made, sample);
            let (ok, said) = run(&kw, program, file, &code, &secret).await;
            assert!(ok && said.replace(' ', "").contains("\"code\":\"valid\""), "{file}: {said}");
            let (ok, said) = run(&kw, program, file, &code, "another secret").await;
            assert!(!ok, "{file}: {said}");
        }
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        for ends in ["revoke", "suspend", "secrets/1/revoke"] {
            ann.get(&format!("{key}/{ends}")).await.is(200).says("An API that checks JWTs by itself, without asking us, goes on taking one until it expires: at most 1 hour");
        }
        let page = ann.get(&key).await.is(200);
        page.says("made an access token").says("How to get a token").says(&kw.url("/oauth2/token"));
        let (ok, said) = run(&kw, "bash", "oauth.sh", &copied(&page, "get-token-code-1"), &secret).await;
        assert!(ok && said.replace(' ', "").contains("\"code\":\"valid\""), "the page of the key says it too: {said}");
        assert!(!page.body.contains(&token) && !page.body.contains(&secret));
    }

    async fn keys_that_do_not_work_yet_come_without_a_token(kw: Server) {
        let (ann, action) = ann(&kw).await;
        let form = ann.get(&format!("{action}?environment=production")).await.is(200);
        let made = ann.submit(&form.form(&action)).await.is(200);
        made.says("Your consumer secret").says("does not work yet").says_not("Your first access token").says_not("There is no access token yet");
    }

    async fn the_form_of_tokens_and_their_scopes_are_chosen_with_the_keys(kw: Server) {
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let path = kw.directory().join("catalog.toml");
        let more = shown.replace("default = \"Call the APIs\"", "\"orders:read\" = \"See orders\", \"orders:write\" = \"Make orders\"");
        assert_ne!(more, shown);
        std::fs::write(&path, more).unwrap();
        kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
        let gateway = gateway(kw.place()).await;
        let (ann, action) = ann(&kw).await;
        let form = new_keys(&ann, &action).await;
        form.says("Access tokens").says("JWT").says("Opaque");
        let form = form.form(&action);
        assert_eq!(form.value("token_form"), Some("jwt"), "what the catalogue says");
        let wrong = ann.submit(&form.clone().put("token_form", "paper")).await;
        assert_eq!(wrong.status, 400, "{wrong:?}");
        wrong.says("Access tokens");

        let choices = [("token_form", "opaque"), ("permissions_which", "chosen"), ("permissions", "orders:read")];
        let made = generate(&ann, &action, &choices).await;
        let token = copied(&made, "token");
        assert!(token.starts_with("kw_at_"), "{token}");
        let verdict = verdict(&kw, &gateway, &token).await;
        assert_eq!((&verdict["code"], &verdict["scope"]), (&json!("valid"), &json!("orders:read")), "{verdict}");
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        ann.get(&key).await.is(200).says("Access tokens opaque");
        ann.get(&format!("{key}/revoke")).await.is(200).says_not("checks JWTs by itself");
        let change = format!("{key}/change");
        let form = ann.get(&change).await.is(200).says("Tokens that were got before stay good").form(&change);
        assert_eq!(form.value("token_form"), Some("opaque"));
        ann.submit(&form.with("token_form", "jwt")).await.is(200).says("Access tokens JWT");
        let form = ann.get(&change).await.is(200).form(&change);
        ann.submit(&form.with("token_form", "service")).await.is(200);
        assert_eq!(ann.get(&change).await.is(200).form(&change).value("token_form"), Some("service"));
    }

    async fn secrets_are_added_shown_again_and_revoked_one_by_one(kw: Server) {
        let gateway = gateway(kw.place()).await;
        let (ann, action) = ann(&kw).await;
        let made = generate(&ann, &action, &[]).await;
        made.says("It can be shown again only to somebody");
        let first = copied(&made, "secret");
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();

        // Generating again, or rotating, adds a secret here.
        assert_eq!(ann.open(&format!("{key}/rotate")).await.is(200).path, format!("{key}/secrets/new"));
        let form = ann.get(&format!("{key}/secrets/new")).await.is(200).form(&format!("{key}/secrets/new"));
        let wrong = ann.submit(&form.clone().with("expires_on", "2001-01-31")).await;
        assert_eq!(wrong.status, 400, "{wrong:?}");
        wrong.says("31 January 2001 is over").says_not("T00:00:00Z");
        let added = ann.submit(&form.clone().put("once", "another-form-of-its-own").with("description", "Nightly batch").with("expires_on", "2035-01-31")).await.is(200);
        added.says("Secret added").says("The other secrets work as before").says_not("Your first access token");
        let second = copied(&added, "secret");
        assert_ne!(first, second);
        let page = ann.get(&key).await.is(200);
        page.says("Secrets").says("Nightly batch").says("Add secret").says("Show secret 2").says("Revoke secret 1").says("added a secret");
        page.says("ends 31 January 2035");
        // What is shown of a key is what works.
        let third = ann.submit(&form.clone().put("once", "a-third-form-of-its-own")).await.is(200);
        ann.submit(&ann.get(&format!("{key}/secrets/3/revoke")).await.form(&format!("{key}/secrets/3/revoke"))).await.is(200);
        let tail = |secret: &str| secret[secret.len() - 4..].to_owned();
        let list = ann.get(&format!("{}?environment=sandbox", action.trim_end_matches("/new"))).await.is(200);
        list.says(&tail(&second)).says_not(&tail(&copied(&third, "secret")));

        let again = ann.get(&format!("{key}/secrets/1/reveal")).await.is(200);
        again.says("Activity says that you looked at it").says("so the secret is shown at once").says_not(&first);
        let shown = ann.submit(&again.form(&format!("{key}/secrets/1/reveal"))).await.is(200);
        assert_eq!(copied(&shown, "secret"), first);
        assert!(shown.header("cache-control").unwrap().contains("no-store"), "{:?}", shown.headers);
        shown.says("Use it").says(&kw.url("/oauth2/token"));
        assert_eq!(shown.body.matches(&first).count(), 1, "samples read it from the environment");
        ann.get(&key).await.is(200).says("looked at the secret of version 1");

        let ask = ann.get(&format!("{key}/secrets/1/revoke")).await.is(200);
        ask.says("The other secrets of the key work as before");
        let after = ann.submit(&ask.form(&format!("{key}/secrets/1/revoke"))).await.is(200);
        after.says("revoked the secret of version 1").says_not("Revoke secret 1").says("Revoke secret 2");
        kw.settled().await;
        assert_eq!(verdict(&kw, &gateway, &copied(&made, "token")).await["code"], "retired_version", "its tokens end with it");
        let last = ann.submit(&ann.get(&format!("{key}/secrets/2/revoke")).await.form(&format!("{key}/secrets/2/revoke"))).await;
        last.says("the only secret that works");
        let gone = ann.submit(&ann.get(&format!("{key}/secrets/1/reveal")).await.form(&format!("{key}/secrets/1/reveal"))).await;
        gone.says_not(&first);
        assert_eq!(gone.status, 409, "{gone:?}");
        assert_eq!(ann.get(&format!("{key}/secrets/9/revoke")).await.status, 404);
    }

    async fn initial_access_tokens_are_made_listed_and_ended_by_clicking(kw: Server) {
        let (ann, action) = ann(&kw).await;
        let application = action.trim_end_matches("/keys/new");
        let list = format!("{application}/registration-tokens");
        ann.get(&format!("{application}/keys")).await.is(200).says("Client registration");
        ann.get(&list).await.is(200).says("No initial access tokens yet").says("Create initial access token");
        let form = ann.get(&format!("{list}/new")).await.is(200).form(&list);
        let wrong = ann.submit(&form.clone().with("clients_max", "none")).await.is(400);
        wrong.says("There are 2 problems").says("between 1 and 1000");
        let made = ann.submit(&form.with("name", "Roll-out of tills").with("clients_max", "2")).await.is(200);
        made.says("Your initial access token").says("It registers 2 clients").says("/oauth2/register").says("This is the only time");
        let token = copied(&made, "secret");
        assert!(token.starts_with("kw_ia_") && made.header("cache-control").unwrap().contains("no-store"), "{:?}", made.headers);
        let register = async || Reply::of(kw.http.post(kw.url("/oauth2/register")).bearer_auth(&token).json(&json!({ "client_name": "Till 7" }))).await;
        assert_eq!(register().await.status, 201);
        let listed = ann.get(&list).await.is(200);
        listed.says("Roll-out of tills").says("1 of 2").says("Active").says("REST APIs").says_not(&token);

        let revoke = listed.links().into_iter().find(|link| link.contains("/revoke?token=rgt_")).unwrap();
        let ask = ann.get(&revoke).await.is(200);
        ask.says("Revoke Roll-out of tills").says("Clients that it registered stay");
        ann.submit(&ask.form(&format!("{list}/revoke"))).await.is(200).says("Revoked").says_not("1 of 2 were left");
        assert_eq!(register().await.status, 401);
        assert_eq!(ann.open(&format!("{list}/revoke")).await.is(200).path, list, "of nothing");
        // An application whose services have no clients has no such tab.
        let organisation = kw.organisation().await;
        let other = kw.done(&["app", "create", "--organisation", &organisation, "--name", "x", "--service", "business-api"]).await;
        kw.done(&["operator", "add", "op@acme.example"]).await;
        let op = Browser::at(&kw);
        op.sign_in(kw.place(), "op@acme.example").await;
        op.get(&format!("/applications/{}/keys", other["id"].as_str().unwrap())).await.is(200).says_not("Client registration");
        op.get(&list).await.is(200).says_not("Create initial access token");
    }

    async fn a_client_with_a_key_of_its_own_is_made_and_rotated_by_clicking(kw: Server) {
        let (ann, action) = ann(&kw).await;
        new_keys(&ann, &action).await.says("Consumer key with your own key pair instead");
        let (first, second) = (fresh(), fresh());
        let page = ann.get(&format!("{action}?environment=sandbox&proof_by=key")).await.is(200);
        page.says("What an assertion that your private key signs is exchanged for").says("private_key_jwt").says("By you, with a signature").says_not("On our server");
        let brings = |form: Form, pair: &KeyPair| {
            let proof = STANDARD.encode(pair.sign(pair.key_type().default_algorithm(), &challenge_text(form.value("challenge").unwrap())).unwrap());
            form.with("key_from", "public_key").with("public_key", &pair.public().to_pem()).with("proof", &proof)
        };
        ann.submit(&page.form(&action).put("key_from", "")).await.is(400).says("say where it is made");
        let made = ann.submit(&brings(page.form(&action), &first)).await.is(200);
        made.says("Only you have the private key").says("Your first access token").says_not("Your consumer secret").says_not("Keep consumer secrets");
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        ann.get(&format!("{key}/token")).await.is(200).says("for an assertion that the private key signs").says_not("secret");
        // The page that is shown once has code for it, like the page of the key.
        let file = kw.directory().join("own.pem");
        std::fs::write(&file, first.to_pem(PrivateForm::Pkcs8).unwrap().expose()).unwrap();
        for (sample, program, script) in [("use-it-code-1", "node", "own.mjs"), ("use-it-code-2", "python3", "own.py")] {
            let code = copied(&made, sample).replace("your-private-key.pem", file.to_str().unwrap()).replace("https://api.example.com/", &kw.url("/livez"));
            let (ok, said) = run(&kw, program, script, &code, "").await;
            assert!(ok && said.starts_with("200"), "{script}: {said}");
        }
        let shown = ann.get(&key).await.is(200);
        shown.says("Rotate key").says("p-256 …").says_not("Add secret");
        let client = kw.done(&["key", "show", key.trim_start_matches("/keys/")]).await["public_id"].as_str().unwrap().to_owned();
        let rotate = format!("{key}/rotate");
        let form = ann.get(&rotate).await.is(200).says("You get a new key pair").says_not("On our server").form(&rotate);
        ann.submit(&brings(form, &second)).await.is(200).says("Both keys work for now");
        kw.settled().await;
        for pair in [&first, &second] {
            assert_eq!(ask(&kw, &client, pair).await.status, 200);
        }
    }

    async fn to_see_a_secret_again_somebody_signs_in_again(kw: Server) {
        let (ann, action) = ann(&kw).await;
        let made = generate(&ann, &action, &[]).await;
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        ann.keep("keywright", Some(&signed_in_a_while_ago(kw.place()).await));
        let path = format!("{key}/secrets/1/reveal");
        let told = ann.get(&path).await.is(200);
        told.says("you sign in again first, by a mail to").says_not("shown at once");
        let asked = ann.submit(&told.form(&path)).await;
        assert_eq!(asked.status, 401, "{asked:?}");
        asked.says("Sign in again first").says("We send a code to").says("API keys").says_not(&copied(&made, "secret"));
        let form = asked.form("/sign-in");
        assert_eq!(form.value("mail"), Some(ANN), "who is signed in is not asked for their address");
        let sent = ann.submit(&form).await.is(200);
        let kept = ann.submit(&sent.form("/sign-in/code").with("code", &kw.mail(ANN).await.code())).await.is(200);
        kept.says("You have signed in as").says("Show secret").says("Do not show").says_not("Send again");
        let shown = ann.submit(&kept.form(&path)).await.is(200);
        assert_eq!(copied(&shown, "secret"), copied(&made, "secret"));
    }

    async fn another_access_token_is_made_with_the_permissions_that_are_ticked(kw: Server) {
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let path = kw.directory().join("catalog.toml");
        let one = shown.replace("parallel_secrets = 5", "parallel_secrets = 1");
        assert_ne!(one, shown);
        std::fs::write(&path, one).unwrap();
        kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
        let gateway = gateway(kw.place()).await;
        let (ann, action) = ann(&kw).await;
        let made = generate(&ann, &action, &[]).await;
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        let path = format!("{key}/token");
        ann.get(&key).await.is(200).says("Make an access token");
        let form = ann.get(&path).await.is(200).form(&path);
        let none = ann.submit(&form.clone().without("permissions")).await;
        assert_eq!(none.status, 400, "{none:?}");
        let other = ann.submit(&form.clone().put("once", "another-form-of-its-own").put("permissions", "everything")).await;
        assert_eq!(other.status, 400, "{other:?}");
        let page = ann.submit(&form.put("once", "a-third-form-of-its-own")).await.is(200);
        page.says("Access token made").says("Copy it now");
        let token = copied(&page, "token");
        assert_ne!(token, copied(&made, "token"));
        let told = verdict(&kw, &gateway, &token).await;
        assert_eq!((&told["code"], &told["scope"]), (&json!("valid"), &json!("default")), "{told}");

        // A version that waits for its first use goes on waiting: no back end has its secret yet.
        let id = key.trim_start_matches("/keys/");
        keyed(kw.place(), &["key", "rotate", id, "--policy", "on_first_use"]).await;
        let again = ann.submit(&ann.get(&path).await.is(200).form(&path)).await.is(200);
        again.says("paste the token and press Enter. The address of the API goes in the place of api.example.com").says("Bearer $ACCESS_TOKEN");
        let told = verdict(&kw, &gateway, &copied(&again, "token")).await;
        assert_eq!((&told["code"], &told["version"]), (&json!("valid"), &json!(1)), "{told}");
        kw.settled().await;
        let states = kw.done(&["key", "show", id]).await["versions"].as_array().unwrap().iter().map(|v| v["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(states, ["active", "pending"]);

        kw.done(&["key", "suspend", key.trim_start_matches("/keys/")]).await;
        let refused = ann.submit(&ann.get(&path).await.form(&path)).await;
        refused.says("not accepted now");
    }
}
