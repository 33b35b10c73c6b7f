//! Key pairs as a person clicks through them, in a browser without scripts.

use std::os::unix::fs::symlink;

use keywright_crypto::key_pair::{KeyPair, PrivateForm};
use keywright_crypto::public_key::{KeyType, challenge_text};
use keywright_crypto::scheme::sign::yoti_header;
use serde_json::json;
use tokio::net::TcpListener;

use super::clients::python;
use super::kit::{Holder, How, fresh, signed};
use crate::browser::scripts;
use crate::signatures_hub::{copied, gateway, run};
use crate::support::{Browser, Page, Server, stories, wait_until};

/// What the page shows once.
#[track_caller]
fn private_key(page: &Page) -> String {
    let shown = page.body.split_once("<pre id=\"secret\"").unwrap_or_else(|| panic!("no key on {}: {}", page.path, page.text())).1;
    shown.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
}

/// The SDK id that the page shows.
#[track_caller]
fn sdk_id(page: &Page) -> String {
    page.body.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn code(kw: &Server, token: &str, holder: &Holder) -> String {
    let reply = kw.ask_as(token, json!({ "request": signed(holder, "POST", "/sessions", b"{}", How::default()) })).await;
    if reply.status == 200 { reply.code() } else { format!("{} {}", reply.status, reply.body) }
}

async fn works(kw: &Server, token: &str, holder: &Holder) {
    kw.settled().await;
    // The memory of nonces that all nodes share begins with the first claim.
    wait_until("the key works", async || code(kw, token, holder).await == "valid").await;
}

/// Runs the samples of the page that shows the key, with an API of ours in the place of the address that the catalogue does not say.
async fn samples_work(kw: &Server, token: &str, made: &Page, holder: &Holder) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(gateway(kw.url("/verify"), token.to_owned(), "doc-scan", listener));
    let file = kw.directory().join("downloaded.pem");
    std::fs::write(&file, &holder.pem).unwrap();
    symlink(scripts().join("node_modules"), kw.directory().join("node_modules")).unwrap();
    let python = python();
    for (sample, program, script) in [
        ("http-message-signatures-code-1", "bash", "hms.sh"),
        ("http-message-signatures-code-2", "node", "hms.mjs"),
        ("http-message-signatures-code-3", &*python, "hms.py"),
        ("yoti-code-1", "node", "yoti.mjs"),
        ("yoti-code-2", &*python, "yoti.py"),
    ] {
        let code = copied(made, sample).replace("doc-scan-desk-sandbox-v1.pem", file.to_str().unwrap()).replace("https://api.example.com", &api);
        let (ok, said) = run(kw, program, script, &code, "").await;
        assert!(ok && said.replace([' ', '\'', '"', '\\'], "").contains("code:valid"), "{script}: {said}");
    }
}

