use super::*;
use crate::scheme::{Body, UriScheme};

mod components;
mod headers;
mod profile;
mod standard;

/// A request whose parts a test changes one at a time.
struct Story {
    method: &'static str,
    scheme: UriScheme,
    authority: &'static str,
    target: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Body<'static>,
}

fn story() -> Story {
    Story { method: "GET", scheme: UriScheme::Https, authority: "www.example.com", target: "/".into(), headers: Vec::new(), body: Body::None }
}

impl Story {
    fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    fn target(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// With a signature that covers this, with these parameters.
    fn covering(self, list: &str) -> Self {
        self.header("Signature-Input", format!("sig={list}")).header("Signature", "sig=:AAAA:")
    }

    fn seen<T>(&self, see: impl FnOnce(Result<Signatures<'_>, Fault>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let (method, scheme, authority, target) = (self.method, self.scheme, self.authority, &*self.target);
        see(read(&Request { method, scheme, authority, target, headers: &headers, body: self.body }))
    }

    /// The base of the only signature, without its last line.
    fn lines(&self) -> Result<String, Fault> {
        self.seen(|all| {
            let base = String::from_utf8(all?.labelled("sig").unwrap().base()?).unwrap();
            let (lines, parameters) = base.rsplit_once("\n\"@signature-params\": ").map_or(("", base.as_str()), |both| both);
            assert!(parameters.ends_with(')') || parameters.contains(");"), "{base}");
            Ok(lines.to_owned())
        })
    }

    fn fault(&self) -> Fault {
        self.lines().expect_err("a fault")
    }
}
