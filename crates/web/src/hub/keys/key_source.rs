//! Where the key of a key pair comes from, as the pages ask for it: made in the browser, made here, or brought along.

use keywright_crypto::public_key::KeyType;
use keywright_domain::catalogue::{Scheme, Service};
use keywright_domain::credential::Environment;
use keywright_operations::credentials::{Challenge, KeySource};
use serde::Deserialize;

use super::file::{after_name, file_name};
use crate::hub::forms::{Choice, Field, Wrong};
use crate::hub::parts::Sample;

/// The ending of a file with a private key.
const PEM: &str = "pem";

/// What was typed of it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct TypedKey {
    /// `browser`, `server`, `csr` or `public_key`. A browser that has made a key says `public_key`.
    key_from: String,
    key_type: String,
    pem: String,
    public_key: String,
    challenge: String,
    proof: String,
    csr: String,
    /// `browser` where it has made the key that is given.
    made_in: String,
}

/// The fields of the form with what stands above them; what is wrong with one is a whole sentence.
pub(super) const LABELS: [(&str, &str); 6] = [("key_type", ""), ("pem", ""), ("public_key", ""), ("challenge", ""), ("proof", ""), ("csr", "")];

impl TypedKey {
    /// What the operation is asked for.
    pub(super) fn source(&self) -> KeySource {
        let some = |text: &String| (!text.trim().is_empty()).then(|| text.clone());
        match self.key_from.as_str() {
            "public_key" => {
                KeySource { public_key: Some(self.public_key.clone()), challenge: some(&self.challenge), proof: some(&self.proof), ..KeySource::default() }
            }
            "csr" => KeySource { csr: Some(self.csr.clone()), ..KeySource::default() },
            _ => KeySource {
                key_type: some(&self.key_type),
                // Keys that are not RSA have one form only, whatever stands in the list.
                pem: some(&self.pem).filter(|_| KeyType::from_word(&self.key_type).is_none_or(KeyType::is_rsa)),
                ..KeySource::default()
            },
        }
    }

    /// Whether it is handed over.
    pub(super) fn is_brought(&self) -> bool {
        matches!(self.key_from.as_str(), "csr" | "public_key")
    }

    /// What only a form can have wrong.
    pub(super) fn wrong(&self) -> Option<Wrong> {
        let message = "This browser has made no key, because scripts are switched off or have failed. Have the key pair made on our server, or bring your own.";
        (self.key_from == "browser").then(|| Wrong::new("key_from", message))
    }

    /// Whether the browser has made the key and keeps its private half.
    pub(super) fn by_browser(&self) -> bool {
        self.key_from == "public_key" && self.made_in == "browser"
    }

    /// The challenge that a new form asks to be signed: the same as before, unless it is over.
    pub(super) fn keeps_challenge(&self, wrong: &[Wrong]) -> bool {
        !self.challenge.is_empty() && !wrong.iter().any(|wrong| wrong.field == "challenge")
    }
}

/// The credential that a key pair is made for.
pub(super) struct KeyOf<'a> {
    pub(super) service: Option<&'a Service>,
    /// The service's slug, and the credential's name and environment.
    pub(super) slug: &'a str,
    pub(super) name: &'a str,
    pub(super) environment: Environment,
    /// The version that the key makes.
    pub(super) version: u32,
    /// The type of the key that is replaced.
    pub(super) present: Option<KeyType>,
}

/// The part of a form that asks for a key pair.
pub(super) struct KeyForm {
    pub(super) from: Field,
    pub(super) key_type: Field,
    pub(super) types: Vec<Choice>,
    pub(super) pem: Field,
    pub(super) pems: Vec<Choice>,
    pub(super) public_key: Field,
    pub(super) proof: Field,
    pub(super) csr: Field,
    pub(super) challenge: String,
    /// What is signed; for scripts.
    pub(super) text: String,
    /// Lines that sign it.
    pub(super) lines: Vec<Sample>,
    /// The browser made the key that is given, and a form is shown again.
    pub(super) by_browser: bool,
    /// Nothing was typed yet.
    pub(super) fresh: bool,
    /// One can be made on the server.
    pub(super) server: bool,
    /// What a browser calls the file with the private key: the whole, and what stands before and after a name that is typed on the page.
    pub(super) file: String,
    pub(super) slug: String,
    pub(super) after_name: String,
    pub(super) type_hint: &'static str,
    pub(super) pem_hint: &'static str,
}

