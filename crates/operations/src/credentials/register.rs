//! Clients that register themselves (RFC 7591), and look after their registration (RFC 7592).

use keywright_crypto::digest;
use keywright_crypto::public_key::PublicKey;
use keywright_crypto::random;
use keywright_crypto::secret::ShownOnce;
use keywright_domain::caller::Caller;
use keywright_domain::credential::secret_form::Class;
use keywright_domain::credential::{Credential, Kind, Material};
use keywright_domain::ids::RegistrationTokenId;
use keywright_domain::registration::ClientAuthentication;
use keywright_domain::time::Timestamp;
use keywright_store::Tx;
use keywright_store::registrations::{RegisteredClient, RegistrationToken};

use super::change::{Changes, OfItself};
use super::create::{Created, NewCredential};
use crate::access::allowed_gate;
use crate::form::Form;
use crate::{Error, Operations, Rule};

/// What a client says of itself (RFC 7591 section 2).
#[derive(Debug, Clone, Default)]
pub struct ClientMetadata {
    /// `client_name`
    pub name: Option<String>,
    /// The scopes of `scope`.
    pub scope: Option<Vec<String>>,
    /// `token_endpoint_auth_method`
    pub authentication: Option<ClientAuthentication>,
    /// The one key of `jwks`.
    pub key: Option<PublicKey>,
    /// `client_secret`, which a change may repeat.
    pub secret: Option<[u8; 32]>,
}

/// A client that registered itself.
pub struct Registered {
    /// The credential, with its secret where it has one.
    pub created: Created,
    /// By it the client changes itself.
    pub access_token: ShownOnce,
    /// How it proves itself.
    pub authentication: ClientAuthentication,
}

/// What is told of a registered client.
#[derive(Debug, Clone)]
pub struct ClientShown {
    /// The credential.
    pub credential: Credential,
    /// How it proves itself.
    pub authentication: ClientAuthentication,
    /// Its key, where it has one.
    pub key: Option<PublicKey>,
}

/// What is put down of a registration beside its credential.
#[derive(Debug, Clone)]
pub(super) struct Registering {
    by: RegistrationTokenId,
    digest: [u8; 32],
    authentication: ClientAuthentication,
    /// Its own key. Whether the client holds the private half shows when it first asks for a token: an assertion names its client.
    pub(super) key: Option<PublicKey>,
}

impl Registering {
    /// In the transaction that makes the credential, so that a token never registers more clients than it may.
    pub(super) async fn put_down(&self, tx: &mut Tx<'_>, c: &Credential, now: Timestamp) -> Result<(), Error> {
        let application = tx.application_for_update(c.organisation, c.application).await?.ok_or_else(|| Error::not_found("application", c.application))?;
        if !application.state.works_in(c.environment) {
            return Err(Rule::ApplicationState { state: application.state, wanted: "given clients for this environment: it has to be activated first" }.into());
        }
        if !tx.registration_token_use(self.by, now).await? {
            return Err(ended());
        }
        tx.registered_client_insert(c.id, self.by, &self.digest, self.authentication).await?;
        Ok(())
    }
}

fn ended() -> Error {
    Error::not_found("registration token", "of the call")
}

fn other_key(form: &mut Form) {
    form.bad("token_endpoint_auth_method", "a client stays with its secret or with its key: register another one instead");
}

/// What the credential is called that says nothing.
const NAMELESS: &str = "Registered client";