stories! {
    async fn a_key_pair_is_made_shown_once_and_regenerated_with_an_overlap(kw: Server) {
        let token = kw.done(&["resource-server", "create", "Doc Scan", "--services", "doc-scan", "--environments", "sandbox"]).await["token"].as_str().unwrap().to_owned();
        let ann = Browser::at(&kw);
        ann.sign_in(kw.place(), "ann@acme.example").await;
        let organisation = ann.register("Acme Travel").await;
        let new = format!("/organisations/{organisation}/applications/new");
        let chooser = ann.get(&new).await.is(200);
        let details = ann.submit(&chooser.form(&new).with("service", "doc-scan")).await.is(200);
        let first = ann.submit(&details.form(&new).with("name", "Check-in")).await.is(200);
        let application = first.path.split("/keys").next().unwrap().to_owned();
        first.says("Generate key pair").says("On our server").says("By you, with a signature");
        let form = first.form(&format!("{application}/keys/new"));
        assert_eq!((form.value("key_from"), form.value("key_type"), form.value("pem")), (Some("server"), Some("rsa-2048"), Some("pkcs1")));

        // What is wrong stands beside its field, and what was typed stays.
        let bad = ann.submit(&form.clone().with("name", "Desk").with("key_from", "csr").with("csr", "-----BEGIN PUBLIC KEY-----")).await.is(400);
        bad.says("certificate request");
        assert_eq!(bad.form(&format!("{application}/keys/new")).value("key_from"), Some("csr"));
        let private = fresh(KeyType::Ed25519).to_pem(PrivateForm::Pkcs8).unwrap();
        let pasted = ann.submit(&form.clone().with("name", "Desk").with("key_from", "csr").with("csr", private.expose())).await.is(400);
        pasted.says("This is a private key: it was not kept");
        assert!(!pasted.body.contains(private.expose().lines().nth(1).unwrap()), "no page repeats a private key");
        ann.submit(&form.clone().with("name", "Desk").put("key_from", "browser")).await.is(400).says("scripts are switched off");

        let made = ann.submit(&form.with("name", "Desk")).await.is(200);
        made.says("Key pair created").says("Client SDK ID").says("This is the only time").says("doc-scan-desk-sandbox-v1.pem").says("yoti").says("Signature-Input");
        let pem = private_key(&made);
        assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "Yoti's SDKs read this form");
        let id = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap_or_default();
        let of_first = Holder { id: String::new(), sdk_id: sdk_id(&made), pair: KeyPair::from_pem(&pem).unwrap(), pem };
        made.says(&of_first.sdk_id);
        works(&kw, &token, &of_first).await;
        samples_work(&kw, &token, &made, &of_first).await;
        // It gets access tokens too, and its page says how.
        let page = ann.get(&id).await.is(200);
        page.says("How to get a token").says("private_key_jwt").says(&kw.url("/oauth2/token"));
        let file = kw.directory().join("desk.pem");
        std::fs::write(&file, &of_first.pem).unwrap();
        let sample = copied(&page, "get-token-code-1").replace("your-private-key.pem", file.to_str().unwrap());
        let (ok, said) = run(&kw, "node", "token.mjs", &sample.replace("https://api.example.com/", &kw.url("/livez")), "").await;
        assert!(ok && said.starts_with("200"), "{said}");
        page.says("your-private-key.pem").says_not("\"private-key.pem").says("The base URL of the SDK has no path");

        // There may be one only, so generating is regenerating, and says so before it acts.
        let again = ann.open(&format!("{application}/keys/new?environment=sandbox&service=doc-scan")).await.is(200);
        assert!(again.path.ends_with("/rotate"), "{} {id}", again.path);
        again.says("You get a new key pair, version 2").says("What happens to version 1").says("Keep it for a while").says("Yoti’s SDKs sign by RSA only");
        let form = again.form(&again.path);
        let challenge = form.value("challenge").unwrap().to_owned();
        let pair = fresh(KeyType::P256);
        let proof = yoti_header(&pair.sign(pair.key_type().default_algorithm(), &challenge_text(&challenge)).unwrap());
        let brought = form.with("key_from", "public_key").with("public_key", &pair.public().to_pem());
        let wrong = ann.submit(&brought.clone().with("proof", "AAAA")).await.is(400);
        wrong.says("does not fit");
        let mended = wrong.form(&again.path);
        assert_eq!(mended.value("challenge"), Some(challenge.as_str()), "what was signed once need not be signed again");
        let rotated = ann.submit(&mended.with("proof", &proof)).await.is(200);
        rotated.says("Both keys work for now").says("Only you have the private key").says(&of_first.sdk_id).says_not("This is the only time");
        let of_second = of_first.with(pair);
        works(&kw, &token, &of_second).await;
        ann.get(&id).await.is(200).says("Yoti’s form");
        // Another one is of the same type, unless something else is chosen.
        let once_more = ann.get(&again.path).await.is(200).form(&again.path);
        assert_eq!((once_more.value("key_type"), once_more.value("pem")), (Some("p-256"), Some("pkcs8")));
        assert_eq!(code(&kw, &token, &of_first).await, "valid");
        // The list names it by its key, and who was handed the SDK id finds it.
        let listed = ann.get(&format!("{application}/keys?environment=sandbox")).await.is(200);
        listed.says("p-256 …");
    }
}
