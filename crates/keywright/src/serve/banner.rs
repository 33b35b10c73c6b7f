//! What a server says when it has started.

use crate::cli::Role;
use crate::output::note;

use super::Running;
use super::demo::Example;

/// Address and what to do next.
pub(super) fn started(running: &Running) {
    let address = running.address;
    let does = match running.role {
        Role::All => "hub and verifier",
        Role::Hub => "hub",
        Role::Verifier => "verifier",
    };
    let people = running.public_url.as_deref().map(|url| format!(", for people {url}")).unwrap_or_default();
    note(&format!("Keywright ({does}) listens on http://{address}{people}; its store is {}.", running.store_at));
    if let Some(url) = &running.share_url {
        note(&format!("Uploaded images come from {url}, where no cookie is read or set."));
    }
    if running.role != Role::Verifier {
        note(&format!("The hub is at {}.", running.operations.base_url()));
        note("Next, there or in another terminal: make an organisation, an application, a key and a resource server:");
        note("  keywright org create \"Acme\" --owner ann@example.com");
        note("The README goes on from there; `keywright serve --demo` has it all made. Stop with Ctrl-C.");
    }
}

/// Lines to paste, with real keys in them.
pub(super) fn demo(running: &Running, example: &Example) {
    let url = format!("http://{}", running.address);
    let ask = |what: &str, credential: &str, rest: &str| {
        format!(
            "# {what}\ncurl -s {url}/verify -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' -d '{{\"credential\": \"{credential}\"{rest}}}'\n",
            example.token
        )
    };
    let text = [
        format!("Keywright runs with a throw-away store on {url}. Everything in it is gone when you stop it (Ctrl-C).\n"),
        format!("# The hub, as an admin of the example organisation and an operator (15 minutes, once)\n{}\n", example.link),
        format!(
            "organisation {}, application {}, keys {} (production) and {} (sandbox)\n",
            example.organisation, example.application, example.production_id, example.sandbox_id
        ),
        ask("A key that is valid", &example.production, ""),
        ask("The same, asked for a permission that it does not hold", &example.production, ", \"permissions\": [\"webhooks:write\"]"),
        ask("A sandbox key where production is asked for", &example.sandbox, ", \"environment\": \"production\""),
        ask("A typo is told without a look-up", &example.typo(), ""),
        format!(
            "# As a gateway asks: headers for the upstream, 401 or 403 for the caller\ncurl -si '{url}/verify/forward?service=business-api' -H 'Keywright-Token: {}' -H 'Authorization: Bearer {}'\n",
            example.token, example.production
        ),
        format!("# End the key, with proof, and ask again\nkeywright key revoke {} --wait all --data {}\n", example.production_id, running.store_at),
        ask("Now it is revoked", &example.production, ""),
    ];
    crate::output::say(&text.join("\n"));
}
