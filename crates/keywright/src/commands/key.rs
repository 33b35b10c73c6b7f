//! `keywright key`

use std::path::PathBuf;

use keywright_domain::limits::PAGE_ROWS_MAX;
use keywright_domain::promise::Effect;
use keywright_operations::credentials::{Challenge, Changes, Found, Handed, KeySource, Listing, NewCredential, NewSecret, Rotation, Set, Shown};
use keywright_web::api::shapes::CredentialShape;
use serde_json::json;

use super::{Context, before, id, names, read_file, secret_from_stdin};
use crate::cli::{Key, KeyChange, KeySourceFlags, Secret};
use crate::failure::Failure;
use crate::output::{Output, more, pairs, table};
use crate::settings::Settings;

/// Said beside every secret, as the seeds say it.
const SHOWN_ONCE: &str =
    "This is the only time that it is shown. Keep it in a secrets manager or an environment variable, never in source control or a front end.";

/// Bytes of a file with a key or a certificate request.
const KEY_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a text in which a leaked key is looked for.
const LEAK_BYTES_MAX: usize = 1024 * 1024;

pub(super) async fn run(settings: &Settings, command: Key) -> Result<Output, Failure> {
    // Only the proof needs the installation's keys.
    let context = match &command {
        Key::Revoke { wait: Some(_), .. } => Context::open_with_keys(settings).await?,
        // Secrets that sign are sealed under them, and so are challenges.
        Key::Create { .. } | Key::Rotate { .. } | Key::Challenge { .. } | Key::Secret(Secret::Add { .. }) => Context::open_with_keys_if_there(settings).await?,
        _ => Context::open(settings).await?,
    };
    let Context { caller, operations } = &context;
    match command {
        Key::Create { application, service, kind, environment, name, permissions, expires_at, network, origin, rate_limit, token_form, key } => {
            let key = source(*key)?;
            let permissions = permissions.as_deref().map(names);
            let (networks, origins) = (network, origin);
            let new = NewCredential { service, kind, environment, name, permissions, expires_at, networks, origins, rate_limit, token_form, reason: None, key };
            let made = operations.credential_create(caller, id(&application)?, new).await?;
            let mut json = json!({ "id": made.id.to_string(), "version": made.version });
            let mut lines = vec![("credential", made.id.to_string())];
            hand_over(&made.handed, &mut json, &mut lines);
            Ok(handed_over(json, &lines, &made.handed))
        }
        Key::Challenge { application } => {
            let given = operations.key_challenge(caller, id(&application)?).await?;
            let signing = given.signing_lines();
            let Challenge { challenge, text, expires_at } = given;
            let json = json!({ "challenge": challenge, "text": text, "expires_at": expires_at.to_string() });
            let mut lines = vec![("challenge", challenge), ("expires", expires_at.to_string())];
            lines.extend(signing);
            Ok(Output::new(json, pairs(&lines)))
        }
        Key::List { application, page } => {
            let listed = operations
                .credential_list(caller, id(&application)?, Listing { environment: None, before: before(&page)?, limit: PAGE_ROWS_MAX as u32 })
                .await?;
            let shapes: Vec<CredentialShape> = listed.iter().map(Into::into).collect();
            let rows: Vec<Vec<String>> = listed.iter().map(row).collect();
            Ok(Output::new(
                json!(shapes),
                table(&["id", "name", "key", "environment", "state", "version", "last used", "expires"], &rows)
                    + &more(listed.len(), listed.last().map(|s| s.credential.id.to_string())),
            ))
        }
        Key::Show { key } => Ok(shown(&operations.credential_show(caller, id(&key)?).await?)),
        Key::Change(change) => {
            let key = id(&change.key)?;
            if change.is_empty() {
                return Err(Failure::usage(
                    "nothing to change: give at least one of --name, --permissions, --expires-at, --network, --origin, --rate-limit, --token-form or their --no-… forms",
                ));
            }
            Ok(shown(&operations.credential_change(caller, key, changes(*change)).await?))
        }
        Key::Suspend { key } => Ok(shown(&operations.credential_suspend(caller, id(&key)?).await?)),
        Key::Resume { key } => Ok(shown(&operations.credential_resume(caller, id(&key)?).await?)),
        Key::Rotate { key, policy, overlap, replace, source: flags } => {
            let rotation = Rotation { policy, overlap, replace, key: source(*flags)? };
            let made = operations.credential_rotate(caller, id(&key)?, rotation).await?;
            let until = made.previous_until.map(|u| u.to_string());
            let mut lines = vec![("credential", made.id.to_string()), ("version", made.version.to_string())];
            let mut json = json!({ "id": made.id.to_string(), "version": made.version, "previous_until": until });
            hand_over(&made.handed, &mut json, &mut lines);
            lines.push(("previous until", until.unwrap_or_default()));
            Ok(handed_over(json, &lines, &made.handed))
        }
        Key::Secret(Secret::Add { key, description, expires_at }) => {
            let added = operations.secret_add(caller, id(&key)?, NewSecret { description, expires_at }).await?;
            let mut lines = vec![("credential", added.id.to_string()), ("version", added.version.to_string())];
            let mut json = json!({ "id": added.id.to_string(), "version": added.version });
            hand_over(&added.handed, &mut json, &mut lines);
            Ok(Output::new(json, pairs(&lines)))
        }
        Key::Secret(Secret::Revoke { key, version }) => {
            let ended = operations.secret_revoke(caller, id(&key)?, version).await?;
            let json = json!({ "id": key, "version": version, "position": ended.place.position.0, "repeated": ended.repeated });
            let text = if ended.repeated {
                format!("version {version} of {key} had ended before")
            } else {
                format!("version {version} of {key} is revoked, and its access tokens with it")
            };
            Ok(Output::new(json, text))
        }
        Key::Revoke { key, wait } => revoke(&context, &key, wait.is_some()).await,
        Key::Find => find(&context).await,
    }
}

