//! The parameters of a request: a form in the body, each one once.

use hyper::header::CONTENT_TYPE;
use keywright_domain::limits;

use super::{Protocol, Refusal};

/// Parameters in the order of the request. It has no `Debug`: it holds secrets.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of the body. Parameters that the protocol does not know are passed over (RFC 6749 section 3.2), but for those in the query, where a
    /// secret would end up in logs.
    ///
    /// # Errors
    /// `invalid_request`
    pub(super) fn read(protocol: &Protocol) -> Result<Self, Refusal> {
        if protocol.query.as_deref().is_some_and(|query| !query.is_empty()) {
            return Err(Refusal::request("parameters go into the body: in the query they end up in logs, and a secret among them has to be replaced"));
        }
        let mut types = protocol.headers.get_all(CONTENT_TYPE).iter();
        let form = |value: &hyper::header::HeaderValue| {
            let value = value.as_bytes();
            let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
            value[..end].trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        };
        let (Some(true), None) = (types.next().map(form), types.next()) else {
            return Err(Refusal::request("send a form, with the header Content-Type: application/x-www-form-urlencoded"));
        };
        let body = std::str::from_utf8(&protocol.body).map_err(|_| Refusal::request("the body is not UTF-8"))?;
        Self::parse(body)
    }

    pub(super) fn parse(body: &str) -> Result<Self, Refusal> {
        let mut read: Vec<(String, String)> = Vec::new();
        for pair in body.split('&').filter(|pair| !pair.is_empty()) {
            if read.len() == limits::OAUTH_PARAMETERS_MAX {
                return Err(Refusal::request("there are too many parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(Refusal::request("a parameter is not percent-encoded UTF-8"));
            };
            // More than one resource has an error of its own (RFC 8707 section 2).
            if name != "resource" && read.iter().any(|(known, _)| *known == name) {
                return Err(Refusal::request("a parameter is there twice"));
            }
            read.push((name, value));
        }
        // One without a value counts as left out (RFC 6749 section 3.2).
        read.retain(|(_, value)| !value.is_empty());
        Ok(Self(read))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A name or value of a form; none where an escape is broken or gives no UTF-8.
pub(super) fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
                digit()? << 4 | digit()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_parameter_is_there_once_and_empty_ones_are_not() {
        let read = Parameters::parse("grant_type=client_credentials&scope=a+b%3Ac&state=&&x").ok().unwrap();
        assert_eq!((read.get("grant_type"), read.get("scope"), read.get("state"), read.get("x")), (Some("client_credentials"), Some("a b:c"), None, None));
        for bad in [
            "scope=a&scope=b",
            "scope=a&scope=",
            "%73cope=a&scope=b",
            "a=%zz",
            "a=%ff",
            "a=%4",
            &"a&".repeat(2),
            &(0..60).map(|n| format!("p{n}=1&")).collect::<String>(),
        ] {
            assert_eq!(Parameters::parse(bad).err().unwrap().error, "invalid_request", "{bad}");
        }
        assert_eq!(Parameters::parse("resource=a&resource=b").ok().unwrap().all("resource").count(), 2);
    }

    proptest! {
        #[test]
        fn no_body_panics_and_what_a_form_writes_is_read(text in any::<String>(), body in "[ -~é&=%+]{0,60}") {
            let _ = Parameters::parse(&body);
            let written: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(decoded(&written), Some(text));
        }
    }
}