impl Operations {
    /// The initial access token with this text, if it still registers clients.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn registrar(&self, token: &[u8]) -> Result<Option<RegistrationToken>, Error> {
        let found = self.gate(&allowed_gate()?)?.registration_token_of(&digest::sha256(token)).await?;
        Ok(found.filter(|token| token.accepts(self.now())))
    }

    /// The client with this registration access token.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn registered_client(&self, token: &[u8]) -> Result<Option<RegisteredClient>, Error> {
        Ok(self.gate(&allowed_gate()?)?.registered_client_of(&digest::sha256(token), self.now()).await?)
    }

    /// Registers a client: makes a credential for what the token is for, and uses the token once.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the token has ended, [`Error::Right`] where who made it may no longer do this; [`Error::Invalid`] with every bad
    /// field, and what else [`Operations::credential_create`] says; [`Rule::ApplicationState`]
    pub async fn client_register(&self, by: &RegistrationToken, metadata: ClientMetadata) -> Result<Registered, Error> {
        let authentication = metadata.authentication.unwrap_or(ClientAuthentication::Basic);
        let mut form = Form::default();
        match (authentication.takes_key(), &metadata.key) {
            (true, None) => form.bad("jwks", "is missing: private_key_jwt takes a set with one public key"),
            (false, Some(_)) => form.bad("jwks", "goes with the token_endpoint_auth_method private_key_jwt"),
            (true, Some(_)) | (false, None) => {}
        }
        form.done()?;
        let (catalogue, _) = self.catalogue_again().await?;
        let access_token = random::secret(catalogue.brand(), Class::RegistrationAccess)?;
        let registering = Registering { by: by.id, digest: access_token.digest(), authentication, key: metadata.key };
        let new = NewCredential {
            service: by.service.clone(),
            kind: Some(Kind::REGISTERED.as_str().to_owned()),
            environment: by.environment.as_str().to_owned(),
            name: metadata.name.unwrap_or_else(|| NAMELESS.to_owned()),
            permissions: metadata.scope,
            ..NewCredential::default()
        };
        let created = self.credential_create_for(&Caller::Registrar(by.registrar()), by.application, new, Some(registering)).await;
        // A client can neither rotate nor revoke what others hold.
        let created = created.map_err(|error| match error {
            Error::Rule(Rule::CredentialLimit { max, service, environment }) => Rule::ClientLimit { max, service, environment }.into(),
            other => other,
        })?;
        Ok(Registered { created, access_token: access_token.show_once(), authentication })
    }

    /// What is put down of a registered client.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn client_show(&self, client: &RegisteredClient) -> Result<ClientShown, Error> {
        let shown = self.credential_show(&Caller::Client(client.client), client.client.credential).await?;
        let key = shown.credential.versions.iter().rev().find_map(|version| match &version.material {
            Material::PublicKey(stored) if version.accepts(shown.now) => PublicKey::from_stored(stored).ok(),
            _ => None,
        });
        Ok(ClientShown { credential: shown.credential, authentication: client.authentication, key })
    }

    /// Changes a registered client by its own word: its name, how it sends its secret, fewer scopes, and its key. What is left out stays. It gives
    /// itself no scope that it does not hold, and no other secret. Another key is a rotation, by what the service says of the old one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] with the bad fields, [`Rule::Ended`], [`Rule::Rotate`], [`Rule::KeyTaken`], [`Error::Store`]
    pub async fn client_change(&self, client: &RegisteredClient, metadata: ClientMetadata) -> Result<ClientShown, Error> {
        let (caller, id) = (Caller::Client(client.client), client.client.credential);
        let before = self.client_show(client).await?;
        let authentication = metadata.authentication.unwrap_or(client.authentication);
        let mut form = Form::default();
        if authentication.takes_key() != client.authentication.takes_key() {
            other_key(&mut form);
        }
        if metadata.key.is_some() && !client.authentication.takes_key() {
            form.bad("jwks", "goes with the token_endpoint_auth_method private_key_jwt, and this client has a secret");
        }
        let now = self.now();
        let is_its = |given: &[u8; 32]| before.credential.versions.iter().any(|v| v.accepts(now) && digest::equal(&v.digest, given));
        if metadata.secret.is_some_and(|given| !is_its(&given)) {
            form.bad("client_secret", "is not the secret of this client");
        }
        form.done()?;
        let changes = Changes { name: metadata.name, permissions: metadata.scope, ..Changes::default() };
        let own = OfItself {
            authentication: Some(authentication).filter(|authentication| *authentication != client.authentication),
            key: metadata.key.filter(|key| Some(key) != before.key.as_ref()),
        };
        self.credential_change_with(&caller, id, changes, own).await?;
        self.client_show(&RegisteredClient { authentication, ..*client }).await
    }

    /// Ends a registered client by its own word (RFC 7592 section 2.3).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn client_end(&self, client: &RegisteredClient) -> Result<(), Error> {
        self.credential_revoke(&Caller::Client(client.client), client.client.credential).await.map(drop)
    }
}
