//! What a client says of itself (RFC 7591 section 2).

use hyper::header::CONTENT_TYPE;
use keywright_crypto::digest;
use keywright_crypto::public_key::PublicKey;
use keywright_domain::registration::ClientAuthentication;
use keywright_operations::Field;
use keywright_operations::credentials::ClientMetadata;
use serde_json::{Map, Value};

use super::super::{Protocol, Refusal};

/// What the server writes, and no client says (RFC 7592 section 2.2).
const SERVERS: [&str; 4] = ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

fn bad(description: impl Into<String>) -> Refusal {
    Refusal::new("invalid_client_metadata", description)
}

/// Reads the body; `known` is the id of the client that is changed. What the server does not understand is passed over, as the RFC wants it,
/// `software_id` and software statements included.
///
/// # Errors
/// `invalid_client_metadata`, `invalid_redirect_uri`, `invalid_request`
pub(super) fn read(protocol: &Protocol, known: Option<&str>) -> Result<ClientMetadata, Refusal> {
    let is_json = |value: &hyper::header::HeaderValue| {
        let value = value.as_bytes();
        let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
        value[..end].trim_ascii().eq_ignore_ascii_case(b"application/json")
    };
    let mut types = protocol.headers.get_all(CONTENT_TYPE).iter();
    let (Some(true), None) = (types.next().map(is_json), types.next()) else {
        return Err(Refusal::request("send JSON, with the header Content-Type: application/json"));
    };
    parse(&protocol.body, known)
}

fn parse(body: &[u8], known: Option<&str>) -> Result<ClientMetadata, Refusal> {
    let mut members: Map<String, Value> = serde_json::from_slice(body).map_err(|_| bad("the body is not a JSON object"))?;
    // A member that is null counts as left out (RFC 7592 section 2.2).
    members.retain(|_, value| !value.is_null());
    let text = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(bad(format!("{name}: is not a text"))),
    };
    if let Some(known) = known {
        if text("client_id")? != Some(known) {
            return Err(bad("client_id: is missing, or another one than in the path"));
        }
        if let Some(name) = SERVERS.iter().find(|name| members.contains_key(**name)) {
            return Err(bad(format!("{name}: is the server's to write: leave it out")));
        }
    }
    if members.get("redirect_uris").is_some_and(|uris| uris.as_array().is_none_or(|uris| !uris.is_empty())) {
        return Err(Refusal::new("invalid_redirect_uri", "nobody is redirected by the grant client_credentials: leave redirect_uris out"));
    }
    only(&members, "grant_types", &["client_credentials"], "the only grant here is client_credentials")?;
    only(&members, "response_types", &[], "there is no authorization endpoint here: leave it out")?;
    let authentication = text("token_endpoint_auth_method")?.map(str::parse::<ClientAuthentication>).transpose();
    Ok(ClientMetadata {
        name: text("client_name")?.map(str::to_owned),
        scope: text("scope")?.map(|scope| scope.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()),
        authentication: authentication.map_err(|error| bad(format!("token_endpoint_auth_method: {error}")))?,
        key: key(&members)?,
        secret: text("client_secret")?.filter(|_| known.is_some()).map(|secret| digest::sha256(secret.as_bytes())),
    })
}

/// A list with nothing else in it.
fn only(members: &Map<String, Value>, name: &str, known: &[&str], why: &str) -> Result<(), Refusal> {
    let fits = |list: &Vec<Value>| list.iter().all(|value| value.as_str().is_some_and(|word| known.contains(&word)));
    match members.get(name) {
        None => Ok(()),
        Some(Value::Array(list)) if fits(list) => Ok(()),
        Some(_) => Err(bad(format!("{name}: {why}"))),
    }
}

/// The one key of a key set.
fn key(members: &Map<String, Value>) -> Result<Option<PublicKey>, Refusal> {
    if members.contains_key("jwks_uri") {
        return Err(bad("jwks_uri: this server fetches no keys: send the key itself as jwks"));
    }
    let Some(set) = members.get("jwks") else { return Ok(None) };
    let one = set.get("keys").and_then(Value::as_array).filter(|keys| keys.len() == 1).and_then(|keys| keys[0].as_object());
    let jwk = one.ok_or_else(|| bad("jwks: is not a key set with exactly one key"))?;
    PublicKey::from_jwk_members(jwk).map(Some).map_err(|fault| bad(format!("jwks: {fault}")))
}

/// What is wrong with the fields of a form, by the names that the RFC gives them.
pub(super) fn told(fields: &[Field]) -> String {
    let named = |name: &str| match name {
        "name" => "client_name".to_owned(),
        "permissions" => "scope".to_owned(),
        other => other.to_owned(),
    };
    fields.iter().map(|field| format!("{}: {}", named(&field.name), field.message)).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn what_is_understood_is_read_and_the_rest_is_passed_over() {
        let body = r#"{"client_name":"Till","scope":"a b","token_endpoint_auth_method":"client_secret_post","grant_types":["client_credentials"],
            "response_types":[],"redirect_uris":[],"software_id":"x","software_statement":"x","contacts":null,"client_secret":"mine"}"#;
        let read = parse(body.as_bytes(), None).ok().unwrap();
        assert_eq!(
            (read.name.as_deref(), read.scope, read.authentication),
            (Some("Till"), Some(vec!["a".into(), "b".into()]), Some(ClientAuthentication::Post))
        );
        assert!(read.secret.is_none() && read.key.is_none());
        let with_key = format!(r#"{{"token_endpoint_auth_method":"private_key_jwt","jwks":{{"keys":[{JWK}]}}}}"#);
        assert!(parse(with_key.as_bytes(), None).ok().unwrap().key.is_some());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_error() {
        let two = format!(r#"{{"jwks":{{"keys":[{JWK},{JWK}]}}}}"#);
        let private = r#"{"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AAAA"}]}}"#;
        for body in [
            "[]",
            "",
            "{",
            r#"{"client_name":1}"#,
            r#"{"grant_types":["authorization_code"]}"#,
            r#"{"grant_types":"client_credentials"}"#,
            r#"{"response_types":["code"]}"#,
            r#"{"token_endpoint_auth_method":"none"}"#,
            r#"{"jwks_uri":"https://x"}"#,
            r#"{"jwks":{"keys":[]}}"#,
            r#"{"jwks":[]}"#,
            r#"{"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}}"#,
            private,
            &two,
        ] {
            assert_eq!(parse(body.as_bytes(), None).err().unwrap().error, "invalid_client_metadata", "{body}");
        }
        for body in [r#"{"redirect_uris":["https://x"]}"#, r#"{"redirect_uris":"https://x"}"#] {
            assert_eq!(parse(body.as_bytes(), None).err().unwrap().error, "invalid_redirect_uri", "{body}");
        }
    }

    #[test]
    fn a_change_names_its_client_and_nothing_of_the_servers() {
        assert!(parse(br#"{"client_id":"a","client_secret":"b"}"#, Some("a")).ok().unwrap().secret.is_some());
        for body in [r#"{}"#, r#"{"client_id":"b"}"#, r#"{"client_id":"a","client_id_issued_at":1}"#, r#"{"client_id":"a","registration_access_token":"x"}"#] {
            assert_eq!(parse(body.as_bytes(), Some("a")).err().unwrap().error, "invalid_client_metadata", "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..80), name in "[a-z_]{0,12}", value in "[ -~]{0,40}") {
            let _ = parse(&body, None);
            let _ = parse(format!(r#"{{"{name}":{value}}}"#).as_bytes(), Some("a"));
        }
    }
}
