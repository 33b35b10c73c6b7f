//! `serve --demo`: a throw-away store with an example of everything.

use std::path::PathBuf;

use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::NewCredential;

use super::Running;
use crate::cli::Serve;
use crate::commands::machine;
use crate::failure::Failure;
use crate::settings::Settings;

/// Who owns the example organisation, and operates the installation.
const OWNER: &str = "ann@example.com";

/// A store in a temporary directory, which goes with this value.
pub(super) struct Demo {
    settings: Settings,
}

/// What the store was filled with.
pub(super) struct Example {
    pub(super) organisation: String,
    pub(super) application: String,
    pub(super) production: String,
    pub(super) production_id: String,
    pub(super) sandbox: String,
    pub(super) sandbox_id: String,
    pub(super) token: String,
    /// The address that signs in as the organisation's owner, who is an operator too.
    pub(super) link: String,
}

impl Demo {
    pub(super) fn new(settings: &Settings, given: &Serve) -> Result<Self, Failure> {
        if settings.database_url.is_some() || given.role.is_some_and(|r| r != crate::cli::Role::All) {
            return Err(Failure::usage("--demo makes a store of its own: leave out --database-url and --role"));
        }
        let name = format!("keywright-demo-{}", hex::encode(keywright_crypto::random::bytes::<6>()?));
        let data: PathBuf = std::env::temp_dir().join(name);
        Ok(Self { settings: settings.throw_away(data) })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let mut place = self.settings.data.as_os_str().to_owned();
        place.push(".place");
        // What cannot be removed stays in the system's directory for such files, which is emptied by the system.
        let _ = std::fs::remove_dir_all(&self.settings.data);
        let _ = std::fs::remove_file(place);
    }
}

/// Makes an organisation, an application, two keys, a resource server and an operator.
pub(super) async fn fill(running: &Running) -> Result<Example, Failure> {
    let (operations, caller) = (&running.operations, machine());
    let organisation = operations.organisation_create(&caller, "Example Ltd", OWNER).await?.id;
    let new = NewApplication {
        name: "Example back end".into(),
        services: vec!["business-api".into()],
        domain: Some("app.example.com".into()),
        ..NewApplication::default()
    };
    let application = operations.application_create(&caller, organisation, new).await?.id;
    operations.application_activate(&caller, application).await?;
    let key = |environment: &str| NewCredential {
        service: "business-api".into(),
        environment: environment.into(),
        name: format!("Example {environment}"),
        permissions: Some(vec!["transactions:read".into(), "payouts:write".into()]),
        rate_limit: Some("100/1s".into()),
        ..NewCredential::default()
    };
    let production = operations.credential_create(&caller, application, key("production")).await?;
    let sandbox = operations.credential_create(&caller, application, key("sandbox")).await?;
    let both = ["production".to_owned(), "sandbox".to_owned()];
    let server = operations.resource_server_create(&caller, "Example gateway", &["business-api".to_owned()], &both).await?;
    operations.operator_add(&caller, OWNER).await?;
    let link = operations.sign_in_link(&caller, OWNER).await?;
    Ok(Example {
        organisation: organisation.to_string(),
        application: application.to_string(),
        production: production.handed.secret().to_owned(),
        production_id: production.id.to_string(),
        sandbox: sandbox.handed.secret().to_owned(),
        sandbox_id: sandbox.id.to_string(),
        token: server.token.reveal().to_owned(),
        link: link.link.reveal().to_owned(),
    })
}

impl Example {
    /// The production key with its last character changed.
    pub(super) fn typo(&self) -> String {
        let last = if self.production.ends_with('x') { 'y' } else { 'x' };
        format!("{}{last}", &self.production[..self.production.len() - 1])
    }
}
