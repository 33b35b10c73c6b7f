//! Small things that most stories need first.

use serde_json::Value;

use super::Place;

/// An application with the Business API.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) organisation: String,
    pub(crate) id: String,
}

/// A credential as it was shown once.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) key: String,
    /// Of a rotation: until when the previous version works.
    pub(crate) previous_until: Option<String>,
}

impl Key {
    #[track_caller]
    pub(crate) fn of(shown: &Value) -> Self {
        let text = |name: &str| shown[name].as_str().map(str::to_owned);
        Self { id: text("id").unwrap(), version: shown["version"].as_u64().unwrap(), key: text("key").unwrap(), previous_until: text("previous_until") }
    }
}

impl Place {
    /// The id of a new organisation.
    pub(crate) async fn organisation(&self) -> String {
        let made = self.done(&["org", "create", "Acme Ltd", "--owner", "ann@example.com"]).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// A new, inactive application of a new organisation.
    pub(crate) async fn inactive_application(&self) -> Application {
        let organisation = self.organisation().await;
        let made = self.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "business-api"]).await;
        Application { organisation, id: made["id"].as_str().unwrap().to_owned() }
    }

    /// A new, active application of a new organisation.
    pub(crate) async fn application(&self) -> Application {
        let application = self.inactive_application().await;
        self.done(&["app", "activate", &application.id]).await;
        application
    }

    /// A production key with every permission, and with these flags of `key create` besides.
    pub(crate) async fn key(&self, application: &Application, flags: &[&str]) -> Key {
        self.key_in(application, "production", flags).await
    }

    /// The same in this environment.
    pub(crate) async fn key_in(&self, application: &Application, environment: &str, flags: &[&str]) -> Key {
        let create = ["key", "create", "--application", &application.id, "--service", "business-api", "--environment", environment, "--name", "Back end"];
        Key::of(&self.done(&[&create, flags].concat()).await)
    }

    /// Rotates a key with these flags.
    pub(crate) async fn rotate(&self, key: &Key, flags: &[&str]) -> Key {
        Key::of(&self.done(&[&["key", "rotate", &key.id], flags].concat()).await)
    }
}
