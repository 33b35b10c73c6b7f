//! Keys that somebody says are theirs, without a proof that is for us: by a certificate request, or in the key set of a client that registers itself.

use keywright_crypto::key_pair::{KeyPair, PrivateForm};
use keywright_crypto::public_key::KeyType;
use keywright_crypto::scheme::sign::yoti_header;
use serde_json::{Value, json};

use super::kit::{Holder, How, Kit, fresh, signed};
use super::{file, proof};
use crate::support::{Ran, Reply, stories};

/// One element of DER that is shorter than 256 bytes.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = u8::try_from(content.len()).unwrap();
    let head: &[u8] = if len < 128 { &[tag, len] } else { &[tag, 0x81, len] };
    [head, &content].concat()
}

/// A certificate request (RFC 2986) for nobody, as PEM, signed by this Ed25519 key.
fn certificate_request(pair: &KeyPair) -> String {
    let algorithm = der(0x30, &[&[0x06, 3, 0x2b, 0x65, 0x70]]);
    let information = der(0x30, &[&[2, 1, 0], &der(0x30, &[]), &pair.public().to_spki_der(), &der(0xa0, &[])]);
    let signature = pair.sign(pair.key_type().default_algorithm(), &information).unwrap();
    let request = der(0x30, &[&information, &algorithm, &der(0x03, &[&[0], &signature])]);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", yoti_header(&request))
}

/// An application of an organisation of its own.
struct Stranger {
    organisation: String,
    app: String,
}

impl Stranger {
    async fn of(kit: &Kit) -> Self {
        let organisation = kit.kw.organisation().await;
        let create = ["app", "create", "--organisation", &organisation, "--name", "Atlas", "--service", "maps,rest-apis"];
        Self { app: kit.kw.done(&create).await["id"].as_str().unwrap().to_owned(), organisation }
    }

    /// What its organisation's Activity says of credentials that lost their key.
    async fn losses(&self, kit: &Kit) -> Vec<Value> {
        let made = kit.kw.done(&["token", "create", "--organisation", &self.organisation, "--name", "CI", "--grants", "admin"]).await;
        let path = format!("/api/v1/organisations/{}/activity?action=credential.key_displaced", self.organisation);
        let reply = Reply::of(kit.kw.http.get(kit.kw.url(&path)).bearer_auth(made["token"].as_str().unwrap())).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["data"].as_array().unwrap().clone()
    }

    /// Registers a client with this key set's one key (RFC 7591).
    async fn register(&self, kit: &Kit, jwk: Value) -> Reply {
        let create =
            ["app", "registration-token", "create", "--application", &self.app, "--name", "Tills", "--service", "rest-apis", "--environment", "sandbox"];
        let token = kit.kw.done(&create).await["token"].as_str().unwrap().to_owned();
        let body = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [jwk] } });
        Reply::of(kit.kw.http.post(kit.kw.url("/oauth2/register")).bearer_auth(token).json(&body)).await
    }
}

/// The credential that was made, held by whoever has the private key, which its maker need not have.
fn holder(made: &Value, pair: &KeyPair) -> Holder {
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{name} in {made}")).to_owned();
    let pem = pair.to_pem(PrivateForm::Pkcs8).unwrap();
    Holder { id: text("id"), sdk_id: text("sdk_id"), pem: String::new(), pair: KeyPair::from_pem(pem.expose()).unwrap() }
}

async fn code(kit: &Kit, holder: &Holder) -> String {
    kit.code(&signed(holder, "GET", "/", b"", How::default())).await
}