impl KeyForm {
    /// With what was typed, if anything was.
    pub(super) fn new(of: KeyOf<'_>, given: &Challenge, typed: Option<&TypedKey>, wrong: &[Wrong]) -> Self {
        let yoti = of.service.is_some_and(|service| service.schemes.contains(&Scheme::Yoti));
        let none = TypedKey::default();
        let fresh = typed.is_none_or(|typed| typed.key_from.is_empty());
        let typed = typed.unwrap_or(&none);
        let or = |text: &str, usual: &'static str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
        let field = |name, value: String| Field::new(name, value).checked(wrong);
        let mut proof = field("proof", typed.proof.clone());
        // The challenge is no field that anybody sees.
        proof.error = proof.error.or_else(|| wrong.iter().find(|wrong| wrong.field == "challenge").map(|wrong| wrong.message.clone()));
        let usual = of.present.unwrap_or(if yoti { KeyType::Rsa2048 } else { KeyType::Ed25519 });
        let mut types: Vec<KeyType> = KeyType::ALL.into();
        if !yoti {
            types.sort_by_key(|key_type| *key_type != KeyType::Ed25519);
        }
        Self {
            from: field("key_from", or(&typed.key_from, "server")),
            key_type: field("key_type", or(&typed.key_type, usual.word())),
            file: file_name(of.slug, of.name, of.environment, of.version, PEM),
            slug: of.slug.to_owned(),
            after_name: after_name(of.environment, of.version, PEM),
            types: types.into_iter().map(|key_type| Choice::new(key_type.word(), title(key_type))).collect(),
            pem: field("pem", or(&typed.pem, if yoti && usual.is_rsa() { "pkcs1" } else { "pkcs8" })),
            pems: vec![Choice::new("pkcs1", "PKCS#1 (RSA only)"), Choice::new("pkcs8", "PKCS#8")],
            public_key: field("public_key", unless_private(&typed.public_key)),
            csr: field("csr", unless_private(&typed.csr)),
            by_browser: typed.by_browser(),
            fresh,
            server: true,
            type_hint: if yoti { "SDKs of Yoti sign by RSA only." } else { "Ed25519 where your tools know it." },
            pem_hint: if yoti { "How the file is written. SDKs of Yoti read PKCS#1." } else { "How the file is written. Most tools read PKCS#8." },
            proof,
            challenge: given.challenge.clone(),
            text: given.text.clone(),
            lines: given.signing_lines().into_iter().map(|(language, code)| Sample { language, code }).collect(),
        }
    }

    /// For a client, which brings its key: none is made on the server.
    pub(super) fn brought(mut self) -> Self {
        self.server = false;
        if !matches!(self.from.value.as_str(), "csr" | "public_key") {
            self.from.value = "csr".to_owned();
        }
        self
    }

    /// The challenge that was signed already, in the place of the new one.
    pub(super) fn with_challenge_of(mut self, typed: &TypedKey, wrong: &[Wrong]) -> Self {
        if typed.keeps_challenge(wrong) {
            self.text = self.text.replace(&self.challenge, &typed.challenge);
            for line in &mut self.lines {
                line.code = line.code.replace(&self.challenge, &typed.challenge);
            }
            self.challenge.clone_from(&typed.challenge);
        }
        self
    }
}

/// What was typed stays, but for a private key: a page that is kept or printed is no place for one.
fn unless_private(text: &str) -> String {
    if text.contains("PRIVATE KEY") { String::new() } else { text.to_owned() }
}

const fn title(key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Rsa2048 => "RSA, 2048 bits",
        KeyType::Rsa3072 => "RSA, 3072 bits",
        KeyType::Rsa4096 => "RSA, 4096 bits",
        KeyType::P256 => "P-256 (ECDSA)",
        KeyType::P384 => "P-384 (ECDSA)",
        KeyType::Ed25519 => "Ed25519",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_to_the_choice_is_asked_for() {
        let typed = |from: &str, key_type: &str| TypedKey {
            key_from: from.into(),
            key_type: key_type.into(),
            pem: "pkcs1".into(),
            public_key: "P".into(),
            challenge: "C".into(),
            proof: "S".into(),
            csr: "R".into(),
            made_in: String::new(),
        };
        let asked = |from: &str, key_type: &str| format!("{:?}", typed(from, key_type).source());
        assert_eq!(asked("server", "rsa-2048"), r#"["key_type", "pem"]"#);
        assert_eq!(asked("server", "p-256"), r#"["key_type"]"#);
        assert_eq!(asked("public_key", "p-256"), r#"["public_key", "challenge", "proof"]"#);
        assert_eq!(asked("csr", ""), r#"["csr"]"#);
        assert_eq!(typed("browser", "").wrong().unwrap().field, "key_from");
    }
}
