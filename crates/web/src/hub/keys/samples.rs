//! Code that uses a key, to paste.

use keywright_domain::catalogue::Service;
use keywright_domain::credential::{Environment, Kind};

use crate::hub::parts::Sample;

/// In the place of an address that the catalogue does not say.
pub(super) const PLACEHOLDER: &str = "api.example.com";

/// Where requests with a key go.
pub(super) struct Target {
    /// The host.
    pub(super) host: String,
    /// The catalogue says so.
    pub(super) declared: bool,
    url: String,
}

impl Target {
    pub(super) fn of(service: Option<&Service>, environment: Environment) -> Self {
        let hosts = service.map(|s| match environment {
            Environment::Production => &s.production_authorities,
            Environment::Sandbox => &s.sandbox_authorities,
        });
        let host = hosts.and_then(|hosts| hosts.first());
        let path = service.and_then(|s| s.base_paths.first()).map_or("/", String::as_str);
        let declared = host.is_some();
        let host = host.map_or(PLACEHOLDER, String::as_str).to_owned();
        // A name that never leaves the machine has no certificate.
        let bare = host.split(':').next().unwrap_or_default();
        let scheme = if bare == "localhost" || bare.ends_with(".localhost") || bare.starts_with("127.") { "http" } else { "https" };
        Self { url: format!("{scheme}://{host}{path}"), host, declared }
    }

    /// curl first: it works as pasted where the address is declared.
    pub(super) fn samples(&self, kind: Kind, key: &str) -> Vec<Sample> {
        if kind != Kind::ApiKey {
            return Vec::new();
        }
        let url = &self.url;
        let node = format!(
            "// API_KEY={key} node call.mjs\n\nconst answer = await fetch(\"{url}\", {{\n  headers: {{ Authorization: `Bearer ${{process.env.API_KEY}}` }},\n}});\nconsole.log(answer.status, await answer.text());"
        );
        let python = format!(
            "# API_KEY={key} python3 call.py\n\nimport os, urllib.request\n\nrequest = urllib.request.Request(\"{url}\", headers={{\"Authorization\": \"Bearer \" + os.environ[\"API_KEY\"]}})\nwith urllib.request.urlopen(request) as answer:\n    print(answer.status, answer.read().decode())"
        );
        let rust = format!(
            "// API_KEY={key} cargo run\n// Cargo.toml: reqwest = {{ version = \"0.12\", features = [\"blocking\"] }}\n\nfn main() -> Result<(), Box<dyn std::error::Error>> {{\n    let key = std::env::var(\"API_KEY\")?;\n    let answer = reqwest::blocking::Client::new().get(\"{url}\").bearer_auth(key).send()?;\n    println!(\"{{}} {{}}\", answer.status(), answer.text()?);\n    Ok(())\n}}"
        );
        vec![
            Sample { language: "curl", code: format!("curl -i {url} \\\n  -H \"Authorization: Bearer {key}\"") },
            Sample { language: "Node.js", code: node },
            Sample { language: "Python", code: python },
            Sample { language: "Rust", code: rust },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_where_the_catalogue_says_and_says_when_it_cannot_know() {
        let text = "[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\npermissions = { \"tiles:read\" = \"Read\" }\nbase_paths = [\"/maps/v1\"]\n\
                    authorities = { production = [\"api.acme.example\"], sandbox = [\"127.0.0.1:8080\"] }\n";
        let (catalogue, _) = keywright_domain::catalogue::parse(&format!("brand = \"acme\"\n{text}")).unwrap();
        let curl = |environment| Target::of(catalogue.service("maps"), environment).samples(Kind::ApiKey, "acme_live_x")[0].code.clone();
        assert_eq!(curl(Environment::Production), "curl -i https://api.acme.example/maps/v1 \\\n  -H \"Authorization: Bearer acme_live_x\"");
        assert!(curl(Environment::Sandbox).contains("http://127.0.0.1:8080/maps/v1"));
        let unknown = Target::of(None, Environment::Production);
        assert!(!unknown.declared && unknown.samples(Kind::ApiKey, "k")[0].code.contains("https://api.example.com/"));
    }
}