/// Adds what the holder of a new version gets.
fn hand_over(handed: &Handed, json: &mut serde_json::Value, lines: &mut Vec<(&'static str, String)>) {
    for (name, value) in handed.fields() {
        json[name] = json!(value);
        lines.push((name, value.to_owned()));
    }
}

/// The answer with them; that a secret is shown once is said where there is one.
fn handed_over(json: serde_json::Value, lines: &[(&'static str, String)], handed: &Handed) -> Output {
    let text = pairs(lines);
    Output::new(json, if handed.has_secret() { format!("{text}\n{SHOWN_ONCE}") } else { text })
}

/// Where the key of a key pair comes from; files are read.
fn source(flags: KeySourceFlags) -> Result<KeySource, Failure> {
    let KeySourceFlags { key_type, pem, public_key, challenge, proof, csr } = flags;
    let read = |path: Option<PathBuf>| path.map(|path| read_file(&path, KEY_BYTES_MAX)).transpose();
    Ok(KeySource { key_type, pem, public_key: read(public_key)?, challenge, proof, csr: read(csr)? })
}

async fn revoke(context: &Context, key: &str, wait: bool) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    let revoked = operations.credential_revoke(caller, id(key)?).await?;
    let mut json = json!({ "id": key, "position": revoked.place.position.0 });
    let mut text = if revoked.repeated {
        format!("{key} is revoked since {}", revoked.committed_at)
    } else {
        format!("{key} is revoked, at position {}", revoked.place.position)
    };
    if wait {
        let effective = operations.revocation_effective(&revoked).await?;
        json["effective_at"] = json!(effective.effective_at.to_string());
        json["verifiers"] = effective.verifiers.iter().map(|v| v.to_json()).collect();
        json["proof"] = json!(effective.proof);
        let applied = effective.verifiers.iter().filter(|v| matches!(v.effect, Effect::Applied { .. })).count();
        text.push_str(&format!("\nin effect at {}: applied by {applied} of {} verifiers", effective.effective_at, effective.verifiers.len()));
        for silent in effective.verifiers.iter().filter(|v| v.effect == Effect::LeaseExpired) {
            text.push_str(&format!("\n{} was silent: its lease is over, so it answers nothing until it has caught up", silent.node));
        }
        text.push_str(&format!("\nproof: {}", effective.proof));
    }
    Ok(Output::new(json, text))
}

async fn find(context: &Context) -> Result<Output, Failure> {
    let found = context.operations.credential_find(&context.caller, &secret_from_stdin("credential", LEAK_BYTES_MAX)?).await?;
    let (state, accepted, can_return) = (found.version_state(), found.is_accepted(), found.can_return());
    let Found { owner, shown } = found;
    let credential = &shown.credential;
    let standing = credential.standing(shown.now);
    let text = pairs(&[
        ("credential", format!("{} ({}), {standing}", owner.credential, credential.name)),
        ("this text", if state.is_none() { "is no secret: it names the credential openly".to_owned() } else { String::new() }),
        (
            "this secret",
            state.map_or_else(String::new, |state| {
                format!(
                    "version {}, {state}: {}",
                    owner.version,
                    if accepted {
                        "it is accepted"
                    } else if can_return {
                        "it is not accepted while the credential is suspended"
                    } else {
                        "it is not accepted any more"
                    }
                )
            }),
        ),
        ("application", format!("{} ({})", owner.application, owner.application_name)),
        ("organisation", format!("{} ({})", owner.organisation, owner.organisation_name)),
        ("last used", shown.last_used().map(|t| t.to_string()).unwrap_or_else(|| "never".into())),
        ("to end it", if accepted || can_return { format!("keywright key revoke {} --wait all", owner.credential) } else { String::new() }),
    ]);
    let mut json = json!(CredentialShape::from(&shown));
    json["version"] = json!(state.map(|_| owner.version));
    json["version_state"] = json!(state);
    json["accepted"] = json!(accepted);
    json["application_name"] = json!(owner.application_name);
    json["organisation_name"] = json!(owner.organisation_name);
    Ok(Output::new(json, text))
}

fn row(shown: &Shown) -> Vec<String> {
    let c = &shown.credential;
    vec![
        c.id.to_string(),
        c.name.clone(),
        shown.masked.clone(),
        c.environment.to_string(),
        c.standing(shown.now).to_string(),
        c.newest().to_string(),
        shown.last_used().map_or_else(|| "never".into(), |t| t.to_string()),
        c.expires_at.map_or_else(|| "never".into(), |t| t.to_string()),
    ]
}

fn shown(shown: &Shown) -> Output {
    let c = &shown.credential;
    let r = &c.restrictions;
    let mut text = pairs(&[
        ("credential", c.id.to_string()),
        ("name", c.name.clone()),
        ("key", shown.masked.clone()),
        ("application", c.application.to_string()),
        ("organisation", c.organisation.to_string()),
        ("service", format!("{} in {}", c.service, c.environment)),
        ("state", c.standing(shown.now).to_string()),
        ("permissions", if c.permissions.names().is_empty() { "none".into() } else { c.permissions.names().join(", ") }),
        ("networks", r.networks.to_text()),
        ("origins", r.origins.to_text()),
        ("rate limit", r.rate_limit.map(|l| l.to_string()).unwrap_or_default()),
        ("expires", c.expires_at.map_or_else(|| "never".into(), |t| t.to_string())),
        ("last used", shown.last_used().map_or_else(|| "never".into(), |t| t.to_string())),
    ]);
    for version in &c.versions {
        let state = c.version_state(version, shown.now);
        let time = state.time().map(|t| format!(" {} {t}", if state.as_str() == "retired" { "since" } else { "until" })).unwrap_or_default();
        text.push_str(&format!("\nversion {}  {} {}{time}", version.number, version.hint, state.as_str()));
        for used in shown.usage.iter().filter(|u| u.version == version.number) {
            let from = used.source.map(|s| format!(" from {s}")).unwrap_or_default();
            text.push_str(&format!("\n  {} × {}, last {}{from}", used.count, used.code.as_str(), used.last));
        }
    }
    Output::new(json!(CredentialShape::from(shown)), text)
}

fn changes(change: KeyChange) -> Changes {
    fn set<T>(clear: bool, to: Option<T>) -> Set<T> {
        match (clear, to) {
            (true, _) => Set::Clear,
            (false, Some(to)) => Set::To(to),
            (false, None) => Set::Keep,
        }
    }
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Changes {
        name: change.name,
        permissions: change.permissions.as_deref().map(names),
        expires_at: set(change.no_expiry, change.expires_at),
        networks: set(change.no_network, some(change.network)),
        origins: set(change.no_origin, some(change.origin)),
        rate_limit: set(change.no_rate_limit, change.rate_limit),
        token_form: set(change.no_token_form, change.token_form),
    }
}