stories! {
    async fn a_key_that_somebody_only_says_is_theirs_goes_to_whoever_proves_it(kw: Server) {
        let kit = Kit::of(kw).await;
        let (squatter, third) = (Stranger::of(&kit).await, Stranger::of(&kit).await);
        let pair = fresh(KeyType::Ed25519);
        let (request, public) = (file(&kit, "a.csr", &certificate_request(&pair)), file(&kit, "a.pem", &pair.public().to_pem()));
        let claimed = kit.kw.done(&Kit::create(&squatter.app, &["--csr", &request])).await;
        let squatted = holder(&claimed, &pair);
        // One application has it, and another one hears what would change that.
        assert_eq!(kit.kw.refused(&Kit::create(&squatter.app, &["--csr", &request]), 4).await["code"], "key_taken");
        let told = kit.kw.refused(&Kit::create(&third.app, &["--csr", &request]), 4).await;
        assert_eq!(told["code"], "key_claimed");
        assert!(told["detail"].as_str().unwrap().contains("challenge"), "{told}");
        let refused = third.register(&kit, pair.public().to_jwk()).await;
        assert!(refused.status == 403 && refused.json()["error_description"].as_str().unwrap().contains("challenge"), "{refused:?}");
        kit.settled().await;
        assert_eq!(code(&kit, &squatted).await, "valid");

        let (challenge, signature) = proof(&kit, &kit.app, &pair).await;
        let made = kit.kw.done(&Kit::create(&kit.app, &["--public-key", &public, "--challenge", &challenge, "--proof", &signature])).await;
        let owned = holder(&made, &pair);
        kit.settled().await;
        assert_eq!((code(&kit, &squatted).await, code(&kit, &owned).await), ("retired_version".into(), "valid".into()));
        for app in [&squatter.app, &third.app] {
            assert_eq!(kit.kw.refused(&Kit::create(app, &["--csr", &request]), 4).await["code"], "key_taken");
        }
        let pem = pair.to_pem(PrivateForm::Pkcs8).unwrap();
        assert_eq!(kit.kw.cli_with_stdin(&["key", "find", "--json"], pem.expose()).await.exits(0).json()["id"], json!(owned.id));
        let losses = squatter.losses(&kit).await;
        assert!(losses.len() == 1 && losses[0]["subject"] == json!(squatted.id), "{losses:?}");
        let text = losses[0].to_string();
        assert!(!text.contains(&owned.id) && !text.contains(&kit.app) && !text.contains("cli:"), "it does not learn whose the key is: {text}");
        // The credential goes on with a key of its own.
        let again = kit.rotated(&squatted, &["--policy", "immediate", "--key-type", "ed25519"]).await;
        kit.settled().await;
        assert_eq!((code(&kit, &again).await, code(&kit, &owned).await), ("valid".into(), "valid".into()));

        // A client that registered itself has proved nothing either, and a rotation takes its key too.
        let pair = fresh(KeyType::P256);
        let public = file(&kit, "b.pem", &pair.public().to_pem());
        let client = squatter.register(&kit, pair.public().to_jwk()).await;
        assert_eq!(client.status, 201, "{client:?}");
        let (challenge, signature) = proof(&kit, &kit.app, &pair).await;
        let flags = ["--public-key", &public, "--challenge", &challenge, "--proof", &signature];
        kit.kw.done(&[&["key", "rotate", &owned.id], &flags[..]].concat()).await;
        kit.settled().await;
        assert_eq!(code(&kit, &owned.with(pair)).await, "valid");
        assert_eq!(squatter.losses(&kit).await.len(), 2);
        // The modulus of an RSA key is one key, whatever the exponent beside it.
        let rsa = kit.made(&["--key-type", "rsa-2048"]).await;
        let mut jwk = rsa.pair.public().to_jwk();
        jwk["e"] = json!("AQAD");
        let refused = third.register(&kit, jwk).await;
        assert_eq!((refused.status, &refused.json()["error"]), (403, &json!("access_denied")), "{refused:?}");
    }

    async fn a_claim_ends_with_its_credential_and_of_several_that_prove_a_key_one_gets_it(kw: Server) {
        let kit = Kit::of(kw).await;
        let (squatter, third) = (Stranger::of(&kit).await, Stranger::of(&kit).await);
        let pair = fresh(KeyType::Ed25519);
        let (request, public) = (file(&kit, "a.csr", &certificate_request(&pair)), file(&kit, "a.pem", &pair.public().to_pem()));
        let claimed = kit.kw.done(&Kit::create(&squatter.app, &["--csr", &request])).await;
        kit.kw.done(&["key", "revoke", claimed["id"].as_str().unwrap()]).await;
        let claimed = kit.kw.done(&Kit::create(&third.app, &["--csr", &request])).await;
        assert_eq!(kit.kw.refused(&Kit::create(&squatter.app, &["--csr", &request]), 4).await["code"], "key_claimed");
        assert!(squatter.losses(&kit).await.is_empty(), "what had ended lost nothing");
        kit.kw.done(&["app", "delete", &third.app, "--confirm", "Atlas"]).await;
        kit.settled().await;
        assert_eq!(code(&kit, &holder(&claimed, &pair)).await, "unknown");

        // Two who say so, and two who prove it, at the same moment.
        let others = [Stranger::of(&kit).await.app, Stranger::of(&kit).await.app];
        let proofs = [proof(&kit, &kit.app, &pair).await, proof(&kit, &squatter.app, &pair).await];
        let claims = others.each_ref().map(|app| [&Kit::create(app, &["--csr", &request])[..], &["--json"]].concat());
        let proves = [(&kit.app, &proofs[0]), (&squatter.app, &proofs[1])].map(|(app, (challenge, signature))| {
            [&Kit::create(app, &["--public-key", &public, "--challenge", challenge, "--proof", signature])[..], &["--json"]].concat()
        });
        let (a, b, c, d) = tokio::join!(kit.kw.cli(&claims[0]), kit.kw.cli(&proves[0]), kit.kw.cli(&proves[1]), kit.kw.cli(&claims[1]));
        let mut made = Vec::new();
        for (ran, proves) in [(a, false), (b, true), (c, true), (d, false)] {
            if ran.exit == 0 {
                made.push((holder(&ran.json(), &pair), proves));
            } else {
                let said: Value = Ran::problem(&ran)["code"].clone();
                assert!(said == "key_taken" || (said == "key_claimed" && !proves), "{ran:?}");
            }
        }
        kit.settled().await;
        assert_eq!(made.iter().filter(|(_, proves)| *proves).count(), 1);
        for (holder, proves) in &made {
            assert_eq!(code(&kit, holder).await, if *proves { "valid" } else { "retired_version" });
        }
    }
}
