//! OAuth clients for each form of access tokens, and tokens for them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use keywright::cli::{Common, Serve};
use keywright::serve::Running;
use keywright::settings::Settings;
use keywright_domain::credential::{Environment, TokenForm, TokenSigning};
use keywright_domain::ids::{ApplicationId, CredentialId};
use keywright_domain::time::Timestamp;
use keywright_operations::Operations;
use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::{Handed, NewCredential};
use keywright_operations::tokens::NewToken;

use crate::dataset::{machine, said};

/// How customers reach the installation: it stands in tokens, so it must be the same for whoever makes and whoever checks them.
pub(crate) const PUBLIC_URL: &str = "https://keys.example.com";
/// The name under which it answers: its pages and its OAuth 2 server give other hosts 421.
pub(crate) const HOST: &str = "keys.example.com";
/// The one scope.
pub(crate) const SCOPE: &str = "default";

/// A service whose tokens have this form.
const fn service(form: TokenForm, signing: TokenSigning) -> &'static str {
    match (form, signing) {
        (TokenForm::Opaque, _) => "opaque",
        (TokenForm::Jwt, TokenSigning::Es256) => "es256",
        (TokenForm::Jwt, TokenSigning::Rs256) => "rs256",
        (TokenForm::Jwt, TokenSigning::EdDsa) => "eddsa",
    }
}

/// The forms: JWTs by how they are signed, and opaque.
const FORMS: [(TokenForm, TokenSigning); 4] = [
    (TokenForm::Jwt, TokenSigning::Es256),
    (TokenForm::Jwt, TokenSigning::Rs256),
    (TokenForm::Jwt, TokenSigning::EdDsa),
    (TokenForm::Opaque, TokenSigning::Es256),
];

/// A client.
pub(crate) struct Client {
    /// Slug of its service.
    pub(crate) service: &'static str,
    /// How its tokens are signed; none: they are opaque.
    pub(crate) signing: Option<TokenSigning>,
    /// What names it openly.
    pub(crate) id: String,
    /// What proves it.
    pub(crate) secret: String,
    credential: CredentialId,
    form: TokenForm,
}

/// A store with these clients.
pub(crate) struct Clients {
    /// The token of its resource server.
    pub(crate) token: String,
    /// One for each form.
    pub(crate) clients: Vec<Client>,
}

impl Clients {
    /// The one of this service.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn of(&self, service: &str) -> Result<&Client> {
        self.clients.iter().find(|client| client.service == service).context("no client of this service")
    }
}

/// A server in this process on a new store with the clients.
///
/// # Errors
/// It does not start.
pub(crate) async fn make(data: &Path) -> Result<(Running, Clients)> {
    let settings = Settings::read(&Common { data: Some(data.to_owned()), ..Common::default() }).map_err(said)?;
    let serve = Serve { listen: Some("127.0.0.1:0".into()), public_url: Some(PUBLIC_URL.into()), ..Serve::default() };
    let running = keywright::serve::start(&settings, &serve).await.map_err(said)?;
    let operations = &running.operations;
    operations.catalogue_apply(&machine(), &catalogue()).await?;
    operations.signing_keys_keep().await?;
    let services: Vec<String> = FORMS.map(|(form, signing)| service(form, signing).to_owned()).to_vec();
    let (token, application) = owner(operations, services).await?;
    let mut clients = Vec::new();
    for (form, signing) in FORMS {
        let service = service(form, signing);
        let new = NewCredential { service: service.into(), environment: "production".into(), name: service.into(), ..NewCredential::default() };
        let made = operations.credential_create(&machine(), application, new).await?;
        let Handed::Client { client_id, client_secret: Some(client_secret) } = made.handed else { bail!("{service} takes another kind of credential") };
        let signing = (form == TokenForm::Jwt).then_some(signing);
        clients.push(Client { service, signing, id: client_id, secret: client_secret.reveal().to_owned(), credential: made.id, form });
    }
    Ok((running, Clients { token, clients }))
}

/// The token of a resource server for these services, and an active application with them.
///
/// # Errors
/// The store refuses.
pub(crate) async fn owner(operations: &Operations, services: Vec<String>) -> Result<(String, ApplicationId)> {
    let made = operations.resource_server_create(&machine(), "Benchmark", &services, &["production".to_owned()]).await?;
    let organisation = operations.organisation_create(&machine(), "Benchmark", "bench@example.com").await?;
    let new = NewApplication { name: "Benchmark".into(), services, ..NewApplication::default() };
    let application = operations.application_create(&machine(), organisation.id, new).await?.id;
    operations.application_activate(&machine(), application).await?;
    Ok((made.token.reveal().to_owned(), application))
}

fn catalogue() -> String {
    let mut text = "brand = \"kw\"\n".to_owned();
    for (form, signing) in FORMS {
        let (name, form, signing) = (service(form, signing), form.as_str(), signing.as_str());
        text.push_str(&format!(
            "\n[service.{name}]\nname = \"{name}\"\nkinds = [\"oauth_client\"]\npermissions = {{ {SCOPE} = \"Call the APIs\" }}\nform = \"condensed\"\nproduction_requires = []\n\
             token = {{ signing = \"{signing}\", form = \"{form}\", life = \"1h\" }}\n"
        ));
    }
    text
}

/// So many tokens for a client, made on all cores.
///
/// # Errors
/// The client's service is gone, or the library failed.
pub(crate) async fn tokens(operations: &Operations, client: &Client, count: usize) -> Result<Vec<String>> {
    let (catalogue, _) = operations.catalogue().await?;
    let service = catalogue.service(client.service).context("the service is gone")?;
    let brand = catalogue.brands.first().context("a catalogue without a brand")?;
    let new = NewToken {
        credential: client.credential,
        client_id: &client.id,
        version: 1,
        service: client.service,
        environment: Environment::Production,
        scope: SCOPE,
        tokens: service.token,
        form: client.form,
        brand,
        not_before: Timestamp::from_us(i64::MIN),
        not_after: None,
        now: keywright::clocks::wall(),
    };
    let make = || (0..count.div_ceil(2)).map(|_| Ok(operations.token_mint(&new)?.token.expose().to_owned())).collect::<Result<Vec<_>>>();
    std::thread::scope(|scope| {
        let halves = [scope.spawn(make), scope.spawn(make)];
        let made: Vec<Vec<String>> =
            halves.into_iter().map(|half| half.join().map_err(|_| anyhow::anyhow!("making tokens panicked"))?).collect::<Result<_>>()?;
        Ok(made.concat())
    })
}
