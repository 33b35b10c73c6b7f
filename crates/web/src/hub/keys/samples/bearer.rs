//! Code that sends a key as it is.

use super::filled::quotable;
use crate::hub::parts::Sample;

/// A line for a shell, which waits until the token is pasted. curl gets it on its standard input: its arguments can be seen by whoever is signed in on
/// the machine.
pub(super) fn with_token(url: &str) -> Sample {
    let code = format!("read -rs ACCESS_TOKEN &&\n  curl --include --globoff --header @- '{}' <<< \"Authorization: Bearer $ACCESS_TOKEN\"", quotable(url));
    Sample { language: "curl", code }
}

/// curl first: it works as pasted where the address is declared.
pub(super) fn samples(url: &str, key: &str) -> Vec<Sample> {
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
