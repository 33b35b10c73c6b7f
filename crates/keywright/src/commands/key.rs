//! `keywright key`

use std::path::PathBuf;

use keywright_domain::limits::{self, PAGE_ROWS_MAX};
use keywright_domain::promise::Effect;
use keywright_operations::credentials::{Challenge, Changes, Found, Handed, KeySource, Listing, NewCredential, NewSecret, Rotation, Set, Shown};
use keywright_web::api::shapes::{CredentialShape, FoundTokenShape};
use serde_json::json;

use super::{Context, before, id, names, read_file, secret_from_stdin};
use crate::cli::{Key, KeyChange, KeySourceFlags, Secret};
use crate::failure::Failure;
use crate::new_file::NewFile;
use crate::output::{Output, more, pairs, table};
use crate::settings::Settings;

/// Said beside every secret, as the seeds say it.
const SHOWN_ONCE: &str =
    "This is the only time that it is shown. Keep it in a secrets manager or an environment variable, never in source control or a front end.";

pub(super) async fn run(settings: &Settings, command: Key) -> Result<Output, Failure> {
    // Only the proof needs the installation's keys.
    let context = match &command {
        Key::Revoke { wait: Some(_), .. } => Context::open_with_keys(settings).await?,
        // Secrets that sign are sealed under them, and so are challenges.
        // And so are access tokens that are no JWTs.
        Key::Create { .. } | Key::Rotate { .. } | Key::Challenge { .. } | Key::Secret(Secret::Add { .. }) | Key::Find { .. } => {
            Context::open_with_keys_if_there(settings).await?
        }
        _ => Context::open(settings).await?,
    };
    let Context { caller, operations } = &context;
    match command {
        Key::Create { application, service, kind, environment, name, permissions, expires_at, network, origin, rate_limit, token_form, key } => {
            let out = key.out.clone().map(NewFile::open).transpose()?;
            let key = source(*key)?;
            let permissions = permissions.as_deref().map(names);
            let (networks, origins) = (network, origin);
            let new = NewCredential { service, kind, environment, name, permissions, expires_at, networks, origins, rate_limit, token_form, reason: None, key };
            let made = operations.credential_create(caller, id(&application)?, new).await?;
            let mut json = json!({ "id": made.id.to_string(), "version": made.version, "works": made.why_not.is_none() });
            let mut lines = vec![("credential", made.id.to_string())];
            let secret = hand_over(&made.handed, out, &mut json, &mut lines);
            let beside = made.why_not.map(|why| format!("note: it does not work yet: {why}; keywright app activate {application}"));
            Ok(handed_over(json, &lines, secret).beside(beside))
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
                table(&["id", "name", "public half", "key", "environment", "state", "version", "last used", "expires"], &rows)
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
            let out = flags.out.clone().map(NewFile::open).transpose()?;
            let rotation = Rotation { policy, overlap, replace, key: source(*flags)? };
            let made = operations.credential_rotate(caller, id(&key)?, rotation).await?;
            let until = made.previous_until.map(|u| u.to_string());
            let mut lines = vec![("credential", made.id.to_string()), ("version", made.version.to_string())];
            let mut json = json!({ "id": made.id.to_string(), "version": made.version, "previous_until": until });
            lines.push(("previous until", until.unwrap_or_default()));
            let secret = hand_over(&made.handed, out, &mut json, &mut lines);
            Ok(handed_over(json, &lines, secret))
        }
        Key::Secret(Secret::Add { key, description, expires_at, out }) => {
            let out = out.map(NewFile::open).transpose()?;
            let added = operations.secret_add(caller, id(&key)?, NewSecret { description, expires_at }).await?;
            let mut lines = vec![("credential", added.id.to_string()), ("version", added.version.to_string())];
            let mut json = json!({ "id": added.id.to_string(), "version": added.version });
            let secret = hand_over(&added.handed, out, &mut json, &mut lines);
            Ok(handed_over(json, &lines, secret))
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
        Key::Find { end_token } => find(&context, end_token).await,
    }
}

/// What is said of a secret below the lines.
enum Told {
    /// There is none.
    Nothing,
    /// It stands in the lines.
    Once,
    /// A PEM block, on lines of its own, so that what is redirected into a file can be read as one.
    Pem(String),
    /// It is in a file.
    InFile,
}

/// Adds what the holder of a new version gets. Where a file cannot be written after all, the secret is printed: it is shown this once.
fn hand_over(handed: &Handed, out: Option<NewFile>, json: &mut serde_json::Value, lines: &mut Vec<(&'static str, String)>) -> Told {
    let secret_field = handed.secret_field();
    for (name, value) in handed.fields().into_iter().filter(|(name, _)| *name != secret_field) {
        json[name] = json!(value);
        lines.push((name, value.to_owned()));
    }
    if !handed.has_secret() {
        return Told::Nothing;
    }
    let is_pem = handed.is_pem();
    if let Some(file) = out {
        match file.write(handed.secret()) {
            Ok(path) => {
                let name = if is_pem { "private_key_file" } else { "secret_file" };
                json[name] = json!(path);
                lines.push((name, path.display().to_string()));
                return Told::InFile;
            }
            Err(why) => crate::output::note(&format!("{why}; so it is printed")),
        }
    }
    json[secret_field] = json!(handed.secret());
    if is_pem {
        return Told::Pem(handed.secret().trim_end().to_owned());
    }
    lines.push((secret_field, handed.secret().to_owned()));
    Told::Once
}

/// The answer with them; that a secret is shown once is said where there is one.
fn handed_over(json: serde_json::Value, lines: &[(&'static str, String)], told: Told) -> Output {
    let text = pairs(lines);
    let text = match told {
        Told::Nothing | Told::InFile => text,
        Told::Once => format!("{text}\n{SHOWN_ONCE}"),
        Told::Pem(pem) => format!("{text}\n{pem}\n{SHOWN_ONCE}"),
    };
    Output::new(json, text)
}

/// Where the key of a key pair comes from; files are read.
fn source(flags: KeySourceFlags) -> Result<KeySource, Failure> {
    let KeySourceFlags { key_type, pem, public_key, challenge, proof, csr, out: _ } = flags;
    let read = |path: Option<PathBuf>| path.map(|path| read_file(&path, limits::KEY_FILE_BYTES_MAX)).transpose();
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

async fn find(context: &Context, end_token: bool) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    let mut found = operations.credential_find(caller, &secret_from_stdin("credential", limits::LEAK_BYTES_MAX)?).await?;
    if end_token {
        let token = found.token.as_mut().ok_or_else(|| Failure::usage("--end-token: what was found is no access token; end a credential with key revoke"))?;
        operations.credential_token_end(caller, found.owner.credential, token.id, token.expires_at).await?;
        token.revoked = true;
    }
    let (state, accepted, can_return) = (found.version_state(), found.is_accepted(), found.can_return());
    let Found { owner, shown, token } = found;
    let credential = &shown.credential;
    let standing = credential.standing(shown.now);
    let works = match (accepted, can_return) {
        (true, _) => "it is accepted",
        (false, true) => "it is not accepted while the credential is suspended",
        (false, false) => "it is not accepted any more",
    };
    let of_token = token.as_ref().map(|token| {
        let ended = if token.revoked { ", revoked" } else { "" };
        format!("{} access token {}, of version {}, expires {}{ended}: {works}", token.form.as_str(), token.id, owner.version, token.expires_at)
    });
    let of_secret = state.filter(|_| token.is_none()).map(|state| format!("version {}, {state}: {works}", owner.version));
    let end = format!("keywright key revoke {} --wait all", owner.credential);
    let to_end = match &token {
        _ if !accepted && !can_return => String::new(),
        Some(_) => format!("keywright key find --end-token (this token alone), or {end} (the credential, and all its tokens)"),
        None => end,
    };
    let text = pairs(&[
        ("credential", format!("{} ({}), {standing}", owner.credential, credential.name)),
        ("this text", if state.is_none() { "is no secret: it names the credential openly".to_owned() } else { String::new() }),
        ("this token", of_token.unwrap_or_default()),
        ("this secret", of_secret.unwrap_or_default()),
        ("application", format!("{} ({})", owner.application, owner.application_name)),
        ("organisation", format!("{} ({})", owner.organisation, owner.organisation_name)),
        ("last used", shown.last_used().map(|t| t.to_string()).unwrap_or_else(|| "never".into())),
        ("to end it", to_end),
    ]);
    let mut json = json!(CredentialShape::from(&shown));
    json["version"] = json!(state.map(|_| owner.version));
    json["version_state"] = json!(state);
    json["accepted"] = json!(accepted);
    json["token"] = json!(token.as_ref().map(FoundTokenShape::from));
    json["application_name"] = json!(owner.application_name);
    json["organisation_name"] = json!(owner.organisation_name);
    Ok(Output::new(json, text))
}

fn row(shown: &Shown) -> Vec<String> {
    let c = &shown.credential;
    vec![
        c.id.to_string(),
        c.name.clone(),
        c.public_id.clone().unwrap_or_default(),
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
        (c.kind.public_half_called().unwrap_or("public half"), c.public_id.clone().unwrap_or_default()),
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
        text.extend(version.expires_at.map(|at| format!(", expires {at}")));
        text.extend(version.description.as_ref().map(|description| format!("  {description}")));
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
